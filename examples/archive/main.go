package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/mam"
	"github.com/canto-im/canto/xmpp/muc"
)

// A script is what the program was asked to do.
type script struct {
	addr       string
	opts       *xmpp.Options
	with, room jid.JID
	dir        string
	seen       func(n int, live bool) // after each message of this run, the n-th
}

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	sc := &script{seen: func(int, bool) {}, addr: os.Getenv("XMPP_JID"), opts: &xmpp.Options{
		Password:  os.Getenv("XMPP_PASSWORD"),
		Addr:      os.Getenv("XMPP_ADDR"),
		DirectTLS: os.Getenv("XMPP_DIRECT_TLS") != "",
	}}
	flag.TextVar(&sc.with, "with", jid.JID{}, "the conversation with this `address` alone")
	flag.TextVar(&sc.room, "room", jid.JID{}, "what is said in this `room`, under a nickname: room@service/nickname")
	flag.StringVar(&sc.dir, "dir", "archive", "the `folder` that it all goes to")
	flag.Parse()
	run := sc.run
	if sc.addr == "" {
		run = sc.demo
	}
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

// run goes on where the last run was, until ctx ends.
func (sc *script) run(ctx context.Context) error {
	account, err := jid.Parse(sc.addr)
	if err != nil {
		return err
	}
	j, err := open(filepath.Join(sc.dir, "messages.jsonl"))
	if err != nil {
		return err
	}
	defer j.close()
	opts := *sc.opts
	opts.Store = xmpp.FileStore(filepath.Join(sc.dir, "state")) // where we are in the archive, among other things
	client := xmpp.NewClient(account, &opts)
	client.Online = func(ctx context.Context, s *xmpp.Session) error { return s.Send(ctx, &stanza.Presence{}) }
	online, leave := context.WithCancel(ctx)
	defer leave()
	over := make(chan error, 1)
	go func() { over <- client.Run(online) }()
	err = sc.follow(ctx, client, j)
	leave()
	return cmp.Or(<-over, err)
}

// follow writes what is in the archive, then what comes.
func (sc *script) follow(ctx context.Context, client *xmpp.Client, j *journal) error {
	archive := sc.room.Bare() // none: our account's
	if !sc.room.IsZero() {
		room, err := muc.Join(ctx, client, sc.room, nil)
		if err != nil {
			return unless(ctx, err)
		}
		defer room.Leave(context.WithoutCancel(ctx))
	}
	p := progress{seen: sc.seen}
	for it, err := range mam.Query(ctx, client, mam.Filter{Archive: archive, With: sc.with, Backwards: true, Page: 1}) {
		if err != nil {
			return unless(ctx, err)
		}
		p.newest = it
		break
	}
	p.begin(j)
	for it, err := range mam.Follow(ctx, client, &mam.FollowOptions{Archive: archive, With: sc.with, First: -1}) {
		if err != nil {
			return err
		}
		if err := j.write(it); err != nil {
			return err
		}
		p.pass(it)
	}
	return nil
}

// unless is err, unless ctx has ended: then that's why.
func unless(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("archive: %w", err)
}
