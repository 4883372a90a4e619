package muc

import (
	"context"
	"encoding/xml"
	"errors"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/unmarshal"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/disco"
)

// An Invitation asks us into a room.
type Invitation struct {
	Room     jid.JID
	Password string // of the room
	Reason   string // for people
	Thread   string // the one-to-one chat that the room is to go on with (XEP-0045 §7.9)

	// From is who invites. Of a Direct invitation (XEP-0249) that's the sender. Else the room has passed it on (XEP-0045 §7.8.2), and
	// From is what the room says: a room can say what it likes.
	From   jid.JID
	Direct bool

	e xmpp.Endpoint
}

func (*Invitation) event() {}

// Invitations returns a channel of the invitations that arrive from now on, until ctx is done. Those to rooms that we're in are left
// out. A channel that is not read holds up the session when a megabyte waits for it. It declares that we take Direct ones (XEP-0249 §3).
func Invitations(ctx context.Context, e xmpp.Endpoint) <-chan *Invitation {
	h := hubOf(e)
	context.AfterFunc(ctx, disco.Of(e).Declare(ns.Conference))
	return channel(ctx, &h.invitations, func(ev Event) (*Invitation, bool) {
		i, ok := ev.(*Invitation)
		return i, ok
	})
}

// invited looks for an invitation in a message.
func (h *hub) invited(ctx context.Context, m *stanza.Message) {
	i := readInvitation(m)
	if i == nil {
		return
	}
	i.e = h.e
	if r, ok := h.find(i.Room); ok && r.Joined() { // XEP-0249 §4
		return
	}
	h.invitations.put(ctx, i, eventBytes+sizeOf(m))
}

// readInvitation returns the invitation in a message; nil: there is none that can be meant.
func readInvitation(m *stanza.Message) *Invitation {
	if x := userOf(m); x != nil && len(x.Invites) > 0 {
		if m.From.Localpart() == "" || m.From.Resourcepart() != "" {
			return nil // XEP-0045 §7.8.2: the room passes it on; one who is no room can't speak for one
		}
		it := x.Invites[0]
		i := &Invitation{Room: m.From, Password: x.Password, Reason: it.Reason, From: it.From}
		if it.Continue != nil {
			i.Thread = it.Continue.Thread
		}
		return i
	}
	for _, e := range m.Payloads {
		if !e.Is(ns.Conference, "x") {
			continue
		}
		x := readConference(e)
		if x.JID.Localpart() == "" || x.JID.Resourcepart() != "" || m.From.IsZero() {
			return nil
		}
		i := &Invitation{Room: x.JID, Password: x.Password, Reason: x.Reason, From: m.From, Direct: true}
		if x.Continue {
			i.Thread = x.Thread
		}
		return i
	}
	return nil
}

// ErrNoRoom is returned for an address that is no room's.
var ErrNoRoom = errors.New("muc: there is no room at that address")

// Join follows the invitation, with that nickname ("": the localpart of our own address). It asks first whether there is a room at all:
// whoever invites could have us send our presence anywhere else. o may say more; the Password is that of the invitation unless it has one.
// See the function Join.
func (i *Invitation) Join(ctx context.Context, nick string, o *Options) (*Room, error) {
	if _, err := Lookup(ctx, i.e, i.Room); err != nil {
		return nil, err
	}
	at, err := i.Room.WithResource(nick)
	if err != nil {
		return nil, err
	}
	var with Options
	if o != nil {
		with = *o
	}
	if with.Password == "" {
		with.Password = i.Password
	}
	return Join(ctx, i.e, at, &with)
}

// Decline says that we don't come; the reason is for people and may be empty. A Direct invitation can't be declined: nothing is sent
// (XEP-0249 §2).
func (i *Invitation) Decline(ctx context.Context, reason string) error {
	if i.Direct {
		return nil
	}
	x := userX{Decline: &inviteX{To: i.From, Reason: reason}}
	return i.e.Send(ctx, &stanza.Message{To: i.Room, Payloads: []stanza.Element{stanza.Payload(x)}})
}

// Invite asks somebody into the room, through the room (XEP-0045 §7.8.2), which makes them a member where they have to be. The reason is for people
// and may be empty. Declined is what comes if they don't want to. An error of the room comes later, as a message: see Events of its
// endpoint.
func (r *Room) Invite(ctx context.Context, who jid.JID, reason string) error {
	x := userX{Invites: []inviteX{{To: who, Reason: reason}}}
	return r.send(ctx, &stanza.Message{To: r.jid, Payloads: []stanza.Element{stanza.Payload(x)}}, nil)
}

// InviteDirectly asks somebody into the room without the room's help (XEP-0249), with the password that we've used. Where the
// room is for members, make them one first.
func (r *Room) InviteDirectly(ctx context.Context, who jid.JID, reason string) error {
	x := conferenceX{JID: r.jid, Password: r.opts.Password, Reason: reason}
	return r.send(ctx, &stanza.Message{To: who, Payloads: []stanza.Element{stanza.Payload(x)}}, nil)
}

// UnmarshalXML implements xml.Unmarshaler: an address that is none harms nothing else.
func (x *conferenceX) UnmarshalXML(dec *xml.Decoder, start xml.StartElement) error {
	return unmarshal.Via(dec, start, x, func(e stanza.Element) (conferenceX, error) { return readConference(e), nil })
}

func readConference(e stanza.Element) conferenceX {
	again := e.Attr("continue")
	return conferenceX{
		XMLName: e.Name(), JID: address(e, "jid"), Continue: again == "1" || again == "true",
		Password: e.Attr("password"), Reason: e.Attr("reason"), Thread: e.Attr("thread"),
	}
}
