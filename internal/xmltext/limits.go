package xmltext

import (
	"cmp"
	"math"
)

// Defaults of Limits.
const (
	DefaultStanzaBytes = 1 << 20
	DefaultDepth       = 64
	DefaultAttrs       = 256
	DefaultNameBytes   = 1024
)

// Limits bounds what a peer may send. A field that is zero or negative means its default. What goes over a limit is a
// SyntaxError with Reason LimitExceeded whose field Limit has the words given here.
type Limits struct {
	// StanzaBytes ("stanza bytes") bounds the start tag of a stream's root with what stands before it, and each child of
	// the root, in bytes on the wire; of a fragment, the whole. 0 means DefaultStanzaBytes. Decoder.Allow lets one have more.
	StanzaBytes int
	// Depth ("depth") bounds the number of open elements, the root among them. 0 means DefaultDepth.
	Depth int
	// Attrs ("attributes") bounds the attributes of one start tag, namespace declarations among them. 0 means DefaultAttrs.
	Attrs int
	// NameBytes ("name bytes") bounds one name as written, prefix and colon included. 0 means DefaultNameBytes.
	NameBytes int
}

func (l Limits) withDefaults() Limits {
	return Limits{
		StanzaBytes: min(cmp.Or(max(l.StanzaBytes, 0), DefaultStanzaBytes), math.MaxInt32),
		Depth:       cmp.Or(max(l.Depth, 0), DefaultDepth),
		Attrs:       cmp.Or(max(l.Attrs, 0), DefaultAttrs),
		NameBytes:   cmp.Or(max(l.NameBytes, 0), DefaultNameBytes),
	}
}
