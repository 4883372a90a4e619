package main

import (
	"context"
	"fmt"
	"log"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// demo starts a server in this program and returns the bot's account there. A second account talks to the bot once it's
// online and calls stop when it has said all.
func demo(ctx context.Context, stop func()) (addr string, opts *xmpp.Options, end func()) {
	srv, err := xmpptest.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("no XMPP_JID is set: talking to a server inside this program, at", srv.Addr())
	go func() {
		defer stop()
		if err := visit(ctx, srv); err != nil {
			log.Print(err)
		}
	}()
	return srv.JID("bot").String(), srv.Options("bot"), func() { srv.Close() }
}

// visit logs in as juliet, waits for the bot, and talks to it.
func visit(ctx context.Context, srv *xmpptest.Server) error {
	s, err := xmpp.Dial(ctx, srv.JID("juliet/balcony"), srv.Options("juliet"))
	if err != nil {
		return err
	}
	defer s.Close()
	if err := srv.Befriend("juliet", "bot"); err != nil {
		return err
	}
	watching, enough := context.WithCancel(ctx)
	defer enough()
	echoes, seen := s.Messages(ctx, stanza.Chat), s.Presences(watching, stanza.Available)
	if err := s.Send(ctx, &stanza.Presence{}); err != nil {
		return err
	}
	for p := range seen {
		if p.From.Bare() == srv.JID("bot") {
			fmt.Printf("juliet sees %s online: %q\n", p.From.Bare(), p.Status)
			enough() // what is subscribed to has to be taken: others wait behind it
		}
	}
	for _, line := range []string{"O Romeo, Romeo!", "wherefore art thou Romeo?"} {
		if err := s.Send(ctx, &stanza.Message{To: srv.JID("bot"), Type: stanza.Chat, Body: line}); err != nil {
			return err
		}
		if m, ok := <-echoes; ok {
			fmt.Printf("%s answers %q\n", m.From.Bare(), m.Body)
		}
	}
	return nil
}
