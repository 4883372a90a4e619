package muc

import (
	"context"
	"encoding/xml"
	"errors"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/disco"
	"github.com/canto-im/canto/xmpp/form"
)

// reservedNode is where a room says which nickname it keeps for us.
const reservedNode = "x-roomuser-item"

// ReservedNick asks which nickname the room keeps for us (XEP-0045 §7.12); "" none.
func (m *Manager) ReservedNick(ctx context.Context) (string, error) {
	i, err := disco.Get(ctx, m.e, m.room, reservedNode)
	if errors.Is(err, stanza.ItemNotFound) || errors.Is(err, stanza.FeatureNotImplemented) || errors.Is(err, stanza.ServiceUnavailable) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	for _, id := range i.Identities {
		if id.Category == "conference" && id.Type == "text" {
			return id.Name, nil
		}
	}
	return "", nil
}

// registerQuery is jabber:iq:register, as rooms use it (XEP-0045 §7.10).
type registerQuery struct {
	XMLName      xml.Name   `xml:"jabber:iq:register query"`
	Instructions string     `xml:"jabber:iq:register instructions,omitempty"`
	Registered   *struct{}  `xml:"jabber:iq:register registered"`
	Username     string     `xml:"jabber:iq:register username,omitempty"`
	Remove       *struct{}  `xml:"jabber:iq:register remove"`
	Form         *form.Form `xml:"jabber:x:data x"`
}

// Register asks the room to make us a member and to keep that nickname for us (XEP-0045 §7.10). fill completes the form where the
// room wants to know more than the nickname; it may be nil. A room that decides later answers all the same, and then Events has what comes of it.
// errors.Is(err, stanza.Conflict) when the nickname is somebody else's, stanza.NotAllowed or stanza.ServiceUnavailable where nobody registers.
func (m *Manager) Register(ctx context.Context, nick string, fill func(*form.Form) error) error {
	q, err := xmpp.Get[registerQuery](ctx, m.e, m.room, registerQuery{})
	if err != nil {
		return err
	}
	answer := form.New(form.Answer, ns.MUCRegister, form.Of("muc#register_roomnick", nick))
	if f := q.Form; f != nil {
		if err := form.Set(f.Fields, "muc#register_roomnick", nick); err != nil {
			return err
		}
		if fill != nil {
			if err := fill(f); err != nil {
				return err
			}
		}
		if answer, err = f.Submit(); err != nil {
			return err
		}
	}
	return m.set(ctx, registerQuery{Form: answer})
}

// Unregister gives the nickname and the membership back.
func (m *Manager) Unregister(ctx context.Context) error {
	return m.set(ctx, registerQuery{Remove: &struct{}{}})
}
