package muc

import (
	"context"
	"errors"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
)

// A Manager is what the moderators, admins and owners of a room do. They need not be in the room for it, but moderators have to. A Room
// has one. Its methods ask, and may be called in handlers; an error of the room is a *stanza.Error: errors.Is(err, stanza.Forbidden)
// when it's not ours to do, stanza.NotAllowed when nobody may, or not to that one, stanza.ItemNotFound when there is no such
// occupant.
type Manager struct {
	e    xmpp.Endpoint
	room jid.JID
}

// Manage returns the Manager of a room; a nickname in the address means nothing.
func Manage(e xmpp.Endpoint, room jid.JID) *Manager { return &Manager{e, room.Bare()} }

// set asks the room to take a payload.
func (m *Manager) set(ctx context.Context, payload any) error {
	return xmpp.Set(ctx, m.e, m.room, payload)
}

// An Item is a line in one of the lists of a room: who has an affiliation, or a role.
type Item struct {
	JID         jid.JID // bare in lists of affiliations; zero where the room does not say it
	Nick        string  // in lists of affiliations, the one that is registered
	Affiliation Affiliation
	Role        Role
	Reason      string // for people
}

// Affiliated returns those who have an affiliation: the owners, the admins, the members, the banned (XEP-0045 §9.2, §9.5, §10.5, §10.8). Who has
// none is in no list.
func (m *Manager) Affiliated(ctx context.Context, a Affiliation) ([]Item, error) {
	return m.list(ctx, adminItem{Affiliation: a})
}

// WithRole returns those who are in the room with a role (XEP-0045 §8.5, §9.8).
func (m *Manager) WithRole(ctx context.Context, r Role) ([]Item, error) {
	return m.list(ctx, adminItem{Role: r})
}

func (m *Manager) list(ctx context.Context, ask adminItem) ([]Item, error) {
	q, err := xmpp.Get[adminQuery](ctx, m.e, m.room, adminQuery{Items: []adminItem{ask}})
	if err != nil {
		return nil, err
	}
	list := make([]Item, 0, len(q.Items))
	for _, it := range q.Items {
		list = append(list, Item{it.JID, it.Nick, it.Affiliation, it.Role, it.Reason})
	}
	return list, nil
}

// Change changes several affiliations or roles at once, all or none where the room can do that. An Item with a Role names its
// occupant by the Nick; one with an Affiliation names its person by the JID, and may have a Nick that is to be registered for it.
func (m *Manager) Change(ctx context.Context, items ...Item) error {
	var q adminQuery
	for _, it := range items {
		switch {
		case (it.Role == "") == (it.Affiliation == ""):
			return errors.New("muc: a change is of a role or of an affiliation, and not of both")
		case it.Role != "":
			it.JID = jid.JID{}
		}
		q.Items = append(q.Items, adminItem{Affiliation: it.Affiliation, JID: it.JID, Nick: it.Nick, Role: it.Role, Reason: it.Reason})
	}
	return m.set(ctx, q)
}

// SetRole gives an occupant a role (XEP-0045 §8.3, §8.4, §9.6, §9.7): a Visitor has no voice in a moderated room, a Participant has. The reason
// is for people and may be empty.
func (m *Manager) SetRole(ctx context.Context, nick string, r Role, reason string) error {
	return m.Change(ctx, Item{Nick: nick, Role: r, Reason: reason})
}

// SetAffiliation gives somebody an affiliation, by their bare address (XEP-0045 §9.3, §9.4, §10.3 to §10.7).
func (m *Manager) SetAffiliation(ctx context.Context, who jid.JID, a Affiliation, reason string) error {
	return m.Change(ctx, Item{JID: who.Bare(), Affiliation: a, Reason: reason})
}

// Kick sends an occupant out of the room (XEP-0045 §8.2), who may come again.
func (m *Manager) Kick(ctx context.Context, nick, reason string) error {
	return m.SetRole(ctx, nick, NoRole, reason)
}

// Ban sends somebody out of the room for good, by their address (XEP-0045 §9.1): Occupant.JID shows it to moderators. SetAffiliation with
// NoOne takes it back.
func (m *Manager) Ban(ctx context.Context, who jid.JID, reason string) error {
	return m.SetAffiliation(ctx, who, Outcast, reason)
}

// Config asks for the configuration of the room (XEP-0045 §10.2). The fields of the form are those of §16.5.3 and of the server's own.
func (m *Manager) Config(ctx context.Context) (*form.Form, error) {
	q, err := xmpp.Get[ownerQuery](ctx, m.e, m.room, ownerQuery{})
	if err != nil {
		return nil, err
	}
	if q.Form == nil {
		return nil, errors.New("muc: the room has no configuration to show")
	}
	return q.Form, nil
}

// Configure gives the room the configuration that Config has brought and that was changed, with form.Set.
func (m *Manager) Configure(ctx context.Context, f *form.Form) error {
	answer, err := f.Submit()
	if err != nil {
		return err
	}
	return m.set(ctx, ownerQuery{Form: answer})
}

// A Destruction says why a room is destroyed, and where to go instead.
type Destruction struct {
	Reason    string  // for people
	Alternate jid.JID // another room; zero: none
	Password  string  // of that one
}

// Destroy ends the room (XEP-0045 §10.9). A nil d says nothing more than that.
func (m *Manager) Destroy(ctx context.Context, d *Destruction) error {
	if d == nil {
		d = &Destruction{}
	}
	return m.set(ctx, ownerQuery{Destroy: &ownerDestroy{JID: d.Alternate, Reason: d.Reason, Password: d.Password}})
}

// Moderate takes back what somebody has said (XEP-0425), by Message.StanzaID: who is in the room is told, and those programs that
// heed it no longer show it. Room.Events has Moderated then. Where the room can't do that: stanza.ServiceUnavailable or
// stanza.FeatureNotImplemented.
func (m *Manager) Moderate(ctx context.Context, stanzaID, reason string) error {
	return m.set(ctx, moderateX{ID: stanzaID, Reason: reason})
}

// moderation reads that a message was taken back by a moderator. Only the room itself can say so (XEP-0425 §5): the caller has made
// sure that the message is the room's.
func moderation(m *stanza.Message) (ev Moderated, ok bool) {
	x, ok := stanza.Find[retractX](m)
	if !ok || x.Moderated == nil || x.ID == "" {
		return ev, false
	}
	ev = Moderated{StanzaID: clip(x.ID, maxText), Reason: clip(x.Reason, maxTopic)}
	if by, err := jid.Parse(x.Moderated.By); err == nil {
		ev.By = by.Resourcepart()
	}
	if x.Moderated.Occupant != nil {
		ev.ByID = clip(x.Moderated.Occupant.ID, maxText)
	}
	return ev, true
}
