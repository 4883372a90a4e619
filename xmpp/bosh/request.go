package bosh

import (
	"crypto/rand"
	"encoding/binary"
	"strconv"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

const (
	// asked is the 'hold' that we ask for: with one request that is held and one to speak with, both sides can speak at any time.
	asked = 1
	// speaks is the highest version of XEP-0124 that we know.
	speaks = "1.11"
	// bodyBytes is how many bytes of payloads go into a request that has room for more.
	bodyBytes = 64 << 10
	// defaultWait is how long a request may be held.
	defaultWait = time.Minute
)

// A request is one that is made, perhaps several times; it does not change.
type request struct {
	rid  uint64
	kind kind
	xml  []byte
}

// An opening is what a session, or a stream in it, begins with.
type opening struct {
	to, from, lang string
}

// firstRID is where a session begins to count.
//
// XEP-0124 §14.1, §19.3: large, random, unpredictable, and never to go beyond 2^53 - 1: here it takes as many requests again to come there.
func firstRID() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return 1<<51 + binary.LittleEndian.Uint64(b[:])>>13
}

// create is the request that creates a session (XEP-0124 §7.1, XEP-0206 §3).
func (o opening) create(rid uint64, wait time.Duration) []byte {
	b := begin(rid, "")
	b = attr(b, "to", o.to)
	b = attr(b, "from", o.from)
	b = attr(b, "xml:lang", o.lang)
	b = attr(b, "wait", strconv.Itoa(int(wait/time.Second)))
	b = attr(b, "hold", strconv.Itoa(asked))
	b = attr(b, "ver", speaks)
	b = attr(b, "ack", "1") // §9.2: we shall acknowledge responses
	b = attr(b, "xmlns:xmpp", ns.XBOSH)
	b = attr(b, "xmpp:version", "1.0")
	return append(b, "/>"...)
}

// restart is the request that begins a stream anew (XEP-0206 §5). It SHOULD be empty.
func (o opening) restart(b []byte) []byte {
	b = attr(b, "to", o.to)
	b = attr(b, "xml:lang", o.lang)
	b = attr(b, "xmlns:xmpp", ns.XBOSH)
	b = attr(b, "xmpp:restart", "true")
	return append(b, "/>"...)
}

// begin is how a request begins.
func begin(rid uint64, sid string) []byte {
	b := append(make([]byte, 0, 256), "<body"...)
	b = attr(b, "xmlns", ns.HTTPBind)
	b = attr(b, "rid", strconv.FormatUint(rid, 10))
	return attr(b, "sid", sid)
}

// attr appends an attribute; nothing for an empty value, or one that XML can't carry.
func attr(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	before := len(b)
	b = append(append(append(b, ' '), name...), "='"...)
	b, err := xmltext.AppendEscapedAttr(b, value)
	if err != nil {
		return b[:before]
	}
	return append(b, '\'')
}

// content appends what a request of that kind ends with.
func content(b []byte, k kind, pause time.Duration, payloads []byte) []byte {
	switch k {
	case forTheEnd: // §13
		b = attr(b, "type", "terminate")
	case forPause: // §10
		b = attr(b, "pause", strconv.Itoa(int(pause/time.Second)))
	}
	if len(payloads) == 0 {
		return append(b, "/>"...)
	}
	b = append(append(b, '>'), payloads...)
	return append(b, "</body>"...)
}
