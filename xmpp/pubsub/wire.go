package pubsub

import (
	"encoding/xml"
	"errors"
	"fmt"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/paging"
)

// A body is <pubsub/>, of one of its two namespaces, or <event/>: what is to be done or has been done, and what goes with it.
type body struct {
	XMLName xml.Name
	Parts   []part
	Set     *paging.Set `xml:"http://jabber.org/protocol/rsm set"`
}

// A part is an element of publish-subscribe's own inside of a body. All of them (XEP-0060 §17) are made of the same few things.
type part struct {
	XMLName     xml.Name
	Node        string      `xml:"node,attr,omitempty"`
	ID          string      `xml:"id,attr,omitempty"`
	JID         jid.JID     `xml:"jid,attr"`
	SubID       string      `xml:"subid,attr,omitempty"`
	State       State       `xml:"subscription,attr,omitempty"`
	Affiliation Affiliation `xml:"affiliation,attr,omitempty"`
	Publisher   jid.JID     `xml:"publisher,attr"`
	MaxItems    string      `xml:"max_items,attr,omitempty"`
	Notify      string      `xml:"notify,attr,omitempty"`
	URI         string      `xml:"uri,attr,omitempty"`
	Type        string      `xml:"type,attr,omitempty"`
	Expiry      string      `xml:"expiry,attr,omitempty"`
	Form        *form.Form  `xml:"jabber:x:data x"`
	Parts       []part
	Content     []stanza.Element `xml:",any"` // what is not publish-subscribe's own: the payload of an item
}

// request is a body of that namespace.
func request(space string, parts ...part) *body {
	return &body{XMLName: xml.Name{Space: space, Local: "pubsub"}, Parts: parts}
}

// qualify gives the parts the namespace of what they stand in.
func qualify(parts []part, space string) {
	for i := range parts {
		parts[i].XMLName.Space = space
		qualify(parts[i].Parts, space)
	}
}

// named is a part of that name.
func named(local string, p part) part {
	p.XMLName.Local = local
	return p
}

// maxDepth is how deep parts stand in each other: a subscription in subscriptions, its options, and that they're required.
const maxDepth = 4

var errNoBody = errors.New("it's no answer of publish-subscribe (XEP-0060)")

// parse reads a body.
func parse(e stanza.Element) (*body, error) {
	name := e.Name()
	switch name.Space {
	case ns.PubSub, ns.PubSubOwner, ns.PubSubEvent:
	default:
		return nil, fmt.Errorf("%q %q: %w", name.Space, name.Local, errNoBody)
	}
	b := &body{XMLName: name}
	for c := range e.Children() {
		switch {
		case c.Name().Space == name.Space:
			p, err := parsePart(c, maxDepth)
			if err != nil {
				return nil, err
			}
			b.Parts = append(b.Parts, p)
		case c.Is(ns.RSM, "set"):
			if set, err := paging.Parse(c); err == nil { // what is none does no harm to the items
				b.Set = &set
			}
		}
	}
	return b, nil
}

// parsePart reads a part. An address that can't be read is none: it harms no other part.
func parsePart(e stanza.Element, depth int) (part, error) {
	p := part{
		XMLName: e.Name(), Node: e.Attr("node"), ID: e.Attr("id"), JID: address(e, "jid"), SubID: e.Attr("subid"),
		State: State(e.Attr("subscription")), Affiliation: Affiliation(e.Attr("affiliation")), Publisher: address(e, "publisher"),
		MaxItems: e.Attr("max_items"), Notify: e.Attr("notify"), URI: e.Attr("uri"), Type: e.Attr("type"), Expiry: e.Attr("expiry"),
	}
	for c := range e.Children() {
		switch {
		case p.XMLName.Local == "item": // whatever it is
			p.Content = append(p.Content, c)
		case c.Is(ns.Data, "x"):
			p.Form = new(form.Form)
			if err := c.Decode(p.Form); err != nil {
				return p, err
			}
		case c.Name().Space == p.XMLName.Space && depth > 0:
			inner, err := parsePart(c, depth-1)
			if err != nil {
				return p, err
			}
			p.Parts = append(p.Parts, inner)
		default:
			p.Content = append(p.Content, c)
		}
	}
	return p, nil
}

func address(e stanza.Element, attr string) jid.JID {
	j, _ := jid.Parse(e.Attr(attr))
	return j
}

// part returns the first part of that name; nil if there is none.
func (b *body) part(local string) *part {
	if b == nil {
		return nil
	}
	return find(b.Parts, local)
}

// find returns the first of those parts with that name.
func find(parts []part, local string) *part {
	for i := range parts {
		if parts[i].XMLName.Local == local {
			return &parts[i]
		}
	}
	return nil
}

// only yields the parts of that name.
func (p *part) only(local string) func(yield func(*part) bool) {
	return func(yield func(*part) bool) {
		if p == nil {
			return
		}
		for i := range p.Parts {
			if p.Parts[i].XMLName.Local == local && !yield(&p.Parts[i]) {
				return
			}
		}
	}
}

// payload is what an item holds; the zero Element if that is nothing.
func (p *part) payload() stanza.Element {
	if len(p.Content) == 0 {
		return stanza.Element{}
	}
	return p.Content[0] // XEP-0060 §7.1.3.6: there is no more than one
}
