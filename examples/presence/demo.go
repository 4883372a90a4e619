package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// demo starts a server in this program and has the script run as romeo there, away after a second and with a command to say
// what he is. Juliet, a contact, comes, watches him, and goes when he's away; stop is called once he has seen that.
func demo(ctx context.Context, stop func(), sc *script) (end func()) {
	srv, err := xmpptest.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("no XMPP_JID is set: talking to a server inside this program, at", srv.Addr())
	sc.addr, sc.opts = srv.JID("romeo").String(), srv.Options("romeo")
	srv.Password("juliet") // makes the account
	if err := srv.Befriend("juliet", "romeo"); err != nil {
		log.Fatal(err)
	}
	sc.idle, sc.command, sc.wait = time.Second, "echo 'chat in Mantua'", srv.JID("juliet").String()
	sc.contacts = []string{sc.wait}
	came := false
	sc.seen = func(st roster.Status) {
		if came = came || st.Available(); came && !st.Available() {
			stop()
		}
	}
	go func() {
		if err := visit(ctx, srv); err != nil {
			log.Print(err)
			stop()
		}
	}()
	return func() { srv.Close() }
}

// visit is juliet.
func visit(ctx context.Context, srv *xmpptest.Server) error {
	s, err := xmpp.Dial(ctx, srv.JID("juliet/balcony"), srv.Options("juliet"))
	if err != nil {
		return err
	}
	defer s.Close()
	contacts, err := roster.Open(ctx, s)
	if err != nil {
		return err
	}
	seen := contacts.Watch(ctx, srv.JID("romeo"))
	if err := s.Send(ctx, &stanza.Presence{Status: "on the balcony"}); err != nil {
		return err
	}
	for st := range seen {
		fmt.Println("juliet sees:", st)
		switch {
		case st.Available() && st.Presence.Show == stanza.FreeForChat:
			err = s.Send(ctx, &stanza.Presence{Show: stanza.DoNotDisturb, Status: "the nurse calls"})
		case st.Available() && st.Presence.Show == stanza.Away:
			return nil
		}
		if err != nil {
			return err
		}
	}
	return s.Err()
}
