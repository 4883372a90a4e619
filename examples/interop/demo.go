package main

import (
	"fmt"
	"log"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// demo starts a server in this program, with two accounts.
func demo() (account, contact string, opts, contactOpts *xmpp.Options, end func()) {
	srv, err := xmpptest.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("no XMPP_JID is set: examining a server inside this program, at", srv.Addr())
	return srv.JID("juliet").String(), srv.JID("romeo").String(), srv.Options("juliet"), srv.Options("romeo"), func() { srv.Close() }
}
