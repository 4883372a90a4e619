package xmpp

import "github.com/canto-im/canto/stanza"

// unavailable is what a presence session ends with, as it stands in a stream.
const unavailable = "<presence type='unavailable'/>"

// announced notes what st, which was sent, has told the server of us: that we're available, or that we're gone.
func (s *Session) announced(st stanza.Stanza) {
	p, ok := st.(*stanza.Presence)
	if !ok || !p.To.IsZero() {
		return
	}
	switch p.Type {
	case stanza.Available:
		s.present.Store(true)
	case stanza.Unavailable:
		s.present.Store(false)
	}
}

// goodbye is the stanza to send before we end the stream; "" when nobody was told that we're there.
//
// RFC 6121 §4.5.1: before it ends its presence session, a client becomes unavailable gracefully.
func (s *Session) goodbye() string {
	if s.present.Load() {
		return unavailable
	}
	return ""
}

// goodbye appends the last stanza of a stream, "" for none, if it needn't wait for room. Nobody wants it back when the server
// doesn't acknowledge it: the end of the stream says the same. mu is held.
func (o *outbox) goodbye(xml string) {
	if xml == "" {
		return
	}
	if o.ledger == nil || o.ledger.sent([]byte(xml), &receipt{done: make(chan struct{})}) {
		o.buf.b = append(o.buf.b, xml...)
	}
}
