package bookmarks

import (
	"context"
	"errors"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/disco"
	"github.com/canto-im/canto/xmpp/pubsub"
)

// ErrNowhere is a server that keeps no bookmarks in any of the ways there are, or not so that nobody else sees them.
var ErrNowhere = errors.New("bookmarks: the server has no place for them")

// Features that say that a server has bookmarks of one kind for clients of another.
const (
	compat        = ns.Bookmarks + "#compat"          // XEP-0402 §5.3: those of XEP-0049
	compatPEP     = ns.Bookmarks + "#compat-pep"      // XEP-0402 §5.3: those of XEP-0048 at the account
	oldConversion = "urn:xmpp:bookmarks-conversion:0" // XEP-0411: XEP-0049 and XEP-0048 at the account
)

// A kept is a place, and what is there.
type kept struct {
	place
	rooms map[jid.JID]Bookmark
	more  int  // bytes that events have added to rooms
	waits *put // ours, which is on its way; nil: none is
}

// A put is a change that we make.
type put struct {
	room  jid.JID
	mark  *Bookmark
	heard bool // we've been told of it
}

// compare finds out whether our change has arrived.
func (p *kept) compare() {
	if w := p.waits; w != nil {
		mark, there := p.rooms[w.room]
		w.heard = w.heard || there == (w.mark != nil) && (!there || mark.equal(*w.mark))
	}
}

// choose finds the places where the account has bookmarks, and what is there. What is new goes to the first of them.
//
// A server that unifies the kinds has one place. Else other clients look into private data (XEP-0479 §3 has them do so), and that comes first;
// what has been put elsewhere all the same is not lost.
func choose(ctx context.Context, e xmpp.Endpoint) ([]*kept, error) {
	info, err := disco.Get(ctx, e, e.JID().Bare(), "")
	if err != nil && !hasNone(err) {
		return nil, err
	}
	places := []place{privateStore, nativePlace, personal}
	switch {
	case info.Has(compat) || info.Has(compatPEP):
		places = places[1:2]
	case info.Has(oldConversion):
		places = []place{personal, nativePlace}
	}
	if !info.Has(ns.PubSubPublish) { // nothing private can be published there
		places = []place{privateStore}
	}
	var list []*kept
	for _, p := range places {
		rooms, err := p.fetch(ctx, e)
		switch {
		case hasNone(err):
			continue
		case err != nil:
			return nil, err
		}
		list = append(list, &kept{place: p, rooms: rooms})
	}
	if len(list) == 0 {
		return nil, ErrNowhere
	}
	return list, nil
}

// hasNone reports whether err says that there are no bookmarks in a place and never will be, or what we can't read. A server that has only
// a bad moment has not lost those that are there: nobody should leave their rooms for that.
func hasNone(err error) bool {
	var odd *pubsub.PayloadError
	if errors.As(err, &odd) {
		return true
	}
	var refused *stanza.Error
	if !errors.As(err, &refused) || refused.Type == stanza.Wait {
		return false
	}
	return !errors.Is(err, stanza.InternalServerError) && !errors.Is(err, stanza.ResourceConstraint) && !errors.Is(err, stanza.RemoteServerTimeout)
}
