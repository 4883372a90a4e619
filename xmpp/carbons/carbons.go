package carbons

import (
	"context"
	"encoding/xml"
	"fmt"
	"slices"
	"sync"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/disco"
)

type enable struct {
	XMLName xml.Name `xml:"urn:xmpp:carbons:2 enable"`
}

type disable struct {
	XMLName xml.Name `xml:"urn:xmpp:carbons:2 disable"`
}

// Inline returns what has copies enabled together with the login, for xmpp.Options.Inline. Enable then asks only a server that
// can't do that.
func Inline() stanza.Element { return stanza.Payload(enable{}) }

// A home is what is remembered of an endpoint.
type home struct {
	turn   sync.Mutex // held by who enables or ends; protects remove and hide
	remove func()     // ends the registration for sessions to come
	hide   func()     // takes the feature back

	mu    sync.Mutex // protects what follows
	users int        // how many have called Enable
	on    *xmpp.Session
}

// Enable asks the server of e for copies, in the present session and in each one that a Client makes later; with a Client that has no
// session yet, that is all later. Its error says that the server was asked and has refused, as a *stanza.Error, or that it could not be
// asked; nothing is to be undone then. When a later session can't have them, that is logged.
//
// off ends it, and tells the server, unless others have called Enable for e, too. It's safe to call it twice.
func Enable(ctx context.Context, e xmpp.Endpoint) (off func(ctx context.Context) error, err error) {
	h := xmpp.Shared[home](e)
	h.turn.Lock()
	defer h.turn.Unlock()
	if h.count(1) == 1 {
		if h.remove, err = xmpp.OnSession(ctx, e, h.begin); err != nil {
			h.count(-1)
			return nil, fmt.Errorf("carbons: %w", err)
		}
		h.hide = disco.Of(e).Declare(ns.Carbons)
	}
	var once sync.Once
	return func(ctx context.Context) (err error) {
		once.Do(func() { err = h.release(ctx) })
		return err
	}, nil
}

// count adds to the users and returns how many they are then.
func (h *home) count(by int) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.users += by
	return h.users
}

// begin enables copies in a session, unless the login has.
func (h *home) begin(ctx context.Context, s *xmpp.Session) (end func(), err error) {
	if !slices.Contains(s.ConnectionState().Inlined, ns.Carbons) {
		if err := xmpp.Set(ctx, s, jid.JID{}, enable{}); err != nil {
			return nil, err
		}
	}
	h.mu.Lock()
	h.on = s
	over := h.users == 0
	h.mu.Unlock()
	if over { // while the server was asked
		return nil, xmpp.Set(ctx, s, jid.JID{}, disable{})
	}
	return nil, nil
}

// release takes back one call of Enable.
func (h *home) release(ctx context.Context) error {
	h.turn.Lock()
	defer h.turn.Unlock()
	if h.count(-1) > 0 {
		return nil
	}
	h.remove()
	h.hide()
	h.mu.Lock()
	s := h.on
	h.on = nil
	h.mu.Unlock()
	if s == nil {
		return nil
	}
	select {
	case <-s.Done():
		return nil
	default:
		return xmpp.Set(ctx, s, jid.JID{}, disable{})
	}
}
