package xmpp_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"log"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// Version is a payload of the program's own (XEP-0092).
type Version struct {
	XMLName xml.Name `xml:"jabber:iq:version query"`
	Name    string   `xml:"name,omitempty"`
	Version string   `xml:"version,omitempty"`
}

// A question and its answer.
func ExampleGet() {
	srv, err := xmpptest.Start(nil) // in place of a server somewhere
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	ctx := context.Background()
	bot, err := xmpp.Dial(ctx, srv.JID("bot"), srv.Options("bot"))
	if err != nil {
		log.Fatal(err)
	}
	defer bot.Close()
	s, err := xmpp.Dial(ctx, srv.JID("alice"), srv.Options("alice"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	remove := xmpp.OnGet(bot, func(ctx context.Context, iq *stanza.IQ, q Version) (any, error) {
		return Version{Name: "mybot", Version: "1.0"}, nil
	})
	v, err := xmpp.Get[Version](ctx, s, bot.JID(), Version{})
	fmt.Println(v.Name, v.Version, err)

	remove()
	_, err = xmpp.Get[Version](ctx, s, bot.JID(), Version{})
	fmt.Println(errors.Is(err, stanza.ServiceUnavailable))
	// Output:
	// mybot 1.0 <nil>
	// true
}
