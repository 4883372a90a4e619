package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/presence"
)

// A script is what the program was asked to do.
type script struct {
	addr          string
	opts          *xmpp.Options
	idle, every   time.Duration
	file, command string
	wait          string
	contacts      []string
	seen          func(roster.Status)
}

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	sc := &script{every: time.Minute, seen: func(roster.Status) {}, addr: os.Getenv("XMPP_JID"), opts: &xmpp.Options{
		Password:  os.Getenv("XMPP_PASSWORD"),
		Addr:      os.Getenv("XMPP_ADDR"),
		DirectTLS: os.Getenv("XMPP_DIRECT_TLS") != "",
	}}
	flag.DurationVar(&sc.idle, "idle", 10*time.Minute, "go away after so long without activity; 0: never")
	flag.StringVar(&sc.file, "file", "", "be what this file says, looked at every minute")
	flag.StringVar(&sc.command, "command", "", "be what this command of the shell prints, run every minute")
	flag.StringVar(&sc.wait, "wait", "", "say when this contact is available")
	flag.Parse()
	sc.contacts = flag.Args()
	if sc.addr == "" {
		end := demo(ctx, stop, sc)
		defer end()
	}
	if err := sc.run(ctx); err != nil {
		log.Fatal(err)
	}
}

// run does it all until ctx is done.
func (sc *script) run(ctx context.Context) error {
	account, err := jid.Parse(sc.addr)
	if err != nil {
		return err
	}
	watched, err := addresses(sc.contacts)
	if err != nil {
		return err
	}
	client := xmpp.NewClient(account, sc.opts)
	contacts, err := roster.Open(ctx, client)
	if err != nil {
		return err
	}
	own, err := presence.Keep(ctx, client, &presence.Options{Idle: sc.idle})
	if err != nil {
		return err
	}
	go sc.announce(contacts.Watch(ctx, watched...))
	if sc.wait != "" {
		who, err := jid.Parse(sc.wait)
		if err != nil {
			return err
		}
		go expect(ctx, contacts, who)
	}
	if from := sc.source(); from != nil {
		go mirror(ctx, own, sc.every, from)
	}
	go typed(ctx, own)
	log.Printf("connecting as %s", account)
	go complain(client.State(ctx))
	return client.Run(ctx)
}

// complain says why there is no connection, so that nobody waits for one with a wrong address.
func complain(states <-chan xmpp.State) {
	for st := range states {
		if st.Err != nil && st.Retry > 0 {
			log.Print(st)
		}
	}
}

func (sc *script) announce(statuses <-chan roster.Status) {
	for st := range statuses {
		fmt.Println(st)
		sc.seen(st)
	}
}

func expect(ctx context.Context, contacts *roster.Roster, who jid.JID) {
	if best, err := contacts.Wait(ctx, who); err == nil {
		fmt.Printf("%s is there at last, at %q\n", who, best.From.Resourcepart())
	}
}

func mirror(ctx context.Context, own *presence.Keeper, every time.Duration, from presence.Source) {
	if err := own.Mirror(ctx, every, from); err != nil {
		log.Print(err)
	}
}

// typed takes every line as a sign of life.
func typed(ctx context.Context, own *presence.Keeper) {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if err := own.Active(ctx); err != nil {
			log.Print(err)
		}
	}
}

// source is the file or the command, if there is one.
func (sc *script) source() presence.Source {
	switch {
	case sc.file != "":
		return presence.File(sc.file)
	case sc.command != "" && runtime.GOOS == "windows":
		return presence.Command("cmd", "/c", sc.command)
	case sc.command != "":
		return presence.Command("sh", "-c", sc.command)
	}
	return nil
}

func addresses(list []string) ([]jid.JID, error) {
	var all []jid.JID
	for _, text := range list {
		who, err := jid.Parse(text)
		if err != nil {
			return nil, err
		}
		all = append(all, who)
	}
	return all, nil
}
