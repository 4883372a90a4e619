package bookmarks

import (
	"cmp"
	"context"
	"errors"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/pubsub"
)

// A place is where a server keeps bookmarks for us.
type place interface {
	// fetch returns what is there.
	fetch(ctx context.Context, e xmpp.Endpoint) (map[jid.JID]Bookmark, error)
	// put changes one bookmark, or takes it away if it is nil; old is the one that is there, if any.
	put(ctx context.Context, e xmpp.Endpoint, old Bookmark, room jid.JID, b *Bookmark) error
}

// The places: one item for each room (XEP-0402), one for all at our account (XEP-0048 with XEP-0223), and private data (XEP-0049).
var (
	nativePlace  place = native{}
	personal     place = oneItem{}
	privateStore place = privateXML{}
)

type native struct{}

func (native) fetch(ctx context.Context, e xmpp.Endpoint) (map[jid.JID]Bookmark, error) {
	rooms := map[jid.JID]Bookmark{}
	for item, err := range pubsub.Items[conference](ctx, e, jid.JID{}, ns.Bookmarks, nil) {
		var odd *pubsub.PayloadError
		switch {
		case errors.Is(err, stanza.ItemNotFound):
			return rooms, nil // the node is made with the first of them
		case errors.As(err, &odd):
			continue
		case err != nil:
			return nil, err
		}
		if mark, ok := read(item); ok {
			rooms[mark.Room] = mark
		}
	}
	return rooms, nil
}

// read reads an item; ok is false if it's about no room.
func read(item pubsub.Item[conference]) (mark Bookmark, ok bool) {
	room := roomOf(item.ID)
	if room.IsZero() {
		return mark, false
	}
	mark = item.Payload.bookmark(room)
	if item.ID != room.String() {
		mark.id = item.ID
	}
	return mark, true
}

// put has the node configured as XEP-0402 §3.3 wants it, so that nobody else sees it.
func (native) put(ctx context.Context, e xmpp.Endpoint, old Bookmark, room jid.JID, b *Bookmark) error {
	id := cmp.Or(old.id, room.String())
	if b == nil {
		return gone(pubsub.Retract(ctx, e, jid.JID{}, ns.Bookmarks, id))
	}
	_, err := pubsub.PublishPrivate(ctx, e, ns.Bookmarks, id, b.native(), form.Of(pubsub.MaxItems, "max"), form.Of(pubsub.SendLast, "never"))
	return err
}

// gone is no error where nothing was to be taken away.
func gone(err error) error {
	if errors.Is(err, stanza.ItemNotFound) {
		return nil
	}
	return err
}

// document reads and writes all at once.
type document interface {
	read(ctx context.Context, e xmpp.Endpoint) (*storage, error)
	write(ctx context.Context, e xmpp.Endpoint, s *storage) error
}

// putInto changes one bookmark in a document as it is now, which others may have changed.
func putInto(ctx context.Context, e xmpp.Endpoint, d document, room jid.JID, b *Bookmark) error {
	s, err := d.read(ctx, e)
	if err != nil {
		return err
	}
	return d.write(ctx, e, s.with(room, b))
}

func fetchFrom(ctx context.Context, e xmpp.Endpoint, d document) (map[jid.JID]Bookmark, error) {
	s, err := d.read(ctx, e)
	if err != nil {
		return nil, err
	}
	return s.rooms(), nil
}

type oneItem struct{}

func (p oneItem) fetch(ctx context.Context, e xmpp.Endpoint) (map[jid.JID]Bookmark, error) {
	return fetchFrom(ctx, e, p)
}

func (p oneItem) put(ctx context.Context, e xmpp.Endpoint, _ Bookmark, room jid.JID, b *Bookmark) error {
	return putInto(ctx, e, p, room, b)
}

func (oneItem) read(ctx context.Context, e xmpp.Endpoint) (*storage, error) {
	item, err := pubsub.Latest[*storage](ctx, e, jid.JID{}, ns.BookmarksOld)
	if err = gone(err); err != nil || item.Payload == nil {
		return &storage{}, err
	}
	return item.Payload, nil
}

func (oneItem) write(ctx context.Context, e xmpp.Endpoint, s *storage) error {
	_, err := pubsub.PublishPrivate(ctx, e, ns.BookmarksOld, "current", s)
	return err
}

type privateXML struct{}

func (p privateXML) fetch(ctx context.Context, e xmpp.Endpoint) (map[jid.JID]Bookmark, error) {
	return fetchFrom(ctx, e, p)
}

func (p privateXML) put(ctx context.Context, e xmpp.Endpoint, _ Bookmark, room jid.JID, b *Bookmark) error {
	return putInto(ctx, e, p, room, b)
}

func (privateXML) read(ctx context.Context, e xmpp.Endpoint) (*storage, error) {
	got, err := xmpp.Get[private](ctx, e, jid.JID{}, private{Storage: &storage{}})
	if err = gone(err); err != nil || got.Storage == nil {
		return &storage{}, err
	}
	return got.Storage, nil
}

func (privateXML) write(ctx context.Context, e xmpp.Endpoint, s *storage) error {
	return xmpp.Set(ctx, e, jid.JID{}, private{Storage: s})
}
