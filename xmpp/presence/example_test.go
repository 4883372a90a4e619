package presence_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/presence"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

func ExampleKeep() {
	ctx := context.Background()
	srv, err := xmpptest.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	bot := xmpp.NewClient(srv.JID("bot"), srv.Options("bot"))
	own, err := presence.Keep(ctx, bot, &presence.Options{Idle: 10 * time.Minute})
	if err != nil {
		log.Fatal(err)
	}
	defer own.Close()
	if err := own.Set(ctx, &stanza.Presence{Status: "at your service"}); err != nil { // at the start of every session
		log.Fatal(err)
	}
	bot.Online = func(ctx context.Context, s *xmpp.Session) error {
		fmt.Println("online:", own.Current().Status)
		return s.Close()
	}
	if err := bot.Run(ctx); err != nil {
		log.Fatal(err)
	}
	// Output: online: at your service
}

func ExampleParse() {
	p := presence.Parse("dnd in a meeting\n")
	fmt.Printf("%s %q\n", p.Show, p.Status)
	// Output: dnd "in a meeting"
}
