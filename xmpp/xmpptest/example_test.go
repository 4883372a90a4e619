package xmpptest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// A program that is no test starts a server by itself.
func Example() {
	ctx := context.Background()
	srv, err := xmpptest.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	alice, err := xmpp.Dial(ctx, srv.JID("alice"), srv.Options("alice"))
	if err != nil {
		log.Fatal(err)
	}
	defer alice.Close()
	bob, err := xmpp.Dial(ctx, srv.JID("bob/phone"), srv.Options("bob"))
	if err != nil {
		log.Fatal(err)
	}
	defer bob.Close()

	inbox := bob.Messages(ctx)
	if err := alice.Send(ctx, &stanza.Message{To: bob.JID(), Body: "hello"}); err != nil {
		log.Fatal(err)
	}
	m := <-inbox
	fmt.Println(m.From.Bare(), "to", m.To, "over", alice.ConnectionState().Mechanism+":", m.Body)
	// Output: alice@canto.test to bob@canto.test/phone over SCRAM-SHA-512-PLUS: hello
}

// A server that has no security to offer: the client's own error says which step failed.
func ExampleScript() {
	client, server := net.Pipe()
	script := xmpptest.Script{Text: `
< <stream:stream to='example.org' version='1.0'>
> <stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' from='example.org' id='1' version='1.0'>
> <stream:features/>
< <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
> <failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
`}
	done := make(chan error)
	go func() {
		done <- script.Play(server)
		server.Close()
	}()
	_, err := xmpp.NewSession(context.Background(), client, jid.MustParse("alice@example.org"), &xmpp.Options{Password: "secret"})
	var failed *xmpp.DialError
	if errors.As(err, &failed) {
		fmt.Println("step:", failed.Step)
	}
	fmt.Println("script:", <-done)
	// Output:
	// step: tls
	// script: <nil>
}
