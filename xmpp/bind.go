package xmpp

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// A bindRequest asks for a resource (RFC 6120 §7.6, §7.7); without one, the server makes it.
type bindRequest struct {
	XMLName  xml.Name `xml:"urn:ietf:params:xml:ns:xmpp-bind bind"`
	Resource string   `xml:"resource,omitempty"`
}

// A bindResult brings the address that was bound.
type bindResult struct {
	XMLName xml.Name `xml:"urn:ietf:params:xml:ns:xmpp-bind bind"`
	JID     jid.JID  `xml:"jid"`
}

// bind binds a resource: the one of the account's JID, or one that the server makes (RFC 6120 §7).
func (n *negotiation) bind(context.Context) (restart bool, err error) {
	if !n.features.Bind {
		return false, errNoBind
	}
	resource := n.account.Resourcepart()
	reply, err := n.ask(bindRequest{Resource: resource})
	if resource != "" && errors.Is(err, stanza.Conflict) {
		// RFC 6120 §7.7.2.2: the resource is in use and the server does not give it up; we ask for one of its making.
		n.opts.Logger.Warn("xmpp: the resource is in use: the server chooses another", "resource", resource)
		reply, err = n.ask(bindRequest{})
	}
	if err != nil {
		return false, err
	}
	var got bindResult
	if err := reply.Payload.Decode(&got); err != nil || got.JID.Resourcepart() == "" {
		return false, fmt.Errorf("%w: its answer to resource binding names no full JID (RFC 6120 §7.6.1)", errUnexpected)
	}
	n.link.state.JID = got.JID
	n.bound = true
	// RFC 6120 §7.3.2: the stream does not restart. RFC 3921 §3: the session that some servers still ask for is a
	// formality, and only where it's not marked as optional.
	if n.features.Session && !n.features.SessionOptional {
		_, err = n.ask(xmlName{xml.Name{Space: ns.Session, Local: "session"}})
	}
	return false, err
}

// xmlName is an empty payload.
type xmlName struct{ XMLName xml.Name }

// ask sends an IQ of type set and waits for its answer; nothing else can come before the stream is bound.
func (n *negotiation) ask(payload any) (*stanza.IQ, error) {
	iq := &stanza.IQ{Type: stanza.Set, ID: stanza.NewID(), Payload: stanza.Payload(payload)}
	b, err := appendClient(nil, iq)
	if err != nil {
		return nil, err
	}
	if err := n.write(b); err != nil {
		return nil, err
	}
	tok, err := n.next()
	if err != nil {
		return nil, err
	}
	if tok.Name != (xmltext.Name{Space: ns.Client, Local: stanza.KindIQ}) {
		return nil, unexpected(tok, "the answer to our request (RFC 6120 §7)")
	}
	st, err := n.link.stanzas.Decode(tok)
	if err != nil {
		return nil, n.protest(err)
	}
	reply := st.(*stanza.IQ)
	if reply.ID != iq.ID || reply.IsRequest() {
		return nil, fmt.Errorf("%w: it sent an iq of type %q with the id %q in answer to the id %q", errUnexpected, reply.Type, reply.ID, iq.ID)
	}
	if _, err := answer(reply); err != nil {
		return nil, err
	}
	return reply, nil
}
