package disco

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"iter"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/paging"
)

// Get asks to what it is and can do (XEP-0030 §3), or what one of its nodes is, if node is not empty. It always asks: Lookup
// first looks at what is known. The zero address is our own account. An error of the other side is a *stanza.Error:
// errors.Is(err, stanza.ItemNotFound). A Get that is answered with service-unavailable may stand before somebody who is
// there and won't tell us.
func Get(ctx context.Context, e xmpp.Endpoint, to jid.JID, node string) (*Info, error) {
	reply, err := e.Do(ctx, &stanza.IQ{Type: stanza.Get, To: to, Payload: stanza.Payload(query{Node: node})})
	if err != nil {
		return nil, err
	}
	return parse(reply.Payload, reply.Lang)
}

// An Item is something that belongs to an entity: an address of its own, or a node at one (XEP-0030 §4).
type Item struct {
	JID  jid.JID `xml:"jid,attr"`
	Node string  `xml:"node,attr,omitempty"`
	Name string  `xml:"name,attr,omitempty"` // for people
}

// itemsQuery is the payload of disco#items.
type itemsQuery struct {
	XMLName xml.Name    `xml:"http://jabber.org/protocol/disco#items query"`
	Node    string      `xml:"node,attr,omitempty"`
	Items   []Item      `xml:"http://jabber.org/protocol/disco#items item"`
	Set     *paging.Set `xml:"http://jabber.org/protocol/rsm set"`
}

// Items yields what belongs to to, or to one of its nodes, as far as it tells us. Where an answer is only a page of them
// (XEP-0059), the following ones are asked for as they're wanted. An error ends it: a *stanza.Error is that of the other side,
// paging.ErrNoProgress says that its pages come to no end. An item whose address is none is left out.
func Items(ctx context.Context, e xmpp.Endpoint, to jid.JID, node string) iter.Seq2[Item, error] {
	return paging.All(paging.Set{}, func(at paging.Set) (paging.Page[Item], error) {
		q := itemsQuery{Node: node}
		if !at.IsZero() { // XEP-0059 §4: only where the other side has shown that it knows of it
			q.Set = &at
		}
		return page(ctx, e, to, q)
	})
}

// page asks for one page of items.
func page(ctx context.Context, e xmpp.Endpoint, to jid.JID, q itemsQuery) (p paging.Page[Item], err error) {
	reply, err := e.Do(ctx, &stanza.IQ{Type: stanza.Get, To: to, Payload: stanza.Payload(q)})
	if err != nil {
		return p, err
	}
	if !reply.Payload.Is(ns.DiscoItems, "query") {
		return p, fmt.Errorf("disco: items of %q: %w", to, errNoInfo)
	}
	for c := range reply.Payload.Children() {
		switch {
		case c.Is(ns.DiscoItems, "item"):
			// An address that can't be read harms no other item.
			if at, err := jid.Parse(c.Attr("jid")); err == nil {
				p.Items = append(p.Items, Item{at, c.Attr("node"), c.Attr("name")})
			}
		case c.Is(ns.RSM, "set"):
			if set, err := paging.Parse(c); err == nil { // it is one
				p.Set = &set
			}
		}
	}
	return p, nil
}

// A Service is an entity that can do what was looked for.
type Service struct {
	JID  jid.JID
	Info *Info
}

// Services yields those at our server that have the feature: the server itself, and what it lists (XEP-0030 §4), such as the
// service for uploads. One that gives no answer is left out. An error says that the server itself could not be asked.
func Services(ctx context.Context, e xmpp.Endpoint, feature string) iter.Seq2[Service, error] {
	return func(yield func(Service, error) bool) {
		server := e.JID().Domain()
		info, err := Get(ctx, e, server, "")
		if err != nil {
			yield(Service{}, err)
			return
		}
		if info.Has(feature) && !yield(Service{server, info}, nil) {
			return
		}
		for item, err := range Items(ctx, e, server, "") {
			var refused *stanza.Error
			switch {
			case errors.As(err, &refused):
				return // it has nothing to list
			case err != nil:
				yield(Service{}, err)
				return
			case item.Node != "" || item.JID == server:
				continue
			}
			info, err := Get(ctx, e, item.JID, "")
			switch {
			case ctx.Err() != nil || errors.Is(err, xmpp.ErrClosed):
				yield(Service{}, err)
				return
			case err == nil && info.Has(feature) && !yield(Service{item.JID, info}, nil):
				return
			}
		}
	}
}
