package chat_test

import (
	"fmt"
	"log"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/chat"
)

// What was written with a mistake, corrected and reacted to is one entry.
func ExampleConversation() {
	romeo, juliet := jid.MustParse("romeo@montague.example"), jid.MustParse("juliet@capulet.example")
	talk := chat.NewConversation(romeo, juliet, nil)

	sent := &stanza.Message{ID: stanza.NewID(), To: juliet, Type: stanza.Chat, Body: "what light through yonder airlock breaks?"}
	talk.Add(sent)
	correction, err := chat.Correct(sent, "what light through yonder window breaks?")
	if err != nil {
		log.Fatal(err)
	}
	talk.Add(correction)
	talk.Add(&stanza.Message{From: juliet, To: romeo, Type: stanza.Chat, Payloads: []stanza.Element{
		stanza.Payload(chat.Reactions{ID: sent.ID, Emoji: []string{"👋"}}),
	}})

	for e := range talk.All() {
		fmt.Println(e.Message.Body, e.Reactions)
	}
	// Output: what light through yonder window breaks? [{👋 [juliet@capulet.example]}]
}

// An answer quotes what it answers, for programs that don't know which message that was; BodyFor is for those that do.
func ExampleReplyTo() {
	got := &stanza.Message{ID: "m1", From: jid.MustParse("anna@example.com/tablet"), Type: stanza.Chat, Body: "We should bake a cake"}
	answer, err := chat.ReplyTo(got, "Great idea!")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Body)
	fmt.Println("or:", chat.BodyFor(answer, string(chat.FeatureReplies)))
	// Output:
	// > We should bake a cake
	// Great idea!
	// or: Great idea!
}

func ExampleStyleText() {
	for _, s := range chat.StyleText("it's *really*\n> so") {
		fmt.Printf("%q strong %t, quoted %d\n", s.Text, s.Style&chat.Strong != 0, s.Quote)
	}
	// Output:
	// "it's " strong false, quoted 0
	// "*" strong true, quoted 0
	// "really" strong true, quoted 0
	// "*" strong true, quoted 0
	// "\n" strong false, quoted 0
	// "> " strong false, quoted 1
	// "so" strong false, quoted 1
}
