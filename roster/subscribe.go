package roster

import (
	"context"
	"errors"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

// ErrNoPreApproval is returned by PreApprove, and by Approve where nobody has asked, when the server has no pre-approval.
var ErrNoPreApproval = errors.New("roster: the server does not offer pre-approval (RFC 6121 §3.4), and the contact has not asked")

// State returns how the contact and we stand to each other, as far as this session can know: a request that was not shown
// to it, because it came before initial presence or was answered elsewhere, is not in it.
func (r *Roster) State(contact jid.JID) State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state(contact)
}

func (r *Roster) state(contact jid.JID) State {
	it, _ := r.find(contact)
	_, asked := r.requests.all[contact.Bare()]
	to, from := State{Subscription: it.Subscription}.sides()
	return stateOf(to, from, it.Ask, asked)
}

// Subscribe asks a contact to let us see its presence (RFC 6121 §3.1). The request goes to the bare address; the server puts
// the contact into the roster where it's not in it yet. nil says that the request was sent: the contact's answer comes as a
// Change of its Item, perhaps never; a failure to reach it as a Status with an Err. Set gives the contact a name, before or
// after.
func (r *Roster) Subscribe(ctx context.Context, contact jid.JID) error {
	return r.send(ctx, contact, stanza.Subscribe)
}

// Unsubscribe ends our seeing the contact's presence, or takes back our request (RFC 6121 §3.3).
func (r *Roster) Unsubscribe(ctx context.Context, contact jid.JID) error {
	return r.send(ctx, contact, stanza.Unsubscribe)
}

// Approve lets the contact, who has asked, see our presence (RFC 6121 §3.1.4). Where no request of the contact's is known it's
// PreApprove.
func (r *Roster) Approve(ctx context.Context, contact jid.JID) error {
	if !r.State(contact).PendingIn {
		return r.PreApprove(ctx, contact)
	}
	return r.send(ctx, contact, stanza.Subscribed)
}

// PreApprove lets the contact see our presence as soon as it asks, without asking us (RFC 6121 §3.4). Where the server can't do
// that, the error is ErrNoPreApproval. Cancel takes it back.
func (r *Roster) PreApprove(ctx context.Context, contact jid.JID) error {
	s, err := r.online(ctx)
	if err != nil {
		return err
	}
	if !s.Features().Has(ns.PreApproval) {
		// RFC 6121 §3.4.1: a client must not try where the server has not announced it
		return ErrNoPreApproval
	}
	return r.send(ctx, contact, stanza.Subscribed)
}

// Deny refuses the contact's request to see our presence (RFC 6121 §3.1.4).
func (r *Roster) Deny(ctx context.Context, contact jid.JID) error {
	return r.send(ctx, contact, stanza.Unsubscribed)
}

// Cancel ends the contact's seeing our presence, or a pre-approval (RFC 6121 §3.2, §3.4.2). It is what Deny sends, too.
func (r *Roster) Cancel(ctx context.Context, contact jid.JID) error {
	return r.send(ctx, contact, stanza.Unsubscribed)
}

// send sends a subscription stanza: RFC 6121 §3.1.1: it must be addressed to the bare JID, and should have an id; §3.1.4: that
// of an answer must not be the id of the request, which a new one is not.
func (r *Roster) send(ctx context.Context, contact jid.JID, t stanza.PresenceType) error {
	if contact.IsZero() {
		return errNoAddress
	}
	e, err := r.via(ctx)
	if err != nil {
		return err
	}
	rq, asked := r.answered(contact.Bare(), t)
	err = e.Send(ctx, &stanza.Presence{ID: stanza.NewID(), To: contact.Bare(), Type: t})
	if err != nil && asked {
		r.mu.Lock()
		r.requests.put(rq)
		r.mu.Unlock()
	}
	return r.failed(err)
}

// answered takes the request out that a stanza of type t answers, before anybody can hear the answer.
func (r *Roster) answered(contact jid.JID, t stanza.PresenceType) (rq Request, asked bool) {
	if t != stanza.Subscribed && t != stanza.Unsubscribed {
		return rq, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.requests.remove(contact)
}

// via returns what to send with: in a handler, the session that it serves, since a Client may be waiting for that handler.
// The error is that of a roster which is over.
func (r *Roster) via(ctx context.Context) (xmpp.Endpoint, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := xmpp.SessionFrom(ctx); s != nil && s == r.session {
		return s, r.over
	}
	return r.e, r.over
}
