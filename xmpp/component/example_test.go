package component_test

import (
	"context"
	"fmt"
	"log"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/component"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// An echo service that answers at every address of its domain, on a server inside the program.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	srv, err := xmpptest.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	// With a server of one's own: &xmpp.Options{Addr: "localhost:5347", Password: secret}.
	echo := component.NewClient(jid.MustParse("echo.canto.test"), srv.ComponentOptions("echo.canto.test"))
	online := make(chan struct{})
	echo.Online = func(context.Context, *xmpp.Session) error { close(online); return nil }
	xmpp.OnMessage(echo, func(ctx context.Context, m *stanza.Message) error {
		answer := m.Reply("you said: " + m.Body)
		answer.From = m.To // not from the domain, but from whom at the domain was spoken to
		return echo.Send(ctx, answer)
	}, stanza.Chat)
	ended := make(chan error)
	go func() { ended <- echo.Run(ctx) }()
	<-online

	alice, err := xmpp.Dial(ctx, srv.JID("alice"), srv.Options("alice"))
	if err != nil {
		log.Fatal(err)
	}
	defer alice.Close()
	inbox := alice.Messages(ctx)
	alice.Send(ctx, &stanza.Message{Type: stanza.Chat, To: jid.MustParse("anybody@echo.canto.test"), Body: "hello"})
	m := <-inbox
	fmt.Println(m.From, "says", m.Body)

	stop()
	fmt.Println("ended:", <-ended)
	// Output:
	// anybody@echo.canto.test says you said: hello
	// ended: <nil>
}
