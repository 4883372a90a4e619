package entity_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/entity"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// Bob's program tells what it is and what time it is; Alice asks, and asks the server whether it's there.
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

	entity.Answer(bob, &entity.Options{
		Software: &entity.Software{Name: "Robbie", Version: "1.2"},
		Location: time.FixedZone("CET", 3600),
	})

	_, err = entity.Ping(ctx, alice, srv.Domain())
	fmt.Println("the server is there:", err == nil)
	program, err := entity.GetSoftware(ctx, alice, bob.JID())
	fmt.Println(program.Name, program.Version, err)
	now, err := entity.GetTime(ctx, alice, bob.JID())
	fmt.Println("the offset there:", now.Format("-07:00"), err)
	// Output:
	// the server is there: true
	// Robbie 1.2 <nil>
	// the offset there: +01:00 <nil>
}
