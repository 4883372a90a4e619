package roster

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// A Status is what is known of a contact's availability: that of its best resource.
type Status struct {
	Contact  jid.JID          // bare
	Presence *stanza.Presence // of the best resource; nil: not available, as far as is known
	Err      error            // why the contact can't be reached, when an error was the last that was heard: a *stanza.Error
}

// Available reports whether the contact is available.
func (s Status) Available() bool { return s.Presence != nil }

// String says the status in a line that is good for logs and terminals: what others have written is quoted.
func (s Status) String() string {
	name := s.Contact.String()
	switch {
	case s.Presence == nil && s.Err != nil:
		return fmt.Sprintf("%s can't be reached: %v", name, s.Err)
	case s.Presence == nil:
		return name + " is offline"
	}
	show := map[stanza.Show]string{
		stanza.Online: "online", stanza.Away: "away", stanza.FreeForChat: "free for chat",
		stanza.DoNotDisturb: "busy", stanza.ExtendedAway: "away for longer",
	}[s.Presence.Show]
	if s.Presence.Status == "" {
		return name + " is " + show
	}
	return fmt.Sprintf("%s is %s: %q", name, show, s.Presence.Status)
}

// same reports whether two statuses say the same to people.
func (s Status) same(o Status) bool {
	if (s.Presence == nil) != (o.Presence == nil) || (s.Err == nil) != (o.Err == nil) {
		return false
	}
	if s.Err != nil && s.Err.Error() != o.Err.Error() {
		return false
	}
	return s.Presence == nil || s.Presence.From == o.Presence.From && s.Presence.Show == o.Presence.Show &&
		s.Presence.Status == o.Presence.Status && slices.Equal(s.Presence.Statuses, o.Presence.Statuses) &&
		(s.Presence.Priority < 0) == (o.Presence.Priority < 0)
}

// A transition is a change of status.
type transition struct{ from, to Status }

func mergeTransitions(old, new transition) (transition, bool) {
	t := transition{old.from, new.to}
	return t, !t.from.same(t.to)
}

// Watch returns a channel of the statuses of these contacts, each time one changes from now on: the best resource is another,
// or its show or its text, or whether its priority is negative. It does not begin with the present ones: those Status says,
// best after Watch was called. Without contacts it's of all. It closes when ctx is done, with Close, and with the session
// when the roster is one's. When a session ends, nobody is known to be available; statuses of the next one follow. A channel
// that is not read holds nothing up: statuses that wait are merged, so that the latest of each contact is what comes.
func (r *Roster) Watch(ctx context.Context, contacts ...jid.JID) <-chan Status {
	return channel(ctx, &r.statuses, among(contacts), mergeTransitions, func(t transition) Status { return t.to })
}

// among returns what tells the contacts from others; nil when all are meant.
func among(contacts []jid.JID) func(jid.JID) bool {
	if len(contacts) == 0 {
		return nil
	}
	set := make(map[jid.JID]struct{}, len(contacts))
	for _, c := range contacts {
		set[c.Bare()] = struct{}{}
	}
	return func(who jid.JID) bool { _, ok := set[who]; return ok }
}

// Wait returns what Best returns once that is not nil, at once if it is so now. It waits until ctx is done, whose cause it
// returns, or until the roster is closed: ErrClosed. With a ctx that has no end it may not return at all: for a contact that
// never comes, that is not in the roster or does not let us see its presence, or whose presence had come before the roster was
// opened; and on a Client whose Run has returned, until Close. Do not call it in a handler: the presence would wait behind it.
func (r *Roster) Wait(ctx context.Context, contact jid.JID) (*stanza.Presence, error) {
	watching, enough := context.WithCancel(ctx)
	defer enough()
	seen := r.Watch(watching, contact)
	for {
		if best := r.Best(contact); best != nil {
			return best, nil
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case _, open := <-seen:
			switch {
			case open:
			case ctx.Err() != nil:
				return nil, context.Cause(ctx)
			default:
				_, err := r.online(ctx)
				return nil, cmp.Or(err, ErrClosed)
			}
		}
	}
}
