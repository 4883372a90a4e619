package xmpp_test

import (
	"context"
	"fmt"
	"log"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// A presence script: who of the contacts is there.
func ExampleSession_Presences() {
	srv, err := xmpptest.Start(nil) // in place of a server somewhere
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	ctx := context.Background()
	romeo, err := xmpp.Dial(ctx, srv.JID("romeo/orchard"), srv.Options("romeo"))
	if err != nil {
		log.Fatal(err)
	}
	defer romeo.Close()
	if err := romeo.Send(ctx, &stanza.Presence{Show: stanza.DoNotDisturb, Status: "wooing"}); err != nil {
		log.Fatal(err)
	}
	s, err := xmpp.Dial(ctx, srv.JID("juliet"), srv.Options("juliet"))
	if err != nil {
		log.Fatal(err)
	}
	if err := srv.Befriend("juliet", "romeo"); err != nil {
		log.Fatal(err)
	}

	seen := s.Presences(ctx)
	s.Send(ctx, &stanza.Presence{Show: stanza.Away, Status: "at lunch"})
	for p := range seen {
		if p.From.Bare() == s.JID().Bare() {
			continue // one's own, which the server sends back
		}
		fmt.Printf("%-26s %s %s\n", p.From, p.Show, p.Status)
		if p.From == romeo.JID() {
			go s.Close()
		}
	}
	if err := s.Err(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// romeo@canto.test/orchard   dnd wooing
}
