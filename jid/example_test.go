package jid_test

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/canto-im/canto/jid"
)

func Example() {
	addr, err := jid.Parse("Romeo@Montague.example/Orchard")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(addr)
	fmt.Println(addr.Localpart(), addr.Domainpart(), addr.Resourcepart())
	seen := map[jid.JID]bool{addr.Bare(): true}
	fmt.Println(seen[jid.MustParse("romeo@montague.example")])
	// Output:
	// romeo@montague.example/Orchard
	// romeo montague.example Orchard
	// true
}

func ExampleParse_error() {
	_, err := jid.Parse("foo bar@example.com")
	fmt.Println(err)

	var parseError *jid.ParseError
	if errors.As(err, &parseError) {
		fmt.Println(parseError.Part, errors.Is(err, jid.Disallowed))
	}
	// Output:
	// jid: "foo bar@example.com": localpart holds a character that is not allowed there: U+0020 ' ' (Escape writes it as \20)
	// localpart true
}

func ExampleNew() {
	room, err := jid.New("garden", "chat.example.com", "")
	fmt.Println(room, err)
	occupant, err := room.WithResource("Romeo/Montague")
	fmt.Println(occupant, err)
	// Output:
	// garden@chat.example.com <nil>
	// garden@chat.example.com/Romeo/Montague <nil>
}

func ExampleJID_Host() {
	addr := jid.MustParse("a@München.example")
	fmt.Println(addr.Domainpart(), addr.Host())
	// Output: münchen.example xn--mnchen-3ya.example
}

func ExampleJID_MarshalText() {
	b, err := json.Marshal(map[jid.JID]string{jid.MustParse("romeo@montague.example"): "Romeo"})
	fmt.Println(string(b), err)
	// Output: {"romeo@montague.example":"Romeo"} <nil>
}

func ExampleEscape() {
	local, err := jid.Escape("d'artagnan")
	if err != nil {
		fmt.Println(err)
		return
	}
	addr, err := jid.New(local, "musketeers.lit", "")
	fmt.Println(addr, err)
	fmt.Println(jid.Unescape(addr.Localpart()))
	// Output:
	// d\27artagnan@musketeers.lit <nil>
	// d'artagnan
}

func ExampleParseURI() {
	u, err := jid.ParseURI("xmpp:romeo@montague.net?message;subject=Test%20Message")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(u.Address, u.Action, u.Get("subject"))
	// Output: romeo@montague.net message Test Message
}

func ExampleURI_String() {
	u := jid.URI{
		Address: jid.MustParse("jiři@čechy.example/v Praze"),
		Action:  "message",
		Params:  []jid.Param{{Key: "body", Value: "Ahoj!"}},
	}
	fmt.Println(u)
	fmt.Println(u.IRI())
	// Output:
	// xmpp:ji%C5%99i@%C4%8Dechy.example/v%20Praze?message;body=Ahoj%21
	// xmpp:jiři@čechy.example/v%20Praze?message;body=Ahoj%21
}
