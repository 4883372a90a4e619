package roster

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// A payload is what stands in a <query xmlns='jabber:iq:roster'/> (RFC 6121 §2.1.1).
type payload struct {
	ver     string
	hasVer  bool
	items   []Item
	ignored int // items that could not be read: without an address, or with one that is none
}

var (
	errNotRoster = errors.New("roster: the payload is no <query xmlns='jabber:iq:roster'/>")
	errNoRoster  = errors.New("roster: the payload is missing")
)

// unlimited: what is read here has passed the limits of its session, or is our own.
var unlimited = xmltext.Limits{StanzaBytes: math.MaxInt, Depth: math.MaxInt, Attrs: math.MaxInt, NameBytes: math.MaxInt}

// parse reads a roster: a result, a push, or what was kept of one. An item that can't be read is left out and harms no other.
func parse(e stanza.Element) (payload, error) {
	if e.IsZero() {
		return payload{}, errNoRoster
	}
	return parseBytes([]byte(e.String()))
}

func parseBytes(b []byte) (payload, error) {
	r := reader{dec: xmltext.NewBytesDecoder(b, unlimited), groups: make(map[string]*group)}
	tok, err := r.dec.ReadToken()
	if err != nil {
		return payload{}, fmt.Errorf("roster: %w", err)
	}
	if tok.Name.Space != ns.Roster || tok.Name.Local != "query" {
		return payload{}, errNotRoster
	}
	var p payload
	if ver, ok := tok.Attr("ver"); ok {
		// RFC 6121 §2.1.1: the version is opaque to the client
		p.ver, p.hasVer = string(ver), true
	}
	for {
		tok, err := r.dec.ReadToken()
		switch {
		case err != nil:
			return payload{}, fmt.Errorf("roster: %w", err)
		case tok.Kind == xmltext.KindEnd:
			return p, nil
		case tok.Kind == xmltext.KindText:
			continue
		case tok.Name.Space != ns.Roster || tok.Name.Local != "item":
			err = r.dec.SkipElement()
		default:
			var it Item
			var ok bool
			if it, ok, err = r.item(tok); ok {
				p.items = append(p.items, it)
			} else {
				p.ignored++
			}
		}
		if err != nil {
			return payload{}, fmt.Errorf("roster: %w", err)
		}
	}
}

// A reader reads items. Contacts share their groups' names.
type reader struct {
	dec    *xmltext.Decoder
	groups map[string]*group
	text   []byte
	number int // of the item
}

// A group is a name and the last item that was found in it.
type group struct {
	name string
	item int
}

// item reads the item whose start tag is tok; ok is false when it has no address.
func (r *reader) item(tok *xmltext.Token) (it Item, ok bool, err error) {
	r.number++
	addr, _ := tok.Attr("jid")
	it.JID, err = jid.ParseBytes(addr)
	ok = err == nil // RFC 6121 §2.1.2.3: the address is required
	name, _ := tok.Attr("name")
	it.Name = string(name)
	sub, _ := tok.Attr("subscription")
	it.Subscription = subscription(string(sub))
	ask, _ := tok.Attr("ask")
	it.Ask = string(ask) == "subscribe" // RFC 6121 §2.1.2.2: there is no other value
	approved, _ := tok.Attr("approved")
	it.Approved = string(approved) == "true" || string(approved) == "1"
	for {
		tok, err := r.dec.ReadToken()
		switch {
		case err != nil:
			return it, false, err
		case tok.Kind == xmltext.KindEnd:
			it.Groups = slices.Clip(it.Groups)
			return it, ok, nil
		case tok.Kind == xmltext.KindText:
			continue
		case tok.Name.Space == ns.Roster && tok.Name.Local == "group":
			err = r.group(&it)
		default:
			err = r.dec.SkipElement()
		}
		if err != nil {
			return it, false, err
		}
	}
}

// group reads a group's name. An empty one and one that is there already are left out (RFC 6121 §2.3.3 forbids them).
func (r *reader) group(it *Item) (err error) {
	if r.text, err = r.dec.AppendText(r.text[:0]); err != nil || len(r.text) == 0 {
		return err
	}
	g := r.groups[string(r.text)]
	if g == nil {
		g = &group{name: string(r.text)}
		r.groups[g.name] = g
	}
	if g.item != r.number {
		g.item = r.number
		it.Groups = append(it.Groups, g.name)
	}
	return nil
}

// subscription is what an attribute says. RFC 6121 §2.1.2.5: other values must be ignored, so that the attribute is as good
// as absent.
func subscription(s string) Subscription {
	switch sub := Subscription(s); sub {
	case To, From, Both, remove:
		return sub
	}
	return None
}

// appendItem writes an item. A roster set says no more than words: RFC 6121 §2.1.2.1, §2.1.2.2: a client must not include
// 'approved' and 'ask'.
func appendItem(e *xmltext.Encoder, it Item, whole bool) {
	e.Start(xmltext.Name{Space: ns.Roster, Local: "item"})
	e.Attr("jid", it.JID.String())
	if it.Name != "" {
		e.Attr("name", it.Name)
	}
	if whole || it.Subscription == remove {
		e.Attr("subscription", string(it.Subscription))
	}
	if whole && it.Ask {
		e.Attr("ask", "subscribe")
	}
	if whole && it.Approved {
		e.Attr("approved", "true")
	}
	for _, g := range it.Groups {
		e.Element(xmltext.Name{Space: ns.Roster, Local: "group"}, g)
	}
	e.End()
}

// query writes a roster payload with the items; ver is left out when it's nil.
func query(ver *string, whole bool, items ...Item) ([]byte, error) {
	var e xmltext.Encoder
	e.Reset(nil, "")
	e.Start(xmltext.Name{Space: ns.Roster, Local: "query"})
	if ver != nil {
		e.Attr("ver", *ver)
	}
	for _, it := range items {
		appendItem(&e, it, whole)
	}
	e.End()
	b, err := e.Bytes()
	if err != nil {
		return nil, fmt.Errorf("roster: %w", err)
	}
	return b, nil
}

// element is query as the payload of a request.
func element(ver *string, items ...Item) (stanza.Element, error) {
	b, err := query(ver, false, items...)
	if err != nil {
		return stanza.Element{}, err
	}
	return stanza.ParseElement(string(b))
}
