package disco

import (
	"encoding/xml"
	"errors"
	"fmt"
	"slices"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/form"
)

// An Identity is one of the things that an entity is (XEP-0030 §3.1), by the categories and types of the XMPP registrar: a
// client of type bot, a server of type im.
type Identity struct {
	Category string `xml:"category,attr"`
	Type     string `xml:"type,attr"`
	Lang     string `xml:"http://www.w3.org/XML/1998/namespace lang,attr,omitempty"` // of Name; "" where it has none of its own
	Name     string `xml:"name,attr,omitempty"`                                      // for people
}

// Info is what an entity says of itself (XEP-0030 §3). One that this package returns may be shared with others: do not change it.
type Info struct {
	Identities []Identity
	Features   []string
	Forms      []*form.Form     // further information (XEP-0128)
	Other      []stanza.Element // what else stands there

	lang string // that of identities which have none of their own
}

// Has reports whether the entity supports the feature, mostly a namespace.
func (i *Info) Has(feature string) bool { return i != nil && slices.Contains(i.Features, feature) }

// Is reports whether the entity has an identity of that category and type; an empty type is any.
func (i *Info) Is(category, typ string) bool {
	return i != nil && slices.ContainsFunc(i.Identities, func(id Identity) bool {
		return id.Category == category && (typ == "" || id.Type == typ)
	})
}

// Form returns the form with that FORM_TYPE, nil if there is none (XEP-0128).
func (i *Info) Form(formType string) *form.Form {
	if i == nil {
		return nil
	}
	for _, f := range i.Forms {
		if f.FormType() == formType {
			return f
		}
	}
	return nil
}

// clone returns a copy that can be added to.
func (i Info) clone() *Info {
	i.Identities, i.Features = slices.Clone(i.Identities), slices.Clone(i.Features)
	i.Forms, i.Other = slices.Clone(i.Forms), slices.Clone(i.Other)
	return &i
}

// query is the payload of disco#info.
type query struct {
	XMLName    xml.Name         `xml:"http://jabber.org/protocol/disco#info query"`
	Node       string           `xml:"node,attr,omitempty"`
	Identities []Identity       `xml:"identity"`
	Features   []feature        `xml:"feature"`
	Forms      []*form.Form     `xml:"jabber:x:data x"`
	Other      []stanza.Element `xml:",any"`
}

type feature struct {
	Var string `xml:"var,attr"`
}

// payload returns i as the answer to a query of that node.
func (i *Info) payload(node string) stanza.Element {
	q := query{Node: node, Identities: i.Identities, Forms: i.Forms, Other: i.Other}
	for _, f := range i.Features {
		q.Features = append(q.Features, feature{f})
	}
	return stanza.Payload(q)
}

var errNoInfo = errors.New("it's no answer of service discovery (XEP-0030 §3)")

// parse reads the answer to a query; lang is that of the stanza.
func parse(e stanza.Element, lang string) (*Info, error) {
	if !e.Is(ns.DiscoInfo, "query") {
		return nil, fmt.Errorf("disco: %q %q: %w", e.Name().Space, e.Name().Local, errNoInfo)
	}
	i := &Info{lang: lang}
	if own := e.Lang(); own != "" {
		i.lang = own
	}
	for c := range e.Children() {
		switch {
		case c.Is(ns.DiscoInfo, "identity"):
			i.Identities = append(i.Identities, Identity{c.Attr("category"), c.Attr("type"), c.Lang(), c.Attr("name")})
		case c.Is(ns.DiscoInfo, "feature"):
			i.Features = append(i.Features, c.Attr("var"))
		case c.Is(ns.Data, "x"):
			f := new(form.Form)
			if err := c.Decode(f); err != nil {
				return nil, fmt.Errorf("disco: %w", err)
			}
			i.Forms = append(i.Forms, f)
		default:
			i.Other = append(i.Other, c)
		}
	}
	return i, nil
}
