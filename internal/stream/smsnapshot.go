package stream

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"unicode/utf8"
)

// A snapshot is snapshotMagic, the fields in the order of the struct, and the CRC-32C of all that (4 bytes, little
// endian). Integers are unsigned varints of minimal length; strings and lists stand behind their length; the done
// stanzas are written as distances, each to the one before and the first to the handled prefix.
const (
	snapshotMagic   = "CSM"
	snapshotVersion = 2
	checksumBytes   = 4
)

// maxNumber bounds the numbers of stanzas, so that arithmetic on them does not wrap: at 10⁹ stanzas a second it is
// reached after 146 years.
const maxNumber = 1 << 62

// MaxIDBytes bounds each string of a Snapshot. XEP-0198 §5 wants an SM-ID to be no longer than 4,000 bytes.
const MaxIDBytes = 16 << 10

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Snapshot is what another process needs to resume a stream (XEP-0198 §5): the ledgers at one moment, and where they
// belong. It must be stored before the <a/> that relies on it is written; a snapshot that lacks the newest stanzas sent
// is resumed with Queue.ResumeSaved.
type Snapshot struct {
	JID      string // the full JID that the stream is bound to, which <resumed/> does not repeat
	ID       string // the SM-ID, not empty
	Location string // where the server wants the next connection; may be empty
	Owner    string // who has stored it last, so that a process knows its own again; may be empty
	Max      uint32 // how many seconds the server keeps the stream; 0 when it did not say

	Handled uint64   // Inbound.Handled
	Done    []uint64 // Inbound.AppendDone
	Acked   uint64   // Queue.Acked
	Unacked []Saved  // Queue.Unacked: the first one has number Acked+1
}

// Sent is the number of the newest stanza in it that was sent: Queue.Sent.
func (s *Snapshot) Sent() uint64 { return s.Acked + uint64(len(s.Unacked)) }

// Saved is an unacknowledged stanza of a Snapshot.
type Saved struct {
	At  uint64 // when it was first sent, in milliseconds since 1970; 0 when unknown
	XML []byte // as it was written to the stream
}

// SnapshotLimits bounds what ReadSnapshot takes. Fields that are not positive mean the defaults.
type SnapshotLimits struct {
	Stanzas int // unacknowledged stanzas; default 16 × DefaultQueueStanzas
	Bytes   int // the whole snapshot; default 16 × DefaultQueueBytes
}

func (l SnapshotLimits) withDefaults() SnapshotLimits {
	if l.Stanzas <= 0 {
		l.Stanzas = 16 * DefaultQueueStanzas
	}
	if l.Bytes <= 0 {
		l.Bytes = 16 * DefaultQueueBytes
	}
	return l
}

// Append appends the encoded snapshot to dst. The error is a *SnapshotError that names the field which no reader would
// take back; dst then comes back as it was.
func (s *Snapshot) Append(dst []byte) ([]byte, error) {
	if err := s.check(); err != nil {
		return dst, err
	}
	start := len(dst)
	dst = append(dst, snapshotMagic...)
	dst = append(dst, snapshotVersion)
	for _, text := range []string{s.JID, s.ID, s.Location, s.Owner} {
		dst = binary.AppendUvarint(dst, uint64(len(text)))
		dst = append(dst, text...)
	}
	dst = binary.AppendUvarint(dst, uint64(s.Max))
	dst = s.appendInbound(dst)
	dst = s.appendOutbound(dst)
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli)), nil
}

func (s *Snapshot) appendInbound(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, s.Handled)
	dst = binary.AppendUvarint(dst, uint64(len(s.Done)))
	last := s.Handled
	for _, number := range s.Done {
		dst = binary.AppendUvarint(dst, number-last)
		last = number
	}
	return dst
}

func (s *Snapshot) appendOutbound(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, s.Acked)
	dst = binary.AppendUvarint(dst, uint64(len(s.Unacked)))
	for _, st := range s.Unacked {
		dst = binary.AppendUvarint(dst, st.At)
		dst = binary.AppendUvarint(dst, uint64(len(st.XML)))
		dst = append(dst, st.XML...)
	}
	return dst
}

// check holds the rules of the fields, for the writer and the reader alike.
func (s *Snapshot) check() error {
	for _, f := range []struct{ name, value string }{{"JID", s.JID}, {"ID", s.ID}, {"Location", s.Location}, {"Owner", s.Owner}} {
		if err := checkSavedText(f.name, f.value); err != nil {
			return err
		}
	}
	if s.ID == "" {
		return &SnapshotError{Problem: SnapshotInvalid, Field: "ID", Detail: "a stream without one cannot be resumed"}
	}
	if s.Handled > maxNumber || s.Acked > maxNumber {
		return &SnapshotError{Problem: SnapshotLimit, Field: "Handled or Acked", Detail: "no stream has had so many stanzas"}
	}
	if err := checkDone(s.Handled, s.Done); err != nil {
		return &SnapshotError{Problem: SnapshotInvalid, Field: "Done", Detail: err.Error()}
	}
	return nil
}

// checkSavedText lets only through what can stand in an attribute: the SM-ID is going to.
func checkSavedText(field, value string) error {
	switch {
	case len(value) > MaxIDBytes:
		detail := fmt.Sprintf("%d bytes, at most %d", len(value), MaxIDBytes)
		return &SnapshotError{Problem: SnapshotLimit, Field: field, Detail: detail}
	case !utf8.ValidString(value), strings.ContainsFunc(value, notXML):
		detail := fmt.Sprintf("%.64q holds what XML cannot carry", value)
		return &SnapshotError{Problem: SnapshotInvalid, Field: field, Detail: detail}
	}
	return nil
}

// notXML reports whether r is outside the production Char of XML 1.0 §2.2.
func notXML(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
}
