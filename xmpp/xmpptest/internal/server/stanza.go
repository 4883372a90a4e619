package server

import (
	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
)

// A stanza is a message, a presence or an iq on its way.
type stanza struct {
	el       *Element // with the 'from' that the server vouches for
	from, to jid.JID  // to is zero where there was none
	sender   *session // nil: the server itself, or one of its hosts
	own      *Element // of a message that is sent: as the sender's own account has it; nil: like el
}

func (st *stanza) kind() string { return st.el.Name.Local }
func (st *stanza) typ() string  { return st.el.attr("type") }
func (st *stanza) id() string   { return st.el.attr("id") }

// A stanzaError is the error child of a stanza; RFC 6120 §8.3.
type stanzaError struct {
	kind      string // auth, cancel, continue, modify, wait
	condition string
	text      string
	app       *Element // application-specific condition
	payload   *Element // what stands beside the error; nil: nothing
}

func (e *stanzaError) element() *Element {
	out := el(ns.Client, "error", "type", e.kind).with(el(ns.Stanzas, e.condition))
	if e.text != "" {
		out = out.with(el(ns.Stanzas, "text").withText(e.text))
	}
	return out.with(e.app)
}

var (
	errServiceUnavailable = &stanzaError{kind: "cancel", condition: "service-unavailable"}
	errBadRequest         = &stanzaError{kind: "modify", condition: "bad-request"}
	errItemNotFound       = &stanzaError{kind: "cancel", condition: "item-not-found"}
	errRemoteNotFound     = &stanzaError{kind: "cancel", condition: "remote-server-not-found"}
	errMalformedJID       = &stanzaError{kind: "modify", condition: "jid-malformed"}
)

// errorReply answers a stanza with an error: the addresses change places, the id stays (RFC 6120 §8.3.1).
func errorReply(e *Element, fault *stanzaError) *Element {
	out := el(ns.Client, e.Name.Local, "type", "error", "id", e.attr("id"))
	return turned(out, e).with(fault.payload, fault.element())
}

// resultReply answers an iq with its result; payload may be nil.
func resultReply(e, payload *Element) *Element {
	return turned(el(ns.Client, "iq", "type", "result", "id", e.attr("id")), e).with(payload)
}

// turned gives an answer the addresses of the question, the other way round.
func turned(out, e *Element) *Element {
	return out.withAttr("from", e.attr("to")).withAttr("to", e.attr("from")).withAttr("id", e.attr("id"))
}
