package carbons_test

import (
	"context"
	"fmt"
	"log"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/carbons"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// What Juliet writes on her phone is seen on her desk.
func Example() {
	ctx := context.Background()
	srv, err := xmpptest.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	var sessions []*xmpp.Session
	for _, user := range []string{"juliet/phone", "juliet/desk", "romeo/garden"} {
		s, err := xmpp.Dial(ctx, srv.JID(user), srv.Options(user))
		if err != nil {
			log.Fatal(err)
		}
		defer s.Close()
		sessions = append(sessions, s)
	}
	phone, desk, romeo := sessions[0], sessions[1], sessions[2]

	copies := carbons.Copies(ctx, desk)
	if _, err := carbons.Enable(ctx, desk); err != nil {
		log.Fatal(err)
	}
	err = phone.Send(ctx, &stanza.Message{To: romeo.JID(), Type: stanza.Chat, Body: "What man art thou?"})
	if err != nil {
		log.Fatal(err)
	}
	c := <-copies
	fmt.Printf("%s to %s: %s\n", c.Direction, c.With().Localpart(), c.Message.Body)
	// Output: sent to romeo: What man art thou?
}
