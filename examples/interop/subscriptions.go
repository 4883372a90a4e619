package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

// A pair is the account and its contact, both with their rosters.
type pair struct {
	three        *xmpp.Session // the contact's
	mine, theirs *roster.Roster
}

// acquainted runs f with the account and the contact, who do not know each other, and sees to it that they don't afterwards.
func (e *examination) acquainted(ctx context.Context, f func(p pair) error) (detail string, err error) {
	if e.contact.IsZero() {
		return "it needs a second account: -contact", errNotTried
	}
	var p pair
	if p.three, err = xmpp.Dial(ctx, e.contact, e.contactOpts); err != nil {
		return "the contact's login:", err
	}
	defer p.three.Close()
	if p.mine, err = roster.Open(ctx, e.one); err != nil {
		return "", err
	}
	defer p.mine.Close()
	if p.theirs, err = roster.Open(ctx, p.three); err != nil {
		return "", err
	}
	defer p.theirs.Close()
	_, known := p.mine.Get(e.contact)
	if _, knows := p.theirs.Get(e.account); known || knows {
		return "the two are contacts already", errNotTried
	}
	return "", errors.Join(f(p), e.part(ctx, p))
}

// part takes the two out of each other's roster, however far they have come.
func (e *examination) part(ctx context.Context, p pair) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	for _, err := range []error{p.mine.Remove(ctx, e.contact), p.theirs.Remove(ctx, e.account)} {
		if err != nil && !errors.Is(err, stanza.ItemNotFound) {
			return err
		}
	}
	return e.one.Send(ctx, &stanza.Presence{Type: stanza.Unavailable})
}

// A step is a thing to do, and how it shows that it's done.
type step struct {
	what string
	do   func(context.Context) error
	seen func() bool
}

// walk takes the steps, one after another.
func walk(ctx context.Context, p pair, steps []step) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	news := make(chan struct{}, 1)
	notify := func() {
		select {
		case news <- struct{}{}:
		default:
		}
	}
	for _, r := range []*roster.Roster{p.mine, p.theirs} {
		defer r.OnChange(func(roster.Change) { notify() })()
	}
	go func() {
		for range p.mine.Watch(ctx) {
			notify()
		}
	}()
	for _, s := range steps {
		if err := s.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.what, err)
		}
		for !s.seen() {
			select {
			case <-news:
			case <-ctx.Done():
				return fmt.Errorf("%s: it has not come about in time", s.what)
			}
		}
	}
	return nil
}

// subscriptions goes through RFC 6121 §3: a request and its approval both ways, the contact's presence, and the ends of both.
func (e *examination) subscriptions(ctx context.Context) (string, error) {
	const here = "here for a moment"
	detail, err := e.acquainted(ctx, func(p pair) error {
		both := func(want roster.Subscription, theirs roster.Subscription) func() bool {
			return func() bool {
				return p.mine.State(e.contact) == roster.State{Subscription: want} && p.theirs.State(e.account) == roster.State{Subscription: theirs}
			}
		}
		send := func(s *xmpp.Session, st *stanza.Presence) func(context.Context) error {
			return func(ctx context.Context) error { return s.Send(ctx, st) }
		}
		available := func() bool { return p.mine.Status(e.contact).Available() }
		return walk(ctx, p, []step{
			{"requests are to be accepted", func(ctx context.Context) error {
				return errors.Join(p.mine.HandleRequests(ctx, roster.AcceptAll, nil), p.theirs.HandleRequests(ctx, roster.AcceptMutual, nil))
			}, both(roster.None, roster.None)},
			{"presence of the account", send(e.one, &stanza.Presence{Priority: -1}), both(roster.None, roster.None)},
			{"presence of the contact", send(p.three, &stanza.Presence{Priority: -1, Status: here}), both(roster.None, roster.None)},
			{"request", func(ctx context.Context) error { return p.mine.Subscribe(ctx, e.contact) }, both(roster.Both, roster.Both)},
			{"the contact is seen", send(p.three, &stanza.Presence{Priority: -1, Status: here}), available},
			{"the contact goes", send(p.three, &stanza.Presence{Type: stanza.Unavailable}), func() bool { return !available() }},
			{"end of our subscription", func(ctx context.Context) error { return p.mine.Unsubscribe(ctx, e.contact) }, both(roster.From, roster.To)},
			{"end of the contact's", func(ctx context.Context) error { return p.mine.Cancel(ctx, e.contact) }, both(roster.None, roster.None)},
		})
	})
	if err == nil {
		detail = "request and approval both ways, the contact is seen to come and go, unsubscribe and cancel"
	}
	return detail, err
}

// preApproval approves before it's asked for (RFC 6121 §3.4).
func (e *examination) preApproval(ctx context.Context) (string, error) {
	shown := "does not show"
	detail, err := e.acquainted(ctx, func(p pair) error {
		err := walk(ctx, p, []step{
			{"approval", func(ctx context.Context) error {
				err := p.mine.PreApprove(ctx, e.contact)
				if err == nil {
					_, err = e.ping(ctx) // the server has handled it then
				}
				return err
			}, func() bool { return true }},
			{"request", func(ctx context.Context) error { return p.theirs.Subscribe(ctx, e.account) }, func() bool {
				return p.theirs.State(e.account).Subscription == roster.To
			}},
		})
		if it, _ := p.mine.Get(e.contact); it.Approved {
			shown = "shows"
		}
		if errors.Is(err, roster.ErrNoPreApproval) {
			return errNotOffered
		}
		return err
	})
	if err == nil {
		detail = "the contact was approved, and subscribed without a question; the roster " + shown + " the approval"
	}
	return detail, err
}
