package muc

import (
	"context"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/disco"
	"github.com/canto-im/canto/xmpp/form"
)

// Info is what a room tells of itself to anybody who asks (XEP-0045 §6.4).
type Info struct {
	Name        string // for people
	Description string // for people
	Topic       string
	Lang        string // what is spoken there
	Occupants   int    // how many are in it; −1: not told
	Logs        string // where what's said there can be read: a URL
	Contacts    []jid.JID

	Password    bool // one is needed
	MembersOnly bool
	Moderated   bool // visitors are not heard
	Hidden      bool // it's in no list
	Persistent  bool // it stays when nobody is in it
	ShowsJIDs   bool // everybody there sees our real address; else moderators do

	Features []string // all of service discovery
}

// Lookup asks a room what it is. An address that is no room is an error: ErrNoRoom, or the *stanza.Error that is the answer.
func Lookup(ctx context.Context, e xmpp.Endpoint, room jid.JID) (*Info, error) {
	i, err := disco.Get(ctx, e, room.Bare(), "")
	if err != nil {
		return nil, err
	}
	if !i.Has(ns.MUC) || room.Localpart() == "" {
		return nil, ErrNoRoom
	}
	return readInfo(i), nil
}

func readInfo(i *disco.Info) *Info {
	out := &Info{
		Password:    i.Has("muc_passwordprotected") || i.Has("muc_password"),
		MembersOnly: i.Has("muc_membersonly"),
		Moderated:   i.Has("muc_moderated"),
		Hidden:      i.Has("muc_hidden"),
		Persistent:  i.Has("muc_persistent"),
		ShowsJIDs:   i.Has("muc_nonanonymous"),
		Features:    i.Features,
		Occupants:   -1,
	}
	for _, id := range i.Identities {
		if id.Category == "conference" && out.Name == "" {
			out.Name = id.Name
		}
	}
	f := i.Form(ns.MUCInfo)
	if f == nil {
		return out
	}
	out.Description, out.Topic = f.Value("muc#roominfo_description"), f.Value("muc#roominfo_subject")
	out.Lang, out.Logs = f.Value("muc#roominfo_lang"), f.Value("muc#roominfo_logs")
	if n, err := form.Get[int](f.Fields, "muc#roominfo_occupants"); err == nil && n >= 0 {
		out.Occupants = n
	}
	// What is no address leaves the rest as it is.
	out.Contacts, _ = form.Get[[]jid.JID](f.Fields, "muc#roominfo_contactjid")
	return out
}

// features are what we rely on: whether the room takes care of ids, so that nobody else can forge them.
type features struct {
	stanzaIDs   bool // XEP-0359 §6
	occupantIDs bool // XEP-0421 §4
	hats        bool // XEP-0317 §2
}

func readFeatures(i *disco.Info) features {
	return features{i.Has(ns.StanzaID), i.Has(ns.OccupantID), i.Has(ns.Hats)}
}

// inquireTimeout is how long a room may take to say what it can do, before it's taken for one that can't do anything.
const inquireTimeout = 10 * time.Second

// inquire asks the room what it can do. It's known when r.known is closed. However often that is called, one question at a time is open in a
// session.
func (r *Room) inquire(s *xmpp.Session) {
	known := make(chan struct{})
	r.mu.Lock()
	if r.asks == s {
		r.asksAgain = true
		r.mu.Unlock()
		return
	}
	r.known, r.asks, r.asksAgain = known, s, false
	r.mu.Unlock()
	go func() {
		defer close(known)
		for r.ask(s, known) {
		}
	}()
}

// ask asks once, and reports whether it's to be done again: what the room has said since may change the answer.
func (r *Room) ask(s *xmpp.Session, known chan struct{}) (again bool) {
	ctx, cancel := context.WithTimeout(context.Background(), inquireTimeout)
	defer cancel()
	i, err := disco.Get(ctx, s, r.jid, "")
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known != known {
		return false
	}
	if err == nil { // else what was known of it before holds
		r.features = readFeatures(i)
	}
	if again = r.asksAgain; !again {
		r.asks = nil
	}
	r.asksAgain = false
	return again
}

// awaitFeatures waits for what inquire has asked.
func (r *Room) awaitFeatures(ctx context.Context) {
	r.mu.Lock()
	known := r.known
	r.mu.Unlock()
	select {
	case <-known:
	case <-ctx.Done():
	}
}
