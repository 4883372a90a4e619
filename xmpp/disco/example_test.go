package disco_test

import (
	"context"
	"fmt"
	"log"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/disco"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// Alice learns what Bob's program can do from his presence.
func Example() {
	ctx := context.Background()
	srv, err := xmpptest.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	dial := func(user string) *xmpp.Session {
		s, err := xmpp.Dial(ctx, srv.JID(user), srv.Options(user))
		if err != nil {
			log.Fatal(err)
		}
		return s
	}
	alice, bob := dial("alice"), dial("bob")
	defer alice.Close()
	defer bob.Close()

	theirs := disco.Of(bob)
	theirs.Identify("https://bot.example/", disco.Identity{Category: "client", Type: "bot", Name: "Robbie"})
	theirs.Declare("urn:xmpp:receipts")

	mine, seen := disco.Of(alice), alice.Presences(ctx)
	bob.Send(ctx, &stanza.Presence{To: alice.JID()})
	p := <-seen
	info, err := mine.Lookup(ctx, p.From)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Identities[0].Name, info.Has("urn:xmpp:receipts"))
	fmt.Println("known by now:", mine.Known(p.From) != nil)
	// Output:
	// Robbie true
	// known by now: true
}
