package carbons

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/forward"
)

// A Direction says which way a message has gone.
type Direction string

// The directions.
const (
	Received Direction = "received" // another device of ours has got it (XEP-0280 §7)
	Sent     Direction = "sent"     // another device of ours has sent it (XEP-0280 §8)
)

// A Copy is a message that another device of our account has got or sent. It may be shared with others: don't change it.
type Copy struct {
	Direction Direction
	Message   *stanza.Message // as the other device got or sent it
}

// With returns whom our account talks to in this message.
func (c *Copy) With() jid.JID {
	if c.Direction == Sent {
		return c.Message.To
	}
	return c.Message.From
}

// ErrForged says that a message looks like a copy, and is none of our account's making.
var ErrForged = errors.New("carbons: a copy that is not from our account is none (XEP-0280 §11)")

var errOdd = errors.New("carbons: there is no message in the copy, or there are two (XEP-0280 §14)")

// Read returns what m is a copy of, nil if it's none; own is our account. OnCopy and Copies do this by themselves. An error says
// that m must not be believed: ErrForged, or that it can't be read.
func Read(m *stanza.Message, own jid.JID) (*Copy, error) {
	var found stanza.Element
	for _, e := range m.Payloads {
		if !e.Is(ns.Carbons, string(Received)) && !e.Is(ns.Carbons, string(Sent)) {
			continue
		}
		if !found.IsZero() {
			return nil, errOdd
		}
		found = e
	}
	if found.IsZero() {
		return nil, nil
	}
	// RFC 6120 §8.1.2.1: what has no 'from' is from our own account.
	if !m.From.IsZero() && m.From != own.Bare() {
		return nil, ErrForged
	}
	f, err := forward.Parse(found.Child(ns.Forward, "forwarded"))
	if err != nil {
		return nil, fmt.Errorf("carbons: %w", err)
	}
	c := &Copy{Direction: Direction(found.Name().Local), Message: f.Message()}
	switch {
	case c.Message == nil:
		return nil, errOdd
	case c.Direction == Sent && c.Message.From.Bare() != own.Bare():
		return nil, ErrForged
	}
	return c, nil
}

var pattern = xmpp.Pattern{Kind: stanza.KindMessage, Space: ns.Carbons}

// OnCopy calls f with each copy. What f returns is logged. remove ends it. See xmpp.Handler for the order and what f may do.
func OnCopy(e xmpp.Endpoint, f func(ctx context.Context, c *Copy) error) (remove func()) {
	return e.Handle(pattern, xmpp.HandlerFunc(func(ctx context.Context, st stanza.Stanza) (any, error) {
		if c := receive(ctx, e, st); c != nil {
			return nil, f(ctx, c)
		}
		return nil, nil
	}))
}

// Copies returns a channel of copies. What is said at xmpp.Session.Messages holds here, too.
func Copies(ctx context.Context, e xmpp.Endpoint) <-chan *Copy {
	return xmpp.Channel(ctx, e, pattern, func(ctx context.Context, st stanza.Stanza) (*Copy, bool) {
		c := receive(ctx, e, st)
		return c, c != nil
	})
}

// receive returns what st is a copy of, nil if that is nothing to be believed.
func receive(ctx context.Context, e xmpp.Endpoint, st stanza.Stanza) *Copy {
	own := e.JID()
	if s := xmpp.SessionFrom(ctx); s != nil { // a Client's may be another one by now
		own = s.JID()
	}
	c, err := Read(st.(*stanza.Message), own)
	if err != nil {
		xmpp.LoggerOf(e).Warn("carbons: a message that claims to be a copy is dropped", "from", st.Header().From, "err", err)
	}
	return c
}

// private is the mark of a message that is not to be copied (XEP-0280 §9).
type private struct {
	XMLName xml.Name `xml:"urn:xmpp:carbons:2 private"`
}

// noCopy is the hint that says the same (XEP-0334 §4.2).
type noCopy struct {
	XMLName xml.Name `xml:"urn:xmpp:hints no-copy"`
}

// Private returns payloads for a message of which the other devices of the sender and of its receiver are to get no copies. Servers
// heed it (XEP-0280 §9); it keeps no secret.
func Private() []stanza.Element {
	return []stanza.Element{stanza.Payload(private{}), stanza.Payload(noCopy{})}
}
