package xmpp

import (
	"errors"
	"fmt"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// What an external component (XEP-0114) does otherwise than a client, once its stream stands: it speaks for a whole domain, so
// it says on each stanza who in the domain is speaking, and is told who is meant. handshake.go has how it comes to a stream.

var errNoTo = errors.New("xmpp: a component's stanza needs a To (XEP-0114 §3): it has no account whose server would know one")

// addressed reports why a component may not send st.
//
// XEP-0114 §3: there must be a 'to' and a 'from', and that is of the component's domain. A server ends the stream over a
// wrong one, which would harm the others.
func addressed(st stanza.Stanza, self jid.JID) error {
	h := st.Header()
	switch {
	case h.To.IsZero():
		return errNoTo
	case !h.From.IsZero() && h.From.Domain() != self:
		return fmt.Errorf("xmpp: the component %q may not send from %q: it's another domain (XEP-0114 §3)", self, h.From)
	}
	return nil
}

// speaker is the sender of an answer, in which asked is who was asked. RFC 6120 §8.1.2.1: a client's server stamps it, and
// one that isn't ours would end the stream. A component's answer comes from whom in its domain the question was for.
func (s *Session) speaker(asked jid.JID) jid.JID {
	if s.opts.Role.IsComponent() {
		return asked
	}
	return jid.JID{}
}

// asker is to whom the answer to a request from that address has to come; zero where it can only come to us.
func (s *Session) asker(from jid.JID) jid.JID {
	switch {
	case !s.opts.Role.IsComponent():
		return jid.JID{}
	case from.IsZero():
		return s.JID()
	}
	return from
}

// isOwnProbe reports whether st is the sign of life that we have asked for: an answer, or, since what a component sends to its own
// domain is brought back by the server, the question. It's for the reader alone.
func (s *Session) isOwnProbe(iq *stanza.IQ) bool {
	if s.probeID == "" || iq.ID != s.probeID {
		return false
	}
	if iq.IsRequest() && (iq.Type != stanza.Get || iq.From != s.JID() || iq.To != iq.From) {
		return false
	}
	s.probeID = ""
	return true
}
