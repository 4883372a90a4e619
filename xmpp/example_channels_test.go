package xmpp_test

import (
	"context"
	"fmt"
	"log"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// An echo, channel style: one session, which ends with its connection.
func Example_channels() {
	srv, err := xmpptest.Start(nil) // in place of a server somewhere
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	ctx, cancel := context.WithCancel(context.Background())
	addr, opts := srv.JID("echo").String(), srv.Options("echo")
	talked := make(chan struct{})
	go func() {
		defer close(talked)
		talk(ctx, srv, "hello", "is there an echo?")
		cancel()
	}()

	s, err := xmpp.Dial(ctx, jid.MustParse(addr), opts)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	chats := s.Messages(ctx, stanza.Chat)
	s.Send(ctx, &stanza.Presence{})
	for m := range chats {
		if m.Body != "" {
			s.Send(ctx, m.Reply(m.Body))
		}
	}
	if err := s.Err(); err != nil {
		log.Fatal(err)
	}
	<-talked
	// Output:
	// echo: hello
	// echo: is there an echo?
}

// talk logs in as somebody who says these things to the echo and prints what comes back.
func talk(ctx context.Context, srv *xmpptest.Server, bodies ...string) {
	s, err := xmpp.Dial(ctx, srv.JID("friend"), srv.Options("friend"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	answers := s.Messages(ctx)
	for _, body := range bodies {
		if err := s.Send(ctx, &stanza.Message{To: srv.JID("echo"), Type: stanza.Chat, Body: body}); err != nil {
			log.Fatal(err)
		}
		m := <-answers
		fmt.Printf("%s: %s\n", m.From.Localpart(), m.Body)
	}
}
