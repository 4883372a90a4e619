package xmpp_test

import (
	"context"
	"log"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// An echo, handler style: a client that stays online, whatever becomes of its connections.
func ExampleClient() {
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
		talk(ctx, srv, "hello")
		srv.DropConns() // the network goes
		talk(ctx, srv, "still there?")
		cancel()
	}()

	bot := xmpp.NewClient(jid.MustParse(addr), opts)
	bot.Online = func(ctx context.Context, s *xmpp.Session) error {
		return s.Send(ctx, &stanza.Presence{Status: "echoing"})
	}
	xmpp.OnMessage(bot, func(ctx context.Context, m *stanza.Message) error {
		if m.Body == "" {
			return nil
		}
		return bot.Send(ctx, m.Reply(m.Body))
	}, stanza.Chat)
	if err := bot.Run(ctx); err != nil {
		log.Fatal(err)
	}
	<-talked
	// Output:
	// echo: hello
	// echo: still there?
}
