package roster

import (
	"context"
	"slices"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

// A Request is a contact's wish to see our presence.
type Request struct {
	From     jid.JID          // bare
	Presence *stanza.Presence // as it came (but see Requests); its Status may say why, in words of the contact's own
}

// A Policy says what becomes of a Request.
type Policy string

// The policies. RFC 6121 §3.1.4: a client must ask its user unless the user has configured it otherwise, so Ask is what a
// Roster does by itself. Whatever the policy, who sees our presence goes on seeing it: a repeated request of such a contact is the
// server's to answer (§3.1.3), and is nothing to us. Cancel ends it.
const (
	Ask          Policy = "ask"           // nothing: it stays among Requests until Approve or Deny
	AcceptAll    Policy = "accept all"    // the contact may see our presence
	AcceptMutual Policy = "accept mutual" // that, and we ask to see the contact's
	Refuse       Policy = "refuse"        // the contact may not
)

// An answerer is what HandleRequests has set.
type answerer struct {
	policy Policy
	tell   func(context.Context, Request) error
}

// HandleRequests answers by policy the requests to see our presence, those that wait already and those to come, and calls f
// with each, before it's answered; f may be nil. With Ask, f or somebody else calls Approve or Deny, at once or later. A
// request that is not answered comes again with the next session. f is called by the dispatcher, like a xmpp.Handler; what it
// returns is logged, and then the request is left as with Ask. A later call of HandleRequests replaces the one before.
//
// Requests come only when initial presence was sent (RFC 6121 §3.1.3). The error is of those that waited already.
func (r *Roster) HandleRequests(ctx context.Context, p Policy, f func(ctx context.Context, rq Request) error) error {
	r.mu.Lock()
	r.answerer = answerer{p, f}
	waiting := r.waiting()
	r.mu.Unlock()
	for _, rq := range waiting {
		if err := r.answer(ctx, rq); err != nil {
			return err
		}
	}
	return nil
}

// Requests returns the requests that wait for Approve or Deny, in the order of their addresses. Strangers send them, so there
// are bounds: of one that is larger than 1 KiB of XML, the addresses and the first 512 bytes of the Status are kept; and of
// those that would make more than 10,000 or 4 MiB, nothing. HandleRequests calls f with all of them, as they came, and the
// server keeps what is not answered and sends it again in the next session.
func (r *Roster) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.waiting()
}

// request takes a request that has come.
func (r *Roster) request(ctx context.Context, p *stanza.Presence) error {
	rq := Request{From: p.From.Bare(), Presence: p}
	r.mu.Lock()
	if !r.current(xmpp.SessionFrom(ctx)) || rq.From == r.account || rq.From.IsZero() {
		// RFC 6120 §8.1.2.1: what has no sender is from our own account, and that is nobody to answer
		r.mu.Unlock()
		return nil
	}
	if _, shown := r.state(rq.From).Received(stanza.Subscribe); !shown {
		// RFC 6121 appendix A.3.1: the server should not have sent it: it's known, or granted already, and then (§3.1.3) the
		// server's to answer
		r.mu.Unlock()
		return nil
	}
	r.requests.put(rq)
	r.mu.Unlock()
	return r.answer(ctx, rq)
}

// answer does with a request what HandleRequests has asked for.
func (r *Roster) answer(ctx context.Context, rq Request) error {
	r.mu.Lock()
	a, state := r.answerer, r.state(rq.From)
	r.mu.Unlock()
	if a.tell != nil {
		if err := a.tell(ctx, rq); err != nil {
			return err
		}
	}
	switch a.policy {
	case AcceptAll:
		return r.send(ctx, rq.From, stanza.Subscribed)
	case AcceptMutual:
		if err := r.send(ctx, rq.From, stanza.Subscribed); err != nil {
			return err
		}
		if to, _ := state.sides(); to || state.PendingOut {
			return nil
		}
		return r.Subscribe(ctx, rq.From)
	case Refuse:
		return r.send(ctx, rq.From, stanza.Unsubscribed)
	}
	return nil
}

// waiting returns the requests in order. mu is held.
func (r *Roster) waiting() []Request {
	list := make([]Request, 0, len(r.requests.all))
	for _, h := range r.requests.all {
		list = append(list, h.Request)
	}
	slices.SortFunc(list, func(a, b Request) int { return a.From.Compare(b.From) })
	return list
}
