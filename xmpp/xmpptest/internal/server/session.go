package server

import (
	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
)

// A session is a bound resource. Server.mu protects it.
type session struct {
	account    *account
	jid        jid.JID
	conn       *conn    // the present one; while the session is suspended, the last one
	presence   *Element // the last available presence that was broadcast; nil while the resource is not available
	priority   int
	interested bool                 // it has asked for the roster
	directed   map[jid.JID]struct{} // whom it has sent presence of its own accord (RFC 6121 §4.6)
	wants      map[string]bool      // the nodes of which its capabilities say that it wants to hear (XEP-0163)
	copied     bool                 // it wants copies of messages (XEP-0280)
	over       bool
	managed    *managed      // stream management; nil: none
	turn       chan struct{} // full while a stanza of the client is being handled
}

// bindModule is RFC 6120 §7.
func bindModule() module {
	return module{
		name: "bind",
		advertise: func(c *conn) []*Element {
			if c.user == "" || c.session != nil {
				return nil
			}
			return []*Element{el(ns.Bind, "bind")}
		},
		iqs: []iqRoute{{to: toServer | toOwn, typ: "set", name: xmltext.Name{Space: ns.Bind, Local: "bind"},
			answer: func(*request) (*Element, *stanzaError) {
				// RFC 6120 §7.6.2.1: one resource a stream, and this stream has one
				return nil, &stanzaError{kind: "cancel", condition: "not-allowed"}
			}}},
	}
}

// sessionModule is the session establishment of RFC 3921 §3, a no-op since RFC 6121.
func sessionModule() module {
	return module{
		name: "session",
		advertise: func(c *conn) []*Element {
			switch {
			case c.user == "" || c.srv.opts.Session == NoSession:
				return nil
			case c.srv.opts.Session == SessionOptional:
				return []*Element{el(ns.Session, "session").with(el(ns.Session, "optional"))}
			}
			return []*Element{el(ns.Session, "session")}
		},
		iqs: []iqRoute{{to: toServer | toOwn, typ: "set", name: xmltext.Name{Space: ns.Session, Local: "session"},
			answer: func(*request) (*Element, *stanzaError) { return nil, nil }}},
	}
}
