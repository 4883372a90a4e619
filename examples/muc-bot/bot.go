package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/muc"
)

// bot enters the room, welcomes who comes and answers what it's asked, until the room is over for it; after a cut it's back there by itself.
func bot(ctx context.Context, client *xmpp.Client, at jid.JID) error {
	room, err := muc.Join(ctx, client, at, nil)
	if err != nil {
		return err
	}
	defer room.Leave(context.WithoutCancel(ctx))
	fmt.Printf("in %s as %q, with %d others\n", room.JID(), room.Nick(), room.Len()-1)
	for ev := range room.Events(ctx) {
		switch ev := ev.(type) {
		case muc.Joined:
			err = room.Say(ctx, "Welcome, "+ev.Nick+"! I know !help.")
		case *muc.Message:
			err = answer(ctx, room, ev)
		case muc.Away:
			fmt.Println("away:", ev.Err)
		case muc.Back:
			fmt.Println("back in the room")
		}
		if err != nil {
			return err
		}
	}
	return room.Err()
}

func answer(ctx context.Context, room *muc.Room, m *muc.Message) error {
	switch command, argument, _ := strings.Cut(m.Body, " "); {
	case m.Own || m.Private:
	case command == "!help":
		return room.Say(ctx, "I know !who and !topic, and for moderators !kick NICKNAME.")
	case command == "!who":
		var nicks []string
		for o := range room.Occupants() {
			nicks = append(nicks, o.Nick)
		}
		return room.Say(ctx, fmt.Sprintf("%d are here: %s.", len(nicks), strings.Join(nicks, ", ")))
	case command == "!topic":
		return room.Say(ctx, fmt.Sprintf("We speak about %q.", room.Topic().Text))
	case command == "!kick" && m.Sender.Role != muc.Moderator: // or it was said while we were away
		return room.Say(ctx, m.Nick+": moderators may ask that, now.")
	case command == "!kick":
		if err := room.Kick(ctx, argument, "asked by "+m.Nick); err != nil {
			return room.Say(ctx, m.Nick+": "+err.Error())
		}
	}
	return nil
}
