package chat

import (
	"encoding/xml"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/stamp"
)

// A Retraction asks all to forget a message of the same sender (XEP-0424) or, from a room, of somebody whom it has moderated (XEP-0425): a
// payload.
type Retraction struct {
	XMLName   xml.Name   `xml:"urn:xmpp:message-retract:1 retract"`
	ID        string     `xml:"id,attr,omitempty"`
	Moderated *Moderated `xml:"urn:xmpp:message-moderate:1 moderated"`
	Reason    string     `xml:"reason,omitempty"`
}

// Retracted stands in an archive in place of a message that was retracted (XEP-0424 §4): a payload.
type Retracted struct {
	XMLName   xml.Name   `xml:"urn:xmpp:message-retract:1 retracted"`
	ID        string     `xml:"id,attr,omitempty"` // of the Retraction's message
	By        jid.JID    `xml:"by,attr"`
	Stamp     stamp.Time `xml:"stamp,attr"` // when
	Moderated *Moderated `xml:"urn:xmpp:message-moderate:1 moderated"`
	Reason    string     `xml:"reason,omitempty"`
}

// Moderated says who has had a room retract a message (XEP-0425 §3.1).
type Moderated struct {
	By       jid.JID   `xml:"by,attr"` // zero: that is not said
	Occupant *Occupant `xml:"urn:xmpp:occupant-id:0 occupant-id"`
}

// An Occupant is who somebody is to a room, whatever the nickname (XEP-0421). Package muc has the rest of it.
type Occupant struct {
	XMLName xml.Name `xml:"urn:xmpp:occupant-id:0 occupant-id"`
	ID      string   `xml:"id,attr"`
}

// retractText is for those who don't know retractions (XEP-0424 §3).
const retractText = "/me retracted a previous message, but it's unsupported by your client."

// Retract returns a message that asks all to forget sent, which is ours: as it was sent with its ID or, in a room, as the room has sent it
// on (XEP-0424 §5.1). Nobody can be sure that it is forgotten. The error is ErrNoID.
func Retract(sent *stanza.Message) (*stanza.Message, error) {
	id := sent.ID
	if sent.Type == stanza.GroupChat {
		var ok bool
		if id, ok = stamp.IDBy(sent, sent.From.Bare()); !ok {
			// XEP-0424 §5.1: of a room that names no messages, the id that we have given it.
			own, _ := stanza.Find[stamp.OriginID](sent)
			id = own.ID
		}
	}
	if id == "" || sent.Type == stanza.MessageError {
		return nil, ErrNoID
	}
	return &stanza.Message{ID: stanza.NewID(), To: addressee(sent), Type: sent.Type, Body: retractText, Thread: sent.Thread, Payloads: []stanza.Element{
		stanza.Payload(Retraction{ID: id}), stanza.Payload(Fallback{For: ns.Retract}), stanza.Payload(Store),
	}}, nil
}

// addressee is to whom a message of ours went: the room where it comes from there.
func addressee(sent *stanza.Message) jid.JID {
	if sent.Type == stanza.GroupChat && sent.From.Resourcepart() != "" && (sent.To.IsZero() || sent.To.Bare() != sent.From.Bare()) {
		return sent.From.Bare()
	}
	if sent.Type == stanza.GroupChat {
		return sent.To.Bare()
	}
	return sent.To
}
