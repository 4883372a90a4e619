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
	XMLName xml.Name `xml:"http://jabber.org/protocol/disco#items query"`
	Node    string   `xml:"node,attr,omitempty"`
	Items   []Item   `xml:"http://jabber.org/protocol/disco#items item"`
	Set     *set     `xml:"http://jabber.org/protocol/rsm set"`
}

// set is a page, and where it ends (XEP-0059).
type set struct {
	After string `xml:"after,omitempty"`
	Last  string `xml:"last,omitempty"`
	Count *int   `xml:"count"`
}

// Items yields what belongs to to, or to one of its nodes, as far as it tells us. Where an answer is only a page of them
// (XEP-0059), the following ones are asked for as they're wanted. An error ends it; a *stanza.Error is that of the other side. An
// item whose address is none is left out.
func Items(ctx context.Context, e xmpp.Endpoint, to jid.JID, node string) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		q := itemsQuery{Node: node}
		seen := 0
		for {
			answer, err := page(ctx, e, to, q)
			if err != nil {
				yield(Item{}, err)
				return
			}
			for _, item := range answer.Items {
				if !item.JID.IsZero() && !yield(item, nil) {
					return
				}
			}
			seen += len(answer.Items)
			p := answer.Set
			if p == nil || p.Last == "" || len(answer.Items) == 0 || p.Count != nil && seen >= *p.Count || q.Set != nil && q.Set.After == p.Last {
				return
			}
			q.Set = &set{After: p.Last}
		}
	}
}

// page asks for one page of items.
func page(ctx context.Context, e xmpp.Endpoint, to jid.JID, q itemsQuery) (answer itemsQuery, err error) {
	reply, err := e.Do(ctx, &stanza.IQ{Type: stanza.Get, To: to, Payload: stanza.Payload(q)})
	if err != nil {
		return answer, err
	}
	if !reply.Payload.Is(ns.DiscoItems, "query") {
		return answer, fmt.Errorf("disco: items of %q: %w", to, errNoInfo)
	}
	for c := range reply.Payload.Children() {
		switch {
		case c.Is(ns.DiscoItems, "item"):
			// An address that can't be read is zero: it harms no other item.
			at, _ := jid.Parse(c.Attr("jid"))
			answer.Items = append(answer.Items, Item{at, c.Attr("node"), c.Attr("name")})
		case c.Is(ns.RSM, "set"):
			answer.Set = new(set)
			if err := c.Decode(answer.Set); err != nil {
				return answer, fmt.Errorf("disco: items of %q: %w", to, err)
			}
		}
	}
	return answer, nil
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
