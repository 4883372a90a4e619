package mam_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/mam"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// The last two messages with Romeo, the newest first.
func ExampleQuery() {
	ctx := context.Background()
	srv, err := xmpptest.Start(&xmpptest.Options{Archive: &xmpptest.Archive{}})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	s, err := xmpp.Dial(ctx, srv.JID("juliet"), srv.Options("juliet"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	for i, body := range []string{"O blessed, blessed night!", "I am afeard.", "Being in night, all this is but a dream."} {
		m := "<message from='romeo@canto.test' to='juliet@canto.test' type='chat'><body>" + body + "</body></message>"
		if _, err := srv.Archive(srv.JID("juliet"), m, time.Date(2002, 9, 10, 23, 8, i, 0, time.UTC)); err != nil {
			log.Fatal(err)
		}
	}

	n := 0
	for it, err := range mam.Query(ctx, s, mam.Filter{With: srv.JID("romeo"), Backwards: true}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(it.Stamp.Format(time.TimeOnly), it.Message.Body)
		if n++; n == 2 {
			break
		}
	}
	// Output:
	// 23:08:02 Being in night, all this is but a dream.
	// 23:08:01 I am afeard.
}

// What was said while nobody followed, then what is said while somebody does.
func ExampleFollow() {
	ctx := context.Background()
	srv, err := xmpptest.Start(&xmpptest.Options{Archive: &xmpptest.Archive{}})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	juliet, err := xmpp.Dial(ctx, srv.JID("juliet"), srv.Options("juliet"))
	if err != nil {
		log.Fatal(err)
	}
	defer juliet.Close()
	romeo, err := xmpp.Dial(ctx, srv.JID("romeo"), srv.Options("romeo"))
	if err != nil {
		log.Fatal(err)
	}
	defer romeo.Close()
	say := func(body string) {
		if err := romeo.Send(ctx, &stanza.Message{To: juliet.JID(), Type: stanza.Chat, Body: body}); err != nil {
			log.Fatal(err)
		}
	}
	before := "<message from='romeo@canto.test/orchard' to='juliet@canto.test' type='chat'><body>Lady, by yonder blessed moon I swear</body></message>"
	if _, err := srv.Archive(srv.JID("juliet"), before, time.Now()); err != nil {
		log.Fatal(err)
	}

	lines := []string{"That tips with silver all these fruit-tree tops", "What shall I swear by?"}
	for it, err := range mam.Follow(ctx, juliet, &mam.FollowOptions{First: 10}) { // in the next run: what has come since
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(it.Message.From.Localpart()+":", it.Message.Body)
		if len(lines) == 0 {
			break
		}
		say(lines[0])
		lines = lines[1:]
	}
	// Output:
	// romeo: Lady, by yonder blessed moon I swear
	// romeo: That tips with silver all these fruit-tree tops
	// romeo: What shall I swear by?
}
