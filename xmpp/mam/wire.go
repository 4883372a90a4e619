package mam

import (
	"encoding/xml"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/forward"
	"github.com/canto-im/canto/xmpp/paging"
)

// query asks for a page (XEP-0313 §4), or, with nothing in it, for the fields that there are.
type query struct {
	XMLName xml.Name    `xml:"urn:xmpp:mam:2 query"`
	QueryID string      `xml:"queryid,attr,omitempty"`
	Node    string      `xml:"node,attr,omitempty"`
	Form    *form.Form  `xml:"jabber:x:data x"`
	Set     *paging.Set `xml:"http://jabber.org/protocol/rsm set"`
	Flip    *struct{}   `xml:"urn:xmpp:mam:2 flip-page"` // what it changes is the order on the wire alone: never sent
}

// result is one message (XEP-0313 §4.2), as an archive writes it.
type result struct {
	XMLName   xml.Name          `xml:"urn:xmpp:mam:2 result"`
	QueryID   string            `xml:"queryid,attr,omitempty"`
	ID        string            `xml:"id,attr"`
	Forwarded forward.Forwarded `xml:"urn:xmpp:forward:0 forwarded"`
}

// fin is the end of a page (XEP-0313 §4.3).
type fin struct {
	set      paging.Set
	complete bool
	unstable bool
}

// finXML is fin as an archive writes it.
type finXML struct {
	XMLName  xml.Name    `xml:"urn:xmpp:mam:2 fin"`
	Complete string      `xml:"complete,attr,omitempty"`
	Stable   string      `xml:"stable,attr,omitempty"`
	Set      *paging.Set `xml:"http://jabber.org/protocol/rsm set"`
}

func parseFin(e stanza.Element) (f fin, err error) {
	if !e.Is(ns.MAM, "fin") {
		return f, errNoFin
	}
	is := func(attr, a, b string) bool { v := e.Attr(attr); return v == a || v == b }
	f.complete, f.unstable = is("complete", "true", "1"), is("stable", "false", "0")
	if set := e.Child(ns.RSM, "set"); !set.IsZero() {
		f.set, err = paging.Parse(set)
	}
	return f, err
}
