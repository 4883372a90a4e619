package main

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/muc"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// demo starts a server in this program and returns the bot's account and room there. Juliet talks to the bot once it's in, and calls stop
// when all is said.
func demo(ctx context.Context, stop func()) (account, room string, opts *xmpp.Options, end func()) {
	srv, err := xmpptest.Start(&xmpptest.Options{Without: []string{"sm"}}) // so that a cut ends the bot's session
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("no XMPP_JID is set: talking to a server inside this program, at", srv.Addr())
	balcony := srv.Room("balcony")
	if err := balcony.Make(nil); err != nil {
		log.Fatal(err)
	}
	for _, user := range []string{"juliet", "bot"} {
		if err := balcony.Affiliate(srv.JID(user), "owner"); err != nil {
			log.Fatal(err)
		}
	}
	go func() {
		defer stop()
		if err := visit(ctx, srv, balcony); err != nil {
			log.Print(err)
		}
	}()
	return srv.JID("bot").String(), balcony.JID().String() + "/robbie", srv.Options("bot"), func() { srv.Close() }
}

// visit logs in as juliet, who waits for the bot and talks to it; romeo comes, and is kicked. Then the bot's connection is cut while
// she asks something.
func visit(ctx context.Context, srv *xmpptest.Server, balcony *xmpptest.Room) error {
	juliet, err := enter(ctx, srv, balcony, "juliet")
	if err != nil {
		return err
	}
	events := juliet.Events(ctx)
	if _, here := juliet.Occupant("robbie"); !here {
		await(events, func(ev muc.Event) bool { _, joined := ev.(muc.Joined); return joined })
	}
	if err := juliet.SetTopic(ctx, "what's in a name"); err != nil {
		return err
	}
	romeo, err := enter(ctx, srv, balcony, "romeo")
	if err != nil {
		return err
	}
	await(events, says("Welcome"))
	if err := juliet.Say(ctx, "!who"); err != nil {
		return err
	}
	await(events, says("3 are here"))
	if err := juliet.Say(ctx, "!kick romeo"); err != nil {
		return err
	}
	<-romeo.Done()
	fmt.Println("romeo is out:", romeo.Err())
	srv.CloseStream("bot", "reset")
	if err := juliet.Say(ctx, "!topic"); err != nil {
		return err
	}
	await(events, says("We speak about"))
	return nil
}

// await prints what is said until something happens.
func await(events <-chan muc.Event, it func(muc.Event) bool) {
	for ev := range events {
		if m, ok := ev.(*muc.Message); ok {
			fmt.Printf("<%s> %s\n", m.Nick, m.Body)
		}
		if it(ev) {
			return
		}
	}
}

// says tells whether the bot says something that begins so.
func says(begin string) func(muc.Event) bool {
	return func(ev muc.Event) bool {
		m, ok := ev.(*muc.Message)
		return ok && m.Nick == "robbie" && strings.HasPrefix(m.Body, begin)
	}
}

// enter puts an account into the room.
func enter(ctx context.Context, srv *xmpptest.Server, balcony *xmpptest.Room, user string) (*muc.Room, error) {
	s, err := xmpp.Dial(ctx, srv.JID(user), srv.Options(user))
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { s.Close() })
	return muc.Join(ctx, s, balcony.JID(), nil)
}
