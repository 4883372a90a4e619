package xmpp

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strings"
)

// An entry is what one file of a fileStore holds:
//
//	entryMagic
//	1 byte     0: value, 1: removed
//	8 bytes    version      big-endian
//	8 bytes    length of the key
//	           key, value
//	32 bytes   SHA-256 of all before
type entry struct {
	key     string
	value   []byte // not nil unless removed
	removed bool   // there is no value: nothing was ever saved, or the last Save removed it
	version uint64
}

const (
	entryMagic  = "canto store 1\n"
	entryHeader = len(entryMagic) + 1 + 8 + 8
)

var (
	errNotEntry  = errors.New("it does not begin like a file of this store")
	errTruncated = errors.New("it is cut off")
	errChecksum  = errors.New("its checksum is wrong: it was changed or written in part")
	errEntry     = errors.New("its fields contradict each other")
)

// append appends the encoded entry to b.
func (e entry) append(b []byte) []byte {
	start := len(b)
	b = append(b, entryMagic...)
	if e.removed {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	b = binary.BigEndian.AppendUint64(b, e.version)
	b = binary.BigEndian.AppendUint64(b, uint64(len(e.key)))
	b = append(b, e.key...)
	b = append(b, e.value...)
	sum := sha256.Sum256(b[start:])
	return append(b, sum[:]...)
}

// decodeEntry reads what entry.append wrote, and nothing else. The value shares the memory of b.
func decodeEntry(b []byte) (entry, error) {
	if !bytes.HasPrefix(b, []byte(entryMagic)) {
		if strings.HasPrefix(entryMagic, string(b)) {
			return entry{}, errTruncated
		}
		return entry{}, errNotEntry
	}
	if len(b) < entryHeader+sha256.Size {
		return entry{}, errTruncated
	}
	body, sum := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if want := sha256.Sum256(body); !bytes.Equal(sum, want[:]) {
		return entry{}, errChecksum
	}
	kind, body := body[len(entryMagic)], body[len(entryMagic)+1:]
	version := binary.BigEndian.Uint64(body)
	length := binary.BigEndian.Uint64(body[8:])
	body = body[16:]
	if kind > 1 || version == 0 || length > uint64(len(body)) {
		return entry{}, errEntry
	}
	e := entry{key: string(body[:length]), removed: kind == 1, version: version}
	if value := body[length:]; !e.removed {
		e.value = value[:len(value):len(value)]
	} else if len(value) > 0 {
		return entry{}, errEntry
	}
	return e, nil
}
