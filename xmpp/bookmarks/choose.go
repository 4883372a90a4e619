package bookmarks

import (
	"context"
	"errors"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/disco"
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
}

// choose finds the places where the account has bookmarks, and what is there. What is new goes to the first of them.
//
// A server that unifies the kinds has one place. Else other clients look into private data (XEP-0479 §3 has them do so), and that comes first;
// what has been put elsewhere all the same is not lost.
func choose(ctx context.Context, e xmpp.Endpoint) ([]*kept, error) {
	info, err := disco.Get(ctx, e, e.JID().Bare(), "")
	if err != nil && !isRefusal(err) {
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
		case isRefusal(err): // it does not have that
			continue
		case err != nil:
			return nil, err
		}
		list = append(list, &kept{p, rooms})
	}
	if len(list) == 0 {
		return nil, ErrNowhere
	}
	return list, nil
}

// isRefusal reports whether somebody has answered with an error.
func isRefusal(err error) bool {
	var refused *stanza.Error
	return errors.As(err, &refused)
}
