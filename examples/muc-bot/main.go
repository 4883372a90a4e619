package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/muc"
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
	bot := xmpp.NewClient(addr, opts)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() { stop(talk(ctx, bot, at)) }()
	if err := bot.Run(ctx); err != nil {
		return err
	}
	if err := context.Cause(ctx); err != context.Canceled {
		return err
	}
	return nil
}

// talk joins the room and answers what happens there.
func talk(ctx context.Context, bot *xmpp.Client, at jid.JID) error {
	r, err := muc.Join(ctx, bot, at, nil)
	if err != nil {
		return err
	}
	fmt.Printf("in %s as %q, with %d others\n", r.JID(), r.Nick(), r.Len()-1)
	for ev := range r.Events(ctx) {
		say := ""
		switch ev := ev.(type) {
		case muc.Joined:
			say = "Welcome, " + ev.Nick + "! I know !help."
		case *muc.Message:
			if !ev.Own && !ev.Private {
				say = answer(ctx, r, ev)
			}
		case muc.Away:
			fmt.Println("away:", ev.Err)
		case muc.Back:
			fmt.Println("back in the room")
		}
		if say == "" {
			continue
		}
		if err := r.Say(ctx, say); err != nil {
			return err
		}
	}
	return r.Err()
}

// answer does what the message wants. A nickname is anybody's: whether its bearer is a moderator, the room says.
func answer(ctx context.Context, r *muc.Room, m *muc.Message) string {
	command, argument, _ := strings.Cut(m.Body, " ")
	who, _ := r.Occupant(m.Nick)
	switch command {
	case "!help":
		return "I know !who and !topic, and for moderators !kick NICKNAME."
	case "!who":
		var nicks []string
		for o := range r.Occupants() {
			nicks = append(nicks, o.Nick)
		}
		return fmt.Sprintf("%d are here: %s.", len(nicks), strings.Join(slices.Sorted(slices.Values(nicks)), ", "))
	case "!topic":
		return fmt.Sprintf("We speak about %q.", r.Topic().Text)
	case "!kick":
		if m.History || who.Role != muc.Moderator {
			return m.Nick + ": moderators may ask that, now."
		}
		if err := r.Kick(ctx, argument, "asked by "+m.Nick); err != nil {
			return m.Nick + ": " + err.Error()
		}
	}
	return ""
}
