package main

import (
	"fmt"
	"log"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// demo starts a server in this program and returns an account there.
func demo() (addr string, opts *xmpp.Options, end func()) {
	srv, err := xmpptest.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("no XMPP_JID is set: examining a server inside this program, at", srv.Addr())
	return srv.JID("juliet").String(), srv.Options("juliet"), func() { srv.Close() }
}
