package muc

import (
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp/form"
)

// An Event is something that happens in a room: a *Message, Joined, Left, Renamed, Changed, Topic, Moderated, Configured, Affiliated,
// Declined, *Request, Away or Back.
type Event interface{ event() }

// Joined says that somebody has come in.
type Joined struct{ Occupant }

// Left says that somebody has gone.
type Left struct {
	Occupant        // as it was
	Why      End    // Kicked, Banned and the like; "" has gone by itself
	By       string // the nickname of the one who did it; mostly unknown
	Reason   string // for people
	Status   string // the last words of one who has gone by itself
}

// Renamed says that somebody has another nickname.
type Renamed struct {
	Occupant        // as it is now
	Before   string // the nickname before
}

// Changed says that something else about an occupant is different: its role, its availability, its hats.
type Changed struct {
	Occupant          // as it is now
	Before   Occupant // as it was
	By       string   // the nickname of the one who did it, where the room says so
	Reason   string   // for people
}

// Topic says what the room speaks about, which is somebody's word: it may be changed by all whom the room lets do so.
type Topic struct {
	Text string // "": none
	By   string // the nickname of who has set it; "" the room itself, or unknown
}

// Moderated says that a moderator has taken a message back (XEP-0425): it is no longer to be shown.
type Moderated struct {
	StanzaID string // of the message: Message.StanzaID
	By       string // the nickname of the moderator; "" where it's not said
	ByID     string // the moderator's Occupant.ID
	Reason   string // for people
}

// Configured says that the configuration of the room has changed (XEP-0045 §10.2.1). Info tells what it is.
type Configured struct {
	Logged    bool // what's said is logged from now on, for all the world to see perhaps
	NotLogged bool // it's no longer
	ShowsJIDs bool // everybody sees real addresses from now on, ours too
	HidesJIDs bool // only moderators do from now on
}

// Affiliated says that somebody who is not in the room has another affiliation.
type Affiliated struct {
	JID         jid.JID
	Affiliation Affiliation
}

// Declined says that somebody does not follow an invitation. It's the word of the room, which passes on what it gets.
type Declined struct {
	From   jid.JID
	Reason string // for people
}

// A Request wants something that we may decide about, as a moderator or an admin: voice for somebody (XEP-0045 §8.6), or
// membership (§9.9). Room.Answer answers it.
type Request struct {
	JID        jid.JID    // who wants it
	Nick       string     // their nickname, or the one that they want
	Membership bool       // they want to be a member; else they want voice
	Form       *form.Form // the whole request
}

// Away says that we're out of the room against our will, and that the Room tries to come back by itself.
type Away struct {
	Err error // why: the end of the session, or an *Ended
}

// Back says that we're in again. What has changed meanwhile came before it; messages that the room has kept follow.
type Back struct{}

func (*Message) event()   {}
func (Joined) event()     {}
func (Left) event()       {}
func (Renamed) event()    {}
func (Changed) event()    {}
func (Topic) event()      {}
func (Moderated) event()  {}
func (Configured) event() {}
func (Affiliated) event() {}
func (Declined) event()   {}
func (*Request) event()   {}
func (Away) event()       {}
func (Back) event()       {}
