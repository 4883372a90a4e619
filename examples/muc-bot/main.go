package main

import (
	"cmp"
	"context"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
)

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	account, room, opts := os.Getenv("XMPP_JID"), os.Getenv("XMPP_ROOM"), &xmpp.Options{
		Password:  os.Getenv("XMPP_PASSWORD"),
		Addr:      os.Getenv("XMPP_ADDR"),
		DirectTLS: os.Getenv("XMPP_DIRECT_TLS") != "",
	}
	if account == "" {
		var end func()
		account, room, opts, end = demo(ctx, stop)
		defer end()
	}
	if err := run(ctx, account, room, opts); err != nil {
		log.Fatal(err)
	}
}

// run keeps the bot online and in the room, until ctx ends or the room is over for it.
func run(ctx context.Context, account, room string, opts *xmpp.Options) error {
	addr, err := jid.Parse(account)
	if err != nil {
		return err
	}
	at, err := jid.Parse(room)
	if err != nil {
		return err
	}
	client := xmpp.NewClient(addr, opts)
	online, leave := context.WithCancel(context.WithoutCancel(ctx))
	over := make(chan error, 1)
	go func() { over <- client.Run(online) }()
	if err = bot(ctx, client, at); ctx.Err() != nil {
		err = nil // we were told to stop
	}
	leave()
	return cmp.Or(<-over, err)
}
