package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	addr, opts := os.Getenv("XMPP_JID"), &xmpp.Options{
		Password:  os.Getenv("XMPP_PASSWORD"),
		Addr:      os.Getenv("XMPP_ADDR"),
		DirectTLS: os.Getenv("XMPP_DIRECT_TLS") != "",
	}
	if addr == "" {
		var end func()
		addr, opts, end = demo(ctx, stop)
		defer end()
	}
	account, err := jid.Parse(addr)
	if err != nil {
		log.Fatal(err)
	}
	bot := xmpp.NewClient(account, opts)
	bot.Online = func(ctx context.Context, s *xmpp.Session) error {
		c := s.ConnectionState()
		fmt.Printf("online as %s: %s, %s, channel binding %q\n", c.JID, tls.VersionName(c.TLS.Version), c.Mechanism, c.ChannelBinding)
		return s.Send(ctx, &stanza.Presence{Status: "echoing"})
	}
	xmpp.OnMessage(bot, func(ctx context.Context, m *stanza.Message) error {
		if m.Body == "" {
			return nil
		}
		fmt.Printf("%s says %q\n", m.From.Bare(), m.Body)
		return bot.Send(ctx, m.Reply(m.Body))
	}, stanza.Chat, stanza.Normal)
	go func() {
		for state := range bot.State(ctx) {
			if state.Retry > 0 { // Run goes on trying
				log.Print(state)
			}
		}
	}()
	if err := bot.Run(ctx); err != nil {
		log.Fatal(err)
	}
}
