package roster_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// lunch is the presence script of the package documentation.
func lunch(ctx context.Context, s *xmpp.Session) error {
	contacts, err := roster.Open(ctx, s)
	if err != nil {
		return err
	}
	seen := s.Presences(ctx)
	s.Send(ctx, &stanza.Presence{Show: stanza.Away, Status: "at lunch"})
	for p := range seen {
		c, _ := contacts.Get(p.From.Bare())
		fmt.Printf("%-20s %s %s\n", c.Name, p.Show, p.Status)
	}
	return s.Err()
}

// The presence script of the package documentation, until the server ends the session.
func Example() {
	ctx := context.Background()
	srv, alice, bob := friends(ctx)
	defer srv.Close()
	defer bob.Close()
	xmpp.OnPresence(bob, func(_ context.Context, p *stanza.Presence) error {
		if p.Status == "at lunch" {
			srv.CloseStream("alice", "")
		}
		return nil
	})
	if err := lunch(ctx, alice); !errors.Is(err, xmpp.ErrPeerClosed) {
		log.Fatal(err)
	}
	// Output:
	// away at lunch
	// Bob                  dnd working
}

// friends are two accounts on a server in this process, subscribed to each other's presence; bob is online.
func friends(ctx context.Context) (srv *xmpptest.Server, alice, bob *xmpp.Session) {
	srv, err := xmpptest.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	dial := func(user string) *xmpp.Session {
		s, err := xmpp.Dial(ctx, srv.JID(user), srv.Options(user))
		if err != nil {
			log.Fatal(err)
		}
		return s
	}
	alice, bob = dial("alice"), dial("bob")
	if err := srv.Befriend("alice", "bob"); err != nil {
		log.Fatal(err)
	}
	contacts, err := roster.Open(ctx, alice)
	if err != nil {
		log.Fatal(err)
	}
	defer contacts.Close()
	if err := contacts.Set(ctx, roster.Item{JID: srv.JID("bob"), Name: "Bob", Groups: []string{"Friends"}}); err != nil {
		log.Fatal(err)
	}
	if err := bob.Send(ctx, &stanza.Presence{Show: stanza.DoNotDisturb, Status: "working"}); err != nil {
		log.Fatal(err)
	}
	_, err = srv.Await(ctx, func(e xmpptest.Entry) bool { return e.From == bob.JID() && strings.Contains(e.XML, "working") })
	if err != nil {
		log.Fatal(err)
	}
	return srv, alice, bob
}

func ExampleRoster_Wait() {
	ctx := context.Background()
	srv, alice, bob := friends(ctx)
	defer srv.Close()
	defer bob.Close()
	defer alice.Close()
	contacts, err := roster.Open(ctx, alice)
	if err != nil {
		log.Fatal(err)
	}
	if err := alice.Send(ctx, &stanza.Presence{}); err != nil {
		log.Fatal(err)
	}
	best, err := contacts.Wait(ctx, srv.JID("bob"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(best.Show, best.Status)
	fmt.Println(contacts.Status(srv.JID("bob")))
	// Output:
	// dnd working
	// bob@canto.test is busy: "working"
}

func ExampleState() {
	s := roster.State{}
	s, routed := s.Sent(stanza.Subscribe)
	fmt.Println(s, routed)
	s, delivered := s.Received(stanza.Subscribed)
	fmt.Println(s, delivered)
	// Output:
	// None + Pending Out true
	// To true
}

func ExampleTarget() {
	chat := roster.NewTarget(jid.MustParse("romeo@example.net"))
	fmt.Println(chat.To())
	chat.Received(&stanza.Message{From: jid.MustParse("romeo@example.net/orchard"), Type: stanza.Chat, Body: "Here I am"})
	fmt.Println(chat.To())
	chat.Received(&stanza.Presence{From: jid.MustParse("romeo@example.net/orchard"), Type: stanza.Unavailable})
	fmt.Println(chat.To())
	// Output:
	// romeo@example.net
	// romeo@example.net/orchard
	// romeo@example.net
}
