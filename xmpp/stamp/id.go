package stamp

import (
	"encoding/xml"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// A StanzaID is what an entity on the way of a stanza calls it (XEP-0359 §2.1): unique and for ever among all that By has named.
// In an archive it's the name of the message there (XEP-0313 §3.5). IDBy and IDOf say which ones to believe.
type StanzaID struct {
	XMLName xml.Name `xml:"urn:xmpp:sid:0 stanza-id"`
	ID      string   `xml:"id,attr"`
	By      jid.JID  `xml:"by,attr"`
}

// An OriginID is what the sender of a stanza calls it (XEP-0359 §2.2): anybody can claim any.
type OriginID struct {
	XMLName xml.Name `xml:"urn:xmpp:sid:0 origin-id"`
	ID      string   `xml:"id,attr"`
}

// A ReferencedStanza names another stanza, by the StanzaID of that one (XEP-0359 §4).
type ReferencedStanza struct {
	XMLName xml.Name `xml:"urn:xmpp:sid:0 referenced-stanza"`
	ID      string   `xml:"id,attr"`
	By      jid.JID  `xml:"by,attr"` // zero: that is not said
}

// IDBy returns what by calls st, "" if it has given it no name. By has to be an entity that the stanza has passed: see IDOf. Where
// the stanza has two names by the same one, which differ, one of them is forged and neither is returned (XEP-0359 §3 rule 4).
func IDBy(st stanza.Stanza, by jid.JID) (id string, ok bool) {
	for _, e := range st.Elements() {
		if !e.Is(ns.StanzaID, "stanza-id") {
			continue
		}
		if at, err := jid.Parse(e.Attr("by")); err != nil || at != by {
			continue
		}
		switch this := e.Attr("id"); {
		case this == "": // XEP-0359 §3 rule 6
			return "", false
		case !ok:
			id, ok = this, true
		case this != id:
			return "", false
		}
	}
	return id, ok
}

// IDOf returns what the archive that a message belongs to calls it, for the account own that has received it, a full or a bare
// address: the room's name for a message through a room, our own account's for any other (XEP-0359 §3 rule 7). Archive says
// which one that is.
func IDOf(m *stanza.Message, own jid.JID) (id StanzaID, ok bool) {
	id.By = Archive(m, own)
	id.ID, ok = IDBy(m, id.By)
	if !ok {
		return StanzaID{}, false
	}
	return id, true
}

// Archive returns whose archive a message belongs to that own has received: the room's for a message through a room, else that
// of our own account (XEP-0313 §3.3).
func Archive(m *stanza.Message, own jid.JID) jid.JID {
	if m.Type == stanza.GroupChat {
		return m.From.Bare()
	}
	return own.Bare()
}

// NewOriginID returns an id that nobody can guess, for a message that is about to be sent.
func NewOriginID() OriginID { return OriginID{ID: stanza.NewID()} }
