package muc

import (
	"context"
	"testing"

	"github.com/canto-im/canto/internal/specexample"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// What a room says is read without a panic, whatever it is, and what is held of it is bounded.
func FuzzRoom(f *testing.F) {
	for _, file := range []string{"0045", "0249", "0317", "0410", "0421", "0425"} {
		for _, x := range specexample.Load(f, "testdata/xep"+file+".xml") {
			for _, e := range x.Elements {
				f.Add(e.String(), true)
			}
		}
	}
	for _, s := range []string{
		"<presence xmlns='jabber:client' from='coven@chat.shakespeare.lit/x'><x xmlns='http://jabber.org/protocol/muc#user'><item jid='a b@' affiliation='king' role='x'/><status code='-1'/><status code='99999999999999999999'/><status/></x></presence>",
		"<presence xmlns='jabber:client' from='coven@chat.shakespeare.lit/thirdwitch' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'><item nick=''/><status code='303'/></x></presence>",
		"<message xmlns='jabber:client' from='coven@chat.shakespeare.lit' type='groupchat'><subject/><retract xmlns='urn:xmpp:message-retract:1'><moderated xmlns='urn:xmpp:message-moderate:1' by='@'/></retract></message>",
		"<message xmlns='jabber:client' from='coven@chat.shakespeare.lit' type='error'/>",
	} {
		f.Add(s, false)
	}
	room := jid.MustParse("coven@chat.shakespeare.lit")
	f.Fuzz(func(t *testing.T, xml string, in bool) {
		st, err := stanza.Parse([]byte(xml))
		if err != nil {
			return
		}
		r := bareRoom(room, "thirdwitch", in)
		switch st := st.(type) {
		case *stanza.Presence:
			r.presence(context.Background(), st)
		case *stanza.Message:
			r.message(context.Background(), st)
			if i := readInvitation(st); i != nil && (i.Room.Localpart() == "" || i.Room.Resourcepart() != "") {
				t.Errorf("an invitation to no room: %v", i)
			}
		}
		if len(r.occupants.all) > 2 {
			t.Errorf("%d occupants of one stanza", len(r.occupants.all))
		}
		for nick, o := range r.occupants.all {
			if nick != o.Nick || nick == "" || len(o.Status) > maxText || len(o.Hats) > maxHats {
				t.Errorf("%q is %+v", nick, o)
			}
		}
	})
}
