package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
)

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	opts, contactOpts := &xmpp.Options{}, &xmpp.Options{}
	addr := flag.String("jid", os.Getenv("XMPP_JID"), "the account; empty: one on a server inside this program")
	flag.StringVar(&opts.Password, "password", "", "its password; empty: XMPP_PASSWORD")
	friend := flag.String("contact", os.Getenv("XMPP_CONTACT"), "a second account of the server, for subscriptions; empty: they are not tried")
	flag.StringVar(&contactOpts.Password, "contact-password", "", "its password; empty: XMPP_CONTACT_PASSWORD")
	flag.StringVar(&opts.Addr, "addr", os.Getenv("XMPP_ADDR"), "host:port of the server; empty: found by DNS")
	flag.BoolVar(&opts.DirectTLS, "direct", os.Getenv("XMPP_DIRECT_TLS") != "", "that port speaks TLS from the first byte")
	file := flag.String("o", "", "write the report to this file, as Markdown")
	flag.Parse()
	opts.Password = cmp.Or(opts.Password, os.Getenv("XMPP_PASSWORD"))
	contactOpts.Password = cmp.Or(contactOpts.Password, os.Getenv("XMPP_CONTACT_PASSWORD"))
	contactOpts.Addr, contactOpts.DirectTLS = opts.Addr, opts.DirectTLS

	end := func() {}
	if *addr == "" {
		*addr, *friend, opts, contactOpts, end = demo()
	}
	account, err := jid.Parse(*addr)
	if err != nil {
		log.Fatal(err)
	}
	var contact jid.JID
	if *friend != "" {
		if contact, err = jid.Parse(*friend); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("examining the server of", account.Domain())
	e := &examination{report: newReport(account, contact), opts: opts, contactOpts: contactOpts}
	e.examine(ctx)
	r := e.report
	end()
	r.print(os.Stdout)
	if *file != "" {
		if err := os.WriteFile(*file, []byte(r.markdown(time.Now())), 0o644); err != nil {
			log.Fatal(err)
		}
		fmt.Println("written to", *file)
	}
	if r.failures() > 0 {
		os.Exit(1)
	}
}
