package main

import (
	"context"

	"github.com/canto-im/canto/internal/integration/hostile"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/bookmarks"
	"github.com/canto-im/canto/xmpp/chat"
	"github.com/canto-im/canto/xmpp/mam"
	"github.com/canto-im/canto/xmpp/muc"
)

// uses are what the orders' Use means: each goes on until ctx is done or it fails.
var uses = map[string]func(ctx context.Context, cl *xmpp.Client) error{
	hostile.UseRoom:         func(ctx context.Context, cl *xmpp.Client) error { return stay(ctx, cl, true) },
	hostile.UseUnreadRoom:   func(ctx context.Context, cl *xmpp.Client) error { return stay(ctx, cl, false) },
	hostile.UseArchive:      follow,
	hostile.UseConversation: converse,
	hostile.UseBookmarks:    mark,
}

// stay is in a room.
func stay(ctx context.Context, cl *xmpp.Client, read bool) error {
	room, err := muc.Join(ctx, cl, jid.MustParse("garden@rooms.hostile.test/v"), nil)
	if err != nil {
		return err
	}
	events := room.Events(ctx)
	for read {
		if _, read = <-events; !read {
			return room.Err()
		}
	}
	select {
	case <-ctx.Done():
	case <-room.Done():
	}
	return room.Err()
}

// follow follows the archive.
func follow(ctx context.Context, cl *xmpp.Client) error {
	for _, err := range mam.Follow(ctx, cl, &mam.FollowOptions{First: -1}) {
		if err != nil {
			return err
		}
	}
	return nil
}

// converse keeps what is said with one person.
func converse(ctx context.Context, cl *xmpp.Client) error {
	said := chat.NewConversation(cl.JID(), jid.MustParse("eve@hostile.test"), nil)
	defer xmpp.OnMessage(cl, func(_ context.Context, m *stanza.Message) error {
		said.Add(m)
		return nil
	}, stanza.Normal, stanza.Chat, stanza.MessageError)()
	defer chat.AnswerReceipts(cl, nil)()
	<-ctx.Done()
	return nil
}

// mark follows the bookmarks.
func mark(ctx context.Context, cl *xmpp.Client) error {
	marks, err := bookmarks.Open(ctx, cl)
	if err != nil {
		return err
	}
	defer marks.Close()
	for range marks.Follow(ctx) {
	}
	return nil
}
