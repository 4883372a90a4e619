package xmpp

import (
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/stream"
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
	if n.ours != nil {
		if err := n.ours(); err != nil {
			return false, err
		}
	}
	if n.resume != nil && n.link.refused == nil && (n.features.StreamManagement || n.ahead != nil) {
		if err := n.tryResume(); err != nil || n.bound {
			return false, err
		}
	}
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
	if err := n.take(got.JID); err != nil {
		return false, err
	}
	// RFC 6120 §7.3.2: the stream does not restart. RFC 3921 §3: the session that some servers still ask for is a
	// formality, and only where it's not marked as optional.
	if n.features.Session && !n.features.SessionOptional {
		_, err = n.ask(xmlName{xml.Name{Space: ns.Session, Local: "session"}})
	}
	return false, err
}

// take takes the address that the server has bound.
func (n *negotiation) take(addr jid.JID) error {
	// The certificate was checked for the account's domain, and who has shown that may speak for no other.
	if addr.Domain() != n.account.Domain() {
		return fmt.Errorf("%w: it bound us to %q, which is not in the domain %q", errUnexpected, addr, n.account.Domain())
	}
	n.link.state.JID, n.bound = addr, true
	return nil
}

// tryResume asks for the old stream in place of a new resource (XEP-0198 §5). When the server refuses, the stream stays
// usable and a resource can be bound.
func (n *negotiation) tryResume() error {
	b, err := n.resume.AppendResume(nil)
	if err != nil {
		return err
	}
	if err := n.send(b); err != nil {
		return err
	}
	tok, err := n.next()
	if err != nil {
		return err
	}
	switch tok.Name {
	case xmltext.Name{Space: ns.SM, Local: "failed"}:
		n.link.refused, err = stream.ReadFailed(n.link.dec, tok)
		return n.protest(err)
	case xmltext.Name{Space: ns.SM, Local: "resumed"}:
		r, err := stream.ReadResumption(n.link.dec, tok)
		if err != nil {
			return err
		}
		return n.resumed(r)
	}
	return unexpected(tok, "<resumed/> or <failed/> (XEP-0198 §5)")
}

// resumed takes the server's word that the stream goes on.
func (n *negotiation) resumed(r stream.Resumption) error {
	if r.PrevID != n.resume.PrevID {
		return fmt.Errorf("%w: it resumed the stream %q in place of %q", errUnexpected, r.PrevID, n.resume.PrevID)
	}
	n.link.resumed, n.bound = &r, true
	n.link.state.JID = n.resume.state.JID
	return nil
}

// xmlName is an empty payload.
type xmlName struct{ XMLName xml.Name }

// ask sends an IQ of type set and waits for its answer; nothing else can come before the stream is bound.
func (n *negotiation) ask(payload any) (*stanza.IQ, error) {
	b, id, err := n.request(payload, cmp.Or(n.id, stanza.NewID()))
	if err != nil {
		return nil, err
	}
	n.id = ""
	if err := n.send(b); err != nil {
		return nil, err
	}
	return n.reply(id)
}

// reply reads the answer to the request of that id.
func (n *negotiation) reply(id string) (*stanza.IQ, error) {
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
	if reply.ID != id || reply.IsRequest() {
		return nil, fmt.Errorf("%w: it sent an iq of type %q with the id %q in answer to the id %q", errUnexpected, reply.Type, reply.ID, id)
	}
	return answer(reply)
}
