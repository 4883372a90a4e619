package chat

import (
	"encoding/xml"
	"slices"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/stanza"
)

// Attention asks for the reader's attention (XEP-0224): a payload of a message, best of type stanza.Headline. Only a contact should get
// it, and only one who declares FeatureAttention.
type Attention struct {
	XMLName xml.Name `xml:"urn:xmpp:attention:0 attention"`
}

// WantsAttention reports whether m asks for attention now. XEP-0224 §4: what was delayed does so no more. Whether its sender may ask
// is the program's to say: contacts should, strangers should not (§7).
func WantsAttention(m *stanza.Message) bool {
	_, ok := stanza.Find[Attention](m)
	return ok && m.Type != stanza.MessageError && !delayed(m)
}

// delayed reports whether anybody says that m was sent before it came.
func delayed(m *stanza.Message) bool {
	return slices.ContainsFunc(m.Payloads, func(e stanza.Element) bool { return e.Is(ns.Delay, "delay") || e.Is(ns.OldDelay, "x") })
}

// A Link is the address of something to be fetched out of band (XEP-0066 §3): a payload. Where it's what a body says as well, it's
// the file of a message. Who fetches it tells its owner so.
type Link struct {
	XMLName xml.Name `xml:"jabber:x:oob x"`
	URL     string   `xml:"url"`
	Desc    string   `xml:"desc,omitempty"`
}

// A LinkOffer is a Link as a request (XEP-0066 §2): to be sent with xmpp.Set, and taken with xmpp.OnSet. The answer comes once the
// file was fetched, stanza.ItemNotFound if it could not be, stanza.NotAcceptable if it was not wanted.
type LinkOffer struct {
	XMLName xml.Name `xml:"jabber:iq:oob query"`
	SID     string   `xml:"sid,attr,omitempty"` // of a stream initiation (XEP-0095)
	URL     string   `xml:"url"`
	Desc    string   `xml:"desc,omitempty"`
}

// Encryption says by what a message is encrypted (XEP-0380): a payload.
type Encryption struct {
	XMLName   xml.Name `xml:"urn:xmpp:eme:0 encryption"`
	Namespace string   `xml:"namespace,attr"`
	Name      string   `xml:"name,attr,omitempty"` // for people, of a protocol that XEP-0380 does not list
}

// encryptions are the protocols that XEP-0380 §3.2 lists.
var encryptions = map[string]string{
	"urn:xmpp:otr:0":                 "OTR",
	"jabber:x:encrypted":             "Legacy OpenPGP",
	"urn:xmpp:openpgp:0":             "OpenPGP for XMPP",
	"eu.siacs.conversations.axolotl": "OMEMO",
	"urn:xmpp:omemo:1":               "OMEMO 1",
	"urn:xmpp:omemo:2":               "OMEMO 2",
}

// Protocol returns the name of the protocol for people: the one of XEP-0380 §3.2 for what stands in it, whatever the sender calls
// it (§4), else the sender's, else the namespace.
func (e Encryption) Protocol() string {
	switch known := encryptions[e.Namespace]; {
	case known != "":
		return known
	case e.Name != "":
		return e.Name
	}
	return e.Namespace
}

// A Reference marks a part of the body as being about something, such as a person who is mentioned (XEP-0372): a payload. Begin and End
// count code points of the body, from 0; nil where it's about no part of it. RefersTo has the text.
type Reference struct {
	XMLName xml.Name `xml:"urn:xmpp:reference:0 reference"`
	Type    string   `xml:"type,attr"` // ReferenceMention, ReferenceData
	URI     string   `xml:"uri,attr"`  // "xmpp:juliet@example.com" of a person
	Begin   *int     `xml:"begin,attr"`
	End     *int     `xml:"end,attr"`
	Anchor  string   `xml:"anchor,attr,omitempty"` // the URI of the message that it's in, where that's another one
}

// The types of reference in XEP-0372 §3.
const (
	ReferenceMention = "mention" // a person, by the bare address
	ReferenceData    = "data"    // something that can be fetched
)

// References returns the references in m, in order. One without a type or a URI is none (XEP-0372 §3.1).
func References(m *stanza.Message) (list []Reference) {
	for _, e := range m.Payloads {
		var r Reference
		if e.Is(ns.References, "reference") && e.Decode(&r) == nil && r.Type != "" && r.URI != "" {
			list = append(list, r)
		}
	}
	return list
}

// RefersTo returns the part of body that r is about; ok is false where there is none.
func (r Reference) RefersTo(body string) (text string, ok bool) {
	if r.Begin == nil || r.End == nil || *r.Begin > *r.End || *r.Begin < 0 {
		return "", false
	}
	from, to, ok := codePoints(body, uint64(*r.Begin), uint64(*r.End))
	return body[from:to], ok
}

// Mention returns a Reference to the person with that address, for the part of body that begins at byte from and ends before byte to.
func Mention(uri, body string, from, to int) Reference {
	begin := countPoints(body[:from])
	end := begin + countPoints(body[from:to])
	return Reference{Type: ReferenceMention, URI: uri, Begin: &begin, End: &end}
}
