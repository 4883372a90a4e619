package pubsub

import (
	"context"
	"errors"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/disco"
)

// OnEvent calls f with each event of a node that this service sends, and of all its nodes if that is empty. The zero service is our
// own account: what our other clients publish, and we ourselves. Nobody else's word is taken for it. What f returns is logged, and so
// is an item that is left out because its payload can't be decoded into a T. remove ends it. See xmpp.Handler for what f may do.
//
// For an account, ours or another's, the wish to hear of the node is declared with our presence (XEP-0163 §4.2, "+notify"), so
// that nothing else need be asked for: the last item comes once our presence was sent, as often as a session begins. A
// service that is no account wants a subscription (Subscribe), which stays when we're gone.
//
// So OnEvent is called before our first presence is sent, or at least disco.Of is: else the wish is told with the next presence that the program
// sends. An event may come twice, of one thing: some servers tell an account's owner so.
func OnEvent[T any](e xmpp.Endpoint, service jid.JID, node string, f func(ctx context.Context, ev Event[T]) error) (remove func()) {
	return on(e, speaker{e: e, service: service}, node, f)
}

// OnPersonal calls f with each event of that node of any account: contacts whose presence we see, and our own (XEP-0163). Event.Service
// says whose it is. Everything else is as with OnEvent.
func OnPersonal[T any](e xmpp.Endpoint, node string, f func(ctx context.Context, ev Event[T]) error) (remove func()) {
	return on(e, speaker{e: e, anybody: true}, node, f)
}

// Events returns a channel of what OnEvent would call its function with. It closes with ctx, and with the session or the Client. Everything
// said at xmpp.Session.Messages holds here too: as long as an event is not taken, what came after it waits. It needs a *xmpp.Session, a *xmpp.Client or
// a type that embeds one: for another Endpoint it's closed at once.
func Events[T any](ctx context.Context, e xmpp.Endpoint, service jid.JID, node string) <-chan Event[T] {
	return channel[T](ctx, e, speaker{e: e, service: service}, node)
}

// PersonalEvents is Events for what OnPersonal hears.
func PersonalEvents[T any](ctx context.Context, e xmpp.Endpoint, node string) <-chan Event[T] {
	return channel[T](ctx, e, speaker{e: e, anybody: true}, node)
}

// A speaker is whose word is taken for events.
type speaker struct {
	e       xmpp.Endpoint
	service jid.JID // zero: our own account
	anybody bool    // any account, of itself
}

// of returns who tells the event in m; ok is false if that is not for m's sender to say.
func (s speaker) of(m *stanza.Message) (who jid.JID, ok bool) {
	from, own := m.From, s.e.JID().Bare()
	if from.IsZero() { // RFC 6120 §8.1.2.1: our own account
		from = own
	}
	switch {
	case s.anybody:
		// XEP-0163 §4.3.1: the bare address of the owner, which none of its clients can send from.
		return from, from.Localpart() != "" && from.Resourcepart() == ""
	case s.service.IsZero():
		return from, from == own // XEP-0223 §6
	}
	return from, from == s.service
}

// notify declares that we want to hear of the node, where an account is told so by our capabilities. It returns what ends it.
func (s speaker) notify(node string) (remove func()) {
	if node == "" || !s.anybody && !s.service.IsZero() && s.service.Localpart() == "" {
		return func() {}
	}
	return disco.Of(s.e).Declare(node + "+notify")
}

// event reads the event that m has for us; ok is false if it has none.
func event[T any](m *stanza.Message, s speaker, node string) (ev Event[T], ok bool, err error) {
	who, ok := s.of(m)
	if !ok || m.Type == stanza.MessageError {
		return ev, false, nil
	}
	for _, e := range m.Payloads {
		if !e.Is(ns.PubSubEvent, "event") {
			continue
		}
		p, err := told(e, node)
		if p == nil || err != nil {
			return ev, false, err
		}
		ev, err = decode[T](m, who, p)
		return ev, err == nil || len(ev.Items)+len(ev.Retracted) > 0, err // else nothing of it is left
	}
	return ev, false, nil
}

func on[T any](e xmpp.Endpoint, s speaker, node string, f func(ctx context.Context, ev Event[T]) error) (remove func()) {
	undeclare := s.notify(node)
	unhandle := e.Handle(xmpp.Pattern{Kind: stanza.KindMessage, Space: ns.PubSubEvent, Local: "event"},
		xmpp.HandlerFunc(func(ctx context.Context, st stanza.Stanza) (any, error) {
			ev, ok, err := event[T](st.(*stanza.Message), s, node)
			if !ok {
				return nil, err
			}
			return nil, errors.Join(err, f(ctx, ev))
		}))
	return func() { unhandle(); undeclare() }
}

// messenger is what a *xmpp.Session and a *xmpp.Client have in common beside an xmpp.Endpoint.
type messenger interface {
	Messages(ctx context.Context, types ...stanza.MessageType) <-chan *stanza.Message
}

func channel[T any](ctx context.Context, e xmpp.Endpoint, s speaker, node string) <-chan Event[T] {
	ch := make(chan Event[T])
	from, ok := e.(messenger)
	if !ok {
		close(ch)
		return ch
	}
	undeclare := s.notify(node)
	messages := from.Messages(ctx) // which has the end of ctx, of the session and of the Client, and what waits then
	go func() {
		defer close(ch)
		defer undeclare()
		for m := range messages {
			ev, ok, err := event[T](m, s, node)
			if err != nil {
				xmpp.LoggerOf(e).Warn("pubsub: an item was left out", "from", m.From, "err", err)
			}
			if !ok {
				continue
			}
			select {
			case ch <- ev:
			case <-ctx.Done():
			}
		}
	}()
	return ch
}
