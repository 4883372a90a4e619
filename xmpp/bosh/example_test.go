package bosh_test

import (
	"context"
	"fmt"
	"log"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/bosh"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// A session over BOSH is a session like any other.
func ExampleDialer() {
	srv, err := xmpptest.Start(nil) // stands for a server on the Internet
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	ctx, o := context.Background(), srv.Options("alice") // a password, and whom to trust
	o.Transport = bosh.Dialer{URL: srv.BOSHURL()}.Connect

	s, err := xmpp.Dial(ctx, srv.JID("alice"), o)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	inbox := s.Messages(ctx)
	if err := s.Send(ctx, &stanza.Message{To: s.JID(), Body: "hello through the firewall"}); err != nil {
		log.Fatal(err)
	}
	fmt.Println((<-inbox).Body)
	// Output: hello through the firewall
}
