package pubsub_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"log"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/pubsub"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// Tune is what somebody listens to (XEP-0118).
type Tune struct {
	XMLName xml.Name `xml:"http://jabber.org/protocol/tune tune"`
	Artist  string   `xml:"artist,omitempty"`
	Title   string   `xml:"title,omitempty"`
}

func login(ctx context.Context, srv *xmpptest.Server, user string) *xmpp.Session {
	s, err := xmpp.Dial(ctx, srv.JID(user), srv.Options(user))
	if err != nil {
		log.Fatal(err)
	}
	return s
}

// Contacts hear what Juliet listens to.
func Example() {
	ctx := context.Background()
	srv, err := xmpptest.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	juliet, romeo := login(ctx, srv, "juliet"), login(ctx, srv, "romeo")
	defer juliet.Close()
	defer romeo.Close()
	if err := srv.Befriend("juliet", "romeo"); err != nil {
		log.Fatal(err)
	}

	const node = "http://jabber.org/protocol/tune"
	tunes := pubsub.PersonalEvents[Tune](ctx, romeo, node) // or OnPersonal, for a function
	for _, s := range []*xmpp.Session{juliet, romeo} {
		if err := s.Send(ctx, &stanza.Presence{}); err != nil {
			log.Fatal(err)
		}
	}
	if _, err := pubsub.Publish(ctx, juliet, jid.JID{}, node, "", Tune{Artist: "Gerald Finzi", Title: "Introduction"}); err != nil {
		log.Fatal(err)
	}
	ev := <-tunes
	fmt.Println(ev.Service, "listens to", ev.Items[0].Payload.Title)
	// Output: juliet@canto.test listens to Introduction
}

// A node with news at a service, whose items are read again from the last.
func ExampleItems() {
	ctx := context.Background()
	srv, err := xmpptest.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	s := login(ctx, srv, "juliet")
	defer s.Close()
	type entry struct {
		XMLName xml.Name `xml:"http://www.w3.org/2005/Atom entry"`
		Title   string   `xml:"title"`
	}

	service := jid.MustParse("pubsub.canto.test") // disco.Services finds it
	_, err = pubsub.Create(ctx, s, service, "news", form.Of(pubsub.MaxItems, 100), form.Of(pubsub.AccessModel, pubsub.Open))
	if err != nil {
		log.Fatal(err)
	}
	for _, title := range []string{"Ghostly Encounters", "Alone", "Soliloquy"} {
		if _, err := pubsub.Publish(ctx, s, service, "news", "", entry{Title: title}); err != nil {
			log.Fatal(err)
		}
	}
	for item, err := range pubsub.Items[entry](ctx, s, service, "news", &pubsub.Query{Latest: 2}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(item.Payload.Title)
	}
	_, err = pubsub.Latest[entry](ctx, s, service, "weather")
	fmt.Println("no such node:", errors.Is(err, stanza.ItemNotFound))
	// Output:
	// Alone
	// Soliloquy
	// no such node: true
}
