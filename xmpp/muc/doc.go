// Package muc is about rooms, in which many talk to each other: XEP-0045, with XEP-0249, XEP-0317, XEP-0410, XEP-0421 and XEP-0425.
//
//	room, err := muc.Join(ctx, s, jid.MustParse("garden@conference.example.com/robbie"), nil)
//	if errors.Is(err, stanza.Conflict) {
//		return fmt.Errorf("somebody else is called robbie there")
//	}
//	if err != nil {
//		return err
//	}
//	defer room.Leave(context.WithoutCancel(ctx))
//	for m := range room.Messages(ctx) {
//		if m.Body == "!ping" && !m.Own && !m.History {
//			if err := room.Say(ctx, "pong, "+m.Nick); err != nil {
//				return err
//			}
//		}
//	}
//	return room.Err()
//
// Join returns when we're in. Then the Room knows who else is (Occupants), and tells what happens there: Messages what is said to
// all, Whispers what is said to us alone, Events all of it, who comes and goes, too. Options say how much of what was said before is wanted;
// none, if nothing is said. A room that did not exist is made, and open to others when Join returns.
//
// # Coming back
//
// On a Client, the room comes back by itself in the next session, and brings what was said meanwhile, as far as the server keeps it, and
// nothing twice: what was said then is marked (Message.History). Where the stream is resumed, nothing had been lost, and the room is not entered again. Also, a
// room is entered again when its service was shut down or could not reach us, and when it has forgotten us, which a question to it finds out after some silence.
// Away and Back are the Events of that; meanwhile Say waits.
//
// A stay that is over for good closes Done, and Err says why: an *Ended, of which errors.Is(err, muc.Kicked) and the like can be asked, or what the
// Session or Client has ended with.
//
// # In a handler
//
// What a room answers to presence, such as our coming in, stands in one line with all that arrives. So Join, SetNick, SetTopic and Deliver must not
// be called in a handler (xmpp.Handler), which holds up that line: they return ErrInHandler where they can see it. Where a channel of the
// Room is read they may be called: the Room keeps a megabyte for each such channel. All that asks by a request may be called in handlers: Kick, Config and the others of Manager.
//
// # Whom to believe
//
// A room says what it likes of its occupants, and an occupant may have any nickname that is free: what a nickname has said is not said by a
// person. Occupant.JID is the person's address, where the room shows it; Occupant.ID is the same for the same person, where the room says that it
// sees to that (XEP-0421). Who may give commands to a bot is decided by one of these, or by Affiliation and Role, never by Nick: of Message.Sender, which is who has
// said it, not of who bears that nickname by the time it's read (Room.Occupant).
//
// Nobody but the room itself can make us believe that something happened there: what comes from an occupant's address is what that one
// says. Our own presence is known by the room's mark together with our nickname; a message taken back by a moderator, a change of the configuration, a request for
// voice, an invitation that is declined count only from the room's own address. Ids of messages and occupants are believed where the room has declared that it strips forged ones. A
// mediated invitation is the word of the room, and the one who has invited is what the room says; Invitation.Join asks first
// whether there is a room at all, so that nobody has our presence sent elsewhere.
//
// A topic is any message with a subject and without a body, from whoever the room lets set it.
//
// # What can't be read
//
// A nickname is the resourcepart of an address (RFC 7622 §3.4). Some rooms let people take one that is none, such as one with an emoji of several
// parts. The stanzas of such an occupant have no sender that could be named, and are skipped by package xmpp, which logs that; to us they are not there.
//
// # What a room may hold us to
//
// A room can say of as many occupants as it likes. A Room knows at most 50,000 of them and holds at most 32 MiB of what is said of them; those for whom
// there is no room are not there. What waits for a reader is bounded by a megabyte for each channel, counted as it came over the wire.
//
// # Architecture
//
// hub.go is what an endpoint knows of its rooms (xmpp.Shared), and gives each what comes from its address. room.go is a Room as others see
// it; join.go how it's entered, enter.go what the room says of its occupants and of us, return.go how it's entered again, ping.go how that is found to
// be needed. message.go is what is said, catchup.go what was said before or meanwhile. feed.go and feeds.go bring events to those who
// read them, at their pace. manage.go, voice.go, invite.go, register.go and info.go ask and answer; wire.go has the payloads, event.go, end.go, occupant.go and role.go the data.
package muc
