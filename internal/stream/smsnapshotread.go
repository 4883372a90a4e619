package stream

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
)

// ReadSnapshot decodes what Append encoded. The XML of the stanzas are parts of b, not copies. The error is a
// *SnapshotError: a snapshot that was cut, mixed with another or damaged in any bit is not taken, and one of another
// version is told from a damaged one. A caller that gets one binds a new stream.
func ReadSnapshot(b []byte, l SnapshotLimits) (*Snapshot, error) {
	l = l.withDefaults()
	body, err := openSnapshot(b, l)
	if err != nil {
		return nil, err
	}
	r := snapshotReader{b: body, at: len(snapshotMagic) + 1}
	s := &Snapshot{JID: r.text("JID"), ID: r.text("ID"), Location: r.text("Location"), Owner: r.text("Owner")}
	s.Max = uint32(r.uint("Max", math.MaxUint32))
	r.inbound(s)
	r.outbound(s, l)
	if r.err == nil && r.at != len(r.b) {
		r.fail(SnapshotInvalid, "", "more bytes follow the end")
	}
	if r.err == nil {
		r.err = s.check()
	}
	if r.err != nil {
		return nil, r.err
	}
	return s, nil
}

// openSnapshot checks magic, version and the checksum, which covers all before it, and returns what it covers.
func openSnapshot(b []byte, l SnapshotLimits) ([]byte, error) {
	const frame = len(snapshotMagic) + 1 + checksumBytes
	switch {
	case len(b) < frame || string(b[:len(snapshotMagic)]) != snapshotMagic:
		return nil, &SnapshotError{Problem: SnapshotForeign}
	case b[len(snapshotMagic)] != snapshotVersion:
		return nil, &SnapshotError{Problem: SnapshotVersion, Detail: fmt.Sprintf("version %d, want %d", b[len(snapshotMagic)], snapshotVersion)}
	case len(b) > l.Bytes:
		return nil, &SnapshotError{Problem: SnapshotLimit, Detail: fmt.Sprintf("%d bytes, at most %d", len(b), l.Bytes)}
	}
	body, sum := b[:len(b)-checksumBytes], b[len(b)-checksumBytes:]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(sum) {
		return nil, &SnapshotError{Problem: SnapshotDamaged}
	}
	return body, nil
}

// snapshotReader reads the fields; after the first error it reads zeros.
type snapshotReader struct {
	b   []byte
	at  int
	err error
}

func (r *snapshotReader) fail(p SnapshotProblem, field, detail string) {
	if r.err == nil {
		r.err = &SnapshotError{Problem: p, Field: field, Offset: r.at, Detail: detail}
	}
}

// uint reads a varint of at most most.
func (r *snapshotReader) uint(field string, most uint64) uint64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.b[r.at:])
	switch {
	case n <= 0:
		r.fail(SnapshotInvalid, field, "ends within an integer or has one of more than 64 bits")
	case n > 1 && r.b[r.at+n-1] == 0:
		r.fail(SnapshotInvalid, field, "has an integer that is longer than it must be") // one state, one encoding
	case v > most:
		r.fail(SnapshotLimit, field, fmt.Sprintf("%d, at most %d", v, most))
	default:
		r.at += n
		return v
	}
	return 0
}

// bytes reads a string of at most most bytes behind its length.
func (r *snapshotReader) bytes(field string, most int) []byte {
	n := int(r.uint(field, uint64(most)))
	if n > len(r.b)-r.at {
		r.fail(SnapshotInvalid, field, "ends early")
		return nil
	}
	r.at += n
	return r.b[r.at-n : r.at : r.at]
}

func (r *snapshotReader) text(field string) string { return string(r.bytes(field, MaxIDBytes)) }

func (r *snapshotReader) inbound(s *Snapshot) {
	s.Handled = r.uint("Handled", maxNumber)
	count := r.uint("Done", MaxOpen)
	last := s.Handled
	for range count {
		last += r.uint("Done", MaxOpen)
		if r.err != nil || last-s.Handled > MaxOpen {
			break // check names the second reason
		}
		s.Done = append(s.Done, last)
	}
	if r.err == nil && uint64(len(s.Done)) < count {
		r.fail(SnapshotLimit, "Done", fmt.Sprintf("%d lies %d beyond the handled, at most %d", last, last-s.Handled, MaxOpen))
	}
}

func (r *snapshotReader) outbound(s *Snapshot, l SnapshotLimits) {
	s.Acked = r.uint("Acked", maxNumber)
	for range r.uint("Unacked", uint64(l.Stanzas)) {
		st := Saved{At: r.uint("Unacked", math.MaxUint64)}
		st.XML = r.bytes("Unacked", l.Bytes)
		if r.err != nil {
			return
		}
		s.Unacked = append(s.Unacked, st)
	}
}

// SnapshotProblem says why a snapshot was refused.
type SnapshotProblem uint8

// What can be wrong with a snapshot.
const (
	SnapshotForeign SnapshotProblem = iota + 1 // not a snapshot at all
	SnapshotVersion                            // one of another version of the format
	SnapshotDamaged                            // its checksum does not hold
	SnapshotLimit                              // beyond a bound
	SnapshotInvalid                            // a field breaks its rules
)

// String returns the problem in words.
func (p SnapshotProblem) String() string {
	switch p {
	case SnapshotForeign:
		return "it is not a snapshot"
	case SnapshotVersion:
		return "its version is unknown"
	case SnapshotDamaged:
		return "its checksum does not hold"
	case SnapshotLimit:
		return "it exceeds a limit"
	default:
		return "it breaks the rules of a field"
	}
}

// SnapshotError reports a snapshot that cannot be read, or written.
type SnapshotError struct {
	Problem SnapshotProblem
	Field   string // of Snapshot; empty when it concerns the whole
	Offset  int    // where in the encoding, in bytes
	Detail  string
}

// Error says what is wrong and what to do.
func (e *SnapshotError) Error() string {
	s := "stream management: no use of the stored state: " + e.Problem.String()
	if e.Field != "" {
		s += fmt.Sprintf(": %s at byte %d", e.Field, e.Offset)
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s + "; bind a new stream"
}
