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
	opts := &xmpp.Options{}
	addr := flag.String("jid", os.Getenv("XMPP_JID"), "the account; empty: one on a server inside this program")
	flag.StringVar(&opts.Password, "password", "", "its password; empty: XMPP_PASSWORD")
	flag.StringVar(&opts.Addr, "addr", os.Getenv("XMPP_ADDR"), "host:port of the server; empty: found by DNS")
	flag.BoolVar(&opts.DirectTLS, "direct", os.Getenv("XMPP_DIRECT_TLS") != "", "that port speaks TLS from the first byte")
	file := flag.String("o", "", "write the report to this file, as Markdown")
	flag.Parse()
	opts.Password = cmp.Or(opts.Password, os.Getenv("XMPP_PASSWORD"))

	end := func() {}
	if *addr == "" {
		*addr, opts, end = demo()
	}
	account, err := jid.Parse(*addr)
	if err != nil {
		log.Fatal(err)
	}
	r := examine(ctx, account.Bare(), opts)
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
