package form_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"log"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// vote is what a bot asks, and what it is told.
func vote() *form.Form {
	f := form.New(form.Asking, "urn:example:vote", form.Field{
		Var: "mascot", Type: form.ListSingle, Label: "Mascot", Required: true,
		Options: []form.Option{{Label: "Light Bulb", Value: "light_bulb"}, {Label: "Penguin", Value: "penguin"}},
	})
	f.Title = "Vote #134"
	return f
}

// ballot is the payload that carries the form.
type ballot struct {
	XMLName xml.Name   `xml:"urn:example:vote ballot"`
	Form    *form.Form `xml:"jabber:x:data x"`
}

// A bot asks with a form; a client reads it, fills it in and sends it back; what is not good is refused.
func Example() {
	ctx := context.Background()
	srv, err := xmpptest.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	bot, err := xmpp.Dial(ctx, srv.JID("bot"), srv.Options("bot"))
	if err != nil {
		log.Fatal(err)
	}
	defer bot.Close()
	xmpp.OnGet(bot, func(context.Context, *stanza.IQ, ballot) (any, error) { return ballot{Form: vote()}, nil })
	xmpp.OnSet(bot, func(_ context.Context, _ *stanza.IQ, b ballot) (any, error) {
		f, err := vote().Fill(b.Form)
		if err != nil {
			return nil, err // not-acceptable
		}
		fmt.Println("a vote for", f.Value("mascot"))
		return nil, nil
	})

	s, err := xmpp.Dial(ctx, srv.JID("alice"), srv.Options("alice"))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	b, err := xmpp.Get[ballot](ctx, s, bot.JID(), ballot{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(b.Form.Title)
	fmt.Println(form.Set(b.Form.Fields, "mascot", "moose"))
	if err := form.Set(b.Form.Fields, "mascot", "penguin"); err != nil {
		log.Fatal(err)
	}
	answer, err := b.Form.Submit()
	if err != nil {
		log.Fatal(err)
	}
	if err := xmpp.Set(ctx, s, bot.JID(), ballot{Form: answer}); err != nil {
		log.Fatal(err)
	}
	err = xmpp.Set(ctx, s, bot.JID(), ballot{Form: form.New(form.Answer, "", form.Of("mascot", "moose"))})
	fmt.Println(errors.Is(err, stanza.NotAcceptable))
	// Output:
	// Vote #134
	// form: field "mascot": the value is none of the options
	// a vote for penguin
	// true
}

// The pages and sections of a form, as a program without a user interface would show them.
func ExampleForm_Layout() {
	for _, page := range vote().Layout() {
		fmt.Println("##", page.Label)
		for _, part := range page.Parts {
			field := vote().Field(part.Field)
			fmt.Println(field.Label + "?")
			for _, o := range field.Options {
				fmt.Println("-", o.Label)
			}
		}
	}
	// Output:
	// ## Vote #134
	// Mascot?
	// - Light Bulb
	// - Penguin
}
