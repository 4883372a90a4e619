package muc

import (
	"cmp"
	"context"
	"sync"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/disco"
)

// A hub is what an endpoint knows of its rooms. Package xmpp keeps it (xmpp.Shared).
type hub struct {
	once sync.Once
	e    xmpp.Endpoint

	invitations feeds

	mu      sync.Mutex // protects what follows
	session *xmpp.Session
	rooms   map[jid.JID]*Room // by their addresses
}

// hubOf returns the hub of e, which begins with the first call: from then on what rooms send is looked at.
func hubOf(e xmpp.Endpoint) *hub {
	h := xmpp.Shared[hub](e)
	h.once.Do(func() { h.open(e) })
	return h
}

func (h *hub) open(e xmpp.Endpoint) {
	h.e, h.rooms = e, make(map[jid.JID]*Room)
	h.invitations.opened = make(chan struct{})
	close(h.invitations.opened) // who has not asked for them gets none
	disco.Of(e).Declare(ns.MUC) // XEP-0045 §6.7
	xmpp.OnPresence(e, h.presence, stanza.Available, stanza.Unavailable, stanza.PresenceError)
	xmpp.OnMessage(e, h.message, stanza.GroupChat, stanza.Normal, stanza.Chat, stanza.MessageError, stanza.Headline)
	_, _ = xmpp.OnSession(context.Background(), e, h.begin) // begin has no error; an e that is no endpoint of xmpp's has no sessions
}

// Find returns the Room of that address that e is in, or about to enter or to come back to; a nickname in it means nothing. ok is
// false where there is none.
func Find(e xmpp.Endpoint, room jid.JID) (r *Room, ok bool) {
	return hubOf(e).find(room)
}

func (h *hub) find(room jid.JID) (r *Room, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, ok = h.rooms[room.Bare()]
	return r, ok
}

// add makes r the room of its address; the other one, where there is one.
func (h *hub) add(r *Room) (other *Room) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if other = h.rooms[r.jid]; other == nil {
		h.rooms[r.jid] = r
	}
	return other
}

func (h *hub) remove(r *Room) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rooms[r.jid] == r {
		delete(h.rooms, r.jid)
	}
}

// all returns the rooms.
func (h *hub) all() []*Room {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]*Room, 0, len(h.rooms))
	for _, r := range h.rooms {
		list = append(list, r)
	}
	return list
}

// begin has the rooms of a Client entered again in a new session. A stream that is resumed goes on, and so do its rooms.
func (h *hub) begin(_ context.Context, s *xmpp.Session) (end func(), err error) {
	h.mu.Lock()
	h.session = s
	h.mu.Unlock()
	for _, r := range h.all() {
		r.moveTo(s)
	}
	return func() { h.ended(s) }, nil
}

// ended is called when s has ended and all that it had received was handed over. The rooms of a Session end with it, those of a Client
// when it connects no more.
func (h *hub) ended(s *xmpp.Session) {
	<-s.Done() // with Close, it's told a little before
	cause := cmp.Or(s.Err(), xmpp.ErrClosed)
	for _, r := range h.all() {
		r.lostWith(s, cause)
	}
	if c, ok := h.e.(client); ok {
		if _, cause = c.Session(context.Background()); cause == nil {
			return // the next session has begun: see begin
		}
	}
	for _, r := range h.all() {
		r.finish(cause)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.session == s {
		h.session = nil
	}
}

// A client goes on after a session: a *xmpp.Client.
type client interface {
	Session(context.Context) (*xmpp.Session, error)
}

// online returns the session; a Client that has none is waited for.
func (h *hub) online(ctx context.Context) (*xmpp.Session, error) {
	if c, ok := h.e.(client); ok {
		return c.Session(ctx)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.session == nil {
		return nil, xmpp.ErrClosed
	}
	return h.session, nil
}

// presence takes what rooms say of their occupants.
func (h *hub) presence(ctx context.Context, p *stanza.Presence) error {
	if r, ok := h.find(p.From); ok {
		r.presence(ctx, p)
	}
	return nil
}

// message takes what is said in rooms, and invitations to others.
func (h *hub) message(ctx context.Context, m *stanza.Message) error {
	if r, ok := h.find(m.From); ok {
		r.message(ctx, m)
	}
	if m.Type != stanza.GroupChat && m.Type != stanza.MessageError {
		h.invited(ctx, m)
	}
	return nil
}
