package muc_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/muc"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// garden is a server with a room in it.
func garden() (srv *xmpptest.Server, dial func(user string) *xmpp.Session, at jid.JID) {
	srv, err := xmpptest.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	dial = func(user string) *xmpp.Session {
		s, err := xmpp.Dial(context.Background(), srv.JID(user), srv.Options(user))
		if err != nil {
			log.Fatal(err)
		}
		return s
	}
	return srv, dial, srv.Room("garden").JID()
}

// Alice's program answers in a room.
func Example() {
	ctx := context.Background()
	srv, dial, at := garden()
	defer srv.Close()
	alice, bob := dial("alice"), dial("bob")
	defer alice.Close()
	defer bob.Close()

	bot, err := muc.Join(ctx, alice, at, nil) // the room is made: there was none
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		for m := range bot.Messages(ctx) {
			if m.Body == "!ping" && !m.Own && !m.History {
				bot.Say(ctx, "pong, "+m.Nick)
			}
		}
	}()

	room, err := muc.Join(ctx, bob, at, nil)
	if err != nil {
		log.Fatal(err)
	}
	for o := range room.Occupants() {
		fmt.Println(o.Nick, "is a", o.Role)
	}
	heard := room.Messages(ctx)
	room.Say(ctx, "!ping")
	for range 2 {
		m := <-heard
		fmt.Printf("<%s> %s\n", m.Nick, m.Body)
	}
	// Output:
	// alice is a moderator
	// bob is a participant
	// <bob> !ping
	// <alice> pong, bob
}

// A room for members is made, and who was banned can't come in.
func ExampleOptions_configure() {
	ctx := context.Background()
	srv, dial, at := garden()
	defer srv.Close()
	alice, bob := dial("alice"), dial("bob")
	defer alice.Close()
	defer bob.Close()

	room, err := muc.Join(ctx, alice, at, &muc.Options{Configure: func(f *form.Form) error {
		return form.Set(f.Fields, "muc#roomconfig_membersonly", true)
	}})
	if err != nil {
		log.Fatal(err)
	}
	_, err = muc.Join(ctx, bob, at, nil)
	fmt.Println(errors.Is(err, stanza.RegistrationRequired))
	if err := room.Ban(ctx, bob.JID(), "for good"); err != nil {
		log.Fatal(err)
	}
	_, err = muc.Join(ctx, bob, at, nil)
	fmt.Println(errors.Is(err, stanza.Forbidden))
	// Output:
	// true
	// true
}

// Events has all that happens, in order.
func ExampleRoom_Events() {
	ctx := context.Background()
	srv, dial, at := garden()
	defer srv.Close()
	alice, bob := dial("alice"), dial("bob")
	defer alice.Close()
	defer bob.Close()

	room, err := muc.Join(ctx, alice, at, nil)
	if err != nil {
		log.Fatal(err)
	}
	events := room.Events(ctx)
	visitor, err := muc.Join(ctx, bob, at, nil)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := visitor.Deliver(ctx, &stanza.Message{Body: "hello"}); err != nil { // all have it now
		log.Fatal(err)
	}
	room.Kick(ctx, "bob", "no spam")
	<-visitor.Done()
	fmt.Println("bob:", visitor.Err())
	for ev := range events {
		switch ev := ev.(type) {
		case muc.Joined:
			fmt.Println(ev.Nick, "has come in")
		case *muc.Message:
			fmt.Println(ev.Nick, "says", ev.Body)
		case muc.Left:
			fmt.Println(ev.Nick, "was", string(ev.Why))
			return
		}
	}
	// Output:
	// bob: muc: garden@conference.canto.test: kicked by "alice": "no spam"
	// bob has come in
	// bob says hello
	// bob was kicked
}
