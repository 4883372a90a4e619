package bookmarks_test

import (
	"context"
	"fmt"
	"log"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/bookmarks"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// A program follows which rooms it's to be in.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	srv, err := xmpptest.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	s, err := xmpp.Dial(ctx, srv.JID("juliet"), srv.Options("juliet"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	marks, err := bookmarks.Open(ctx, s)
	if err != nil {
		log.Fatal(err)
	}
	room := jid.MustParse("theplay@conference.shakespeare.lit")
	if err := marks.Set(ctx, bookmarks.Bookmark{Room: room, Name: "The Play's the Thing", Autojoin: true, Nick: "JC"}); err != nil {
		log.Fatal(err)
	}
	for c := range marks.Follow(ctx) {
		switch {
		case c.Join():
			fmt.Println("join", c.Room, "as", c.New.Nick) // with package muc, for example
			if err := marks.Remove(ctx, c.Room); err != nil {
				log.Fatal(err)
			}
		case c.Leave():
			fmt.Println("leave", c.Room)
			return
		}
	}
	// Output:
	// join theplay@conference.shakespeare.lit as JC
	// leave theplay@conference.shakespeare.lit
}
