package forward_test

import (
	"fmt"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/forward"
	"github.com/canto-im/canto/xmpp/stamp"
)

func Example() {
	got := &stanza.Message{From: jid.MustParse("juliet@capulet.lit/orchard"), Type: stanza.Chat, Body: "Yet I should kill thee with much cherishing."}
	at := time.Date(2010, 7, 10, 23, 8, 25, 0, time.UTC)
	m := &stanza.Message{
		From: jid.MustParse("romeo@montague.lit/orchard"), To: jid.MustParse("mercutio@verona.lit"), Type: stanza.Chat, Body: "A most courteous exposition!",
		Payloads: []stanza.Element{stanza.Payload(forward.Forwarded{Delay: stamp.Delay{Stamp: at}, Stanza: got})},
	}

	if f, ok := stanza.Find[forward.Forwarded](m); ok && f.Message() != nil {
		fmt.Printf("%s: %s\n", m.From.Localpart(), m.Body)
		fmt.Printf("> %s, as he says, at %v: %s\n", f.Message().From.Localpart(), f.Delay.Stamp, f.Message().Body)
	}
	// Output:
	// romeo: A most courteous exposition!
	// > juliet, as he says, at 2010-07-10 23:08:25 +0000 UTC: Yet I should kill thee with much cherishing.
}
