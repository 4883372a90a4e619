package xmpp

import (
	"bytes"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/stanza"
)

// What is said of an account's registration (XEP-0077) has passwords in it, old and new, and so may what the server sends back
// of it. Neither the trace nor the Store gets them, whoever asks and answers.

// registering is what tells such a stanza from others before it's looked at closely.
var registering = []byte(ns.Register)

// isRegistration reports whether st asks or tells what accounts are registered with.
func isRegistration(st stanza.Stanza) bool {
	iq, ok := st.(*stanza.IQ)
	return ok && iq.Payload.Is(ns.Register, "query")
}

// holdsPassword reports whether xml, a stanza of ours as it was written to a stream, is of that kind, and returns it decoded.
func holdsPassword(xml []byte) (*stanza.IQ, bool) {
	if !bytes.Contains(xml, registering) {
		return nil, false
	}
	st, err := readBack(xml)
	if err != nil || !isRegistration(st) {
		return nil, false
	}
	return st.(*stanza.IQ), true
}

// storable is what the Store may have of a stanza of ours: of a registration no more than that there was one. Its place among those
// that are not acknowledged is taken, and whoever sends it again in our stead is refused, and changes nothing.
func storable(xml []byte) []byte {
	iq, ok := holdsPassword(xml)
	if !ok {
		return xml
	}
	iq.Payload = stanza.Payload(xmlName{iq.Payload.Name()})
	b, err := appendClient(nil, iq)
	if err != nil { // it was written before
		return nil
	}
	return b
}

// veiled is what the trace gets of such a stanza, of which registering stands at i.
func veiled(xml []byte, i int) []byte {
	end := min(i+len(registering), len(xml))
	quote := byte('\'')
	if end < len(xml) && xml[end] == '"' {
		quote = '"'
	}
	return append(append(xml[:end:end], quote), ">"+redacted+"</query></iq>"...)
}

// A veil is what bytes from the server pass on their way to the trace. What may belong to a stanza with a password waits there
// until that was read. It's used by whoever reads.
type veil struct {
	trace *Trace
	held  []byte // not shown yet
	drawn bool   // held begins with registering, and goes up to the last byte that has come
}

// received takes what has come.
func (v *veil) received(p []byte) {
	if v.trace == nil || v.trace.Received == nil {
		return
	}
	if v.drawn {
		v.held = append(v.held, p...)
		return
	}
	if len(v.held) > 0 {
		p = append(v.held, p...)
	}
	show := len(p) - begun(p, registering)
	if i := bytes.Index(p, registering); i >= 0 {
		show, v.drawn = i, true
	}
	v.trace.received(p[:show])
	v.held = append([]byte(nil), p[show:]...)
}

// begun is how many bytes at the end of p may be the beginning of what.
func begun(p, what []byte) int {
	for n := min(len(p), len(what)-1); n > 0; n-- {
		if bytes.HasSuffix(p, what[:n]) {
			return n
		}
	}
	return 0
}

// passed shows the element that was read, or that it was a secret one. unread is what has come and was not read.
func (v *veil) passed(unread func() int, secret bool) {
	if !v.drawn {
		return
	}
	n := len(v.held) - unread()
	if n <= 0 {
		return // it was an element before that
	}
	element, rest := v.held[:n], v.held[n:]
	if secret {
		element = veiled(element, 0)
	}
	v.trace.received(element)
	v.held, v.drawn = nil, false
	v.received(rest)
}

// A span is a part of a buffer.
type span struct{ from, to int }

// hide keeps the stanza that begins there from the trace, if it has a password in it. mu is held.
func (o *outbox) hide(from int) {
	if o.trace.Sent == nil {
		return
	}
	if _, ok := holdsPassword(o.buf.b[from:]); ok {
		o.hidden = append(o.hidden, span{from, len(o.buf.b)})
	}
}

// show has the trace see b, which is about to be written. mu is held.
func (o *outbox) show(b []byte) {
	shown := 0
	for _, h := range o.hidden {
		o.trace.sent(b[shown:h.from])
		secret := b[h.from:h.to]
		o.trace.sent(veiled(secret, bytes.Index(secret, registering)))
		shown = h.to
	}
	o.trace.sent(b[shown:])
	o.hidden = nil
}
