package muc

import (
	"errors"
	"fmt"

	"github.com/canto-im/canto/jid"
)

// An End says how a stay in a room has ended. It's an error, so that errors.Is(room.Err(), muc.Kicked) can be asked.
type End string

// The ends that are not of our own making.
const (
	Kicked      End = "kicked"       // by a moderator; whoever was may come again (XEP-0045 §8.2)
	Banned      End = "banned"       // by an admin, for good (§9.1)
	Destroyed   End = "destroyed"    // by an owner: there is no such room any more; see Ended.Alternate (§10.9)
	Excluded    End = "excluded"     // the room is for members, and we're none any more (§9.4)
	MembersOnly End = "members only" // the room is for members from now on (§10.2)
	Shutdown    End = "shutdown"     // of the service (§11.2)
	Unreachable End = "unreachable"  // the service could not reach us (§11.1)
	Lost        End = "lost"         // the service does not know of us any more, without having said so (XEP-0410)
)

// Error returns the name of the end.
func (e End) Error() string { return "muc: " + string(e) }

// An Ended is why a Room is over, or away for a while. errors.Is finds its End.
type Ended struct {
	Room jid.JID
	End  End

	By     string  // the nickname of who did it; "" where it's not said
	ByJID  jid.JID // their real address; zero where it's not said
	Reason string  // what they say, for people

	Alternate jid.JID // Destroyed: the room to go to; zero: none. It's the word of the owner who did it
	Password  string  // of Alternate
}

// Error says what happened; text from the wire is quoted.
func (e *Ended) Error() string {
	s := fmt.Sprintf("muc: %s: %s", e.Room, string(e.End))
	if e.By != "" {
		s += fmt.Sprintf(" by %q", e.By)
	}
	if e.Reason != "" {
		s += fmt.Sprintf(": %q", e.Reason)
	}
	if !e.Alternate.IsZero() {
		s += fmt.Sprintf("; go to %s", e.Alternate)
	}
	return s
}

// Unwrap returns the End.
func (e *Ended) Unwrap() error { return e.End }

// passes reports whether a room is to be entered again after that.
func (e *Ended) passes() bool { return e.End == Shutdown || e.End == Unreachable || e.End == Lost }

// readEnd is how an occupant has gone, by the presence that says so; "" by itself.
func readEnd(x *userX) End {
	switch {
	case x == nil:
		return ""
	case x.Destroy != nil:
		return Destroyed
	case x.has(banned):
		return Banned
	case x.has(affiliationLost):
		return Excluded
	case x.has(membersOnlyNow):
		return MembersOnly
	case x.has(serviceShutsDown):
		return Shutdown
	case x.has(technicalFailure): // before kicked, which comes with it
		return Unreachable
	case x.has(kicked):
		return Kicked
	}
	return ""
}

// ended is the end of our own stay.
func ended(room jid.JID, end End, x *userX) *Ended {
	e := &Ended{Room: room, End: end}
	it := x.item()
	if it.Actor != nil {
		e.By, e.ByJID = it.Actor.Nick, it.Actor.JID
	}
	e.Reason = it.Reason
	if x != nil && x.Destroy != nil {
		e.Reason, e.Alternate, e.Password = x.Destroy.Reason, x.Destroy.JID, x.Destroy.Password
	}
	return e
}

// The errors of calls that come at the wrong time.
var (
	// ErrJoined is returned by Join for a room that this endpoint is in, or about to enter, already: Find returns it.
	ErrJoined = errors.New("muc: this endpoint is in the room already: use that Room, or leave it first")
	// ErrLeft is returned by the methods of a Room that was left. One that has ended otherwise returns the reason.
	ErrLeft = errors.New("muc: the room was left")
	// ErrInHandler is returned by calls that wait for what the room says in presence or a message, such as Join, when they're made with
	// the ctx of a handler: it would stand behind the stanza that the handler has in hand. Make them in a goroutine, or in one that reads
	// from a channel of the Room.
	ErrInHandler = errors.New("muc: it waits for a stanza that comes after the one in hand: don't call it in a handler")
)
