package pubsub

import (
	"errors"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/stamp"
)

// A Kind is what has happened at a node.
type Kind string

// The kinds of events (XEP-0060 §17.3). That of collections of nodes (XEP-0248) is left out.
const (
	Published           Kind = "items"         // items were published, see Items, or retracted, see Retracted; with neither, it is a mere signal
	Purged              Kind = "purge"         // all items were taken away
	Deleted             Kind = "delete"        // the node is no more
	Configured          Kind = "configuration" // it's configured otherwise
	SubscriptionChanged Kind = "subscription"  // our own subscription has changed
)

// An Event is what a service tells of a node (XEP-0060 §4.3). T is the type of the items' payloads.
type Event[T any] struct {
	Service      jid.JID // who says so: the service, or the bare address of the account whose node it is
	Node         string
	Kind         Kind
	Items        []Item[T]     // in the order in which they were published
	Retracted    []string      // the ids of items that were taken away
	URI          string        // where a node that was Deleted is now; "" if it is nowhere
	Config       *form.Form    // how the node is Configured, where that is told; nil otherwise
	Subscription *Subscription // with SubscriptionChanged
	SubIDs       []string      // the subscriptions that are concerned, where somebody has several (XEP-0060 §12.16)
	Stamp        time.Time     // when it happened, of what is told later than that (XEP-0203); zero: just now

	Message *stanza.Message // with which it came: it may have a text for people. Not to be changed
}

// decode reads the event that p tells. Items whose payload is no T are left out, and the error says which.
func decode[T any](m *stanza.Message, service jid.JID, p *part) (Event[T], error) {
	ev := Event[T]{Service: service, Node: p.Node, Kind: Kind(p.XMLName.Local), Config: p.Form, SubIDs: subIDs(m), Message: m}
	if d, late := stamp.Of(m, service, service.Domain(), jid.JID{}); late {
		ev.Stamp = d.Stamp
	}
	if ev.Kind == SubscriptionChanged {
		s := p.subscription(p.Node)
		ev.Subscription = &s
	}
	var errs []error
	for i := range p.Parts {
		switch c := &p.Parts[i]; c.XMLName.Local {
		case "item":
			item, err := read[T](p.Node, c)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			ev.Items = append(ev.Items, item)
		case "retract":
			ev.Retracted = append(ev.Retracted, c.ID)
		case "redirect":
			ev.URI = c.URI
		}
	}
	return ev, errors.Join(errs...)
}

// subIDs are the headers of that name (XEP-0131).
func subIDs(m *stanza.Message) (list []string) {
	for _, e := range m.Payloads {
		if !e.Is(ns.SHIM, "headers") {
			continue
		}
		for h := range e.Children() {
			if h.Is(ns.SHIM, "header") && h.Attr("name") == "SubID" {
				list = append(list, h.Text())
			}
		}
	}
	return list
}

// told returns what an event element tells: one thing (XEP-0060 §17.3). Its node is read before anything else, so that what nobody
// here wants to know costs little.
func told(e stanza.Element, node string) (*part, error) {
	for c := range e.Children() {
		switch Kind(c.Name().Local) {
		case Published, Purged, Deleted, Configured, SubscriptionChanged:
		default:
			continue
		}
		if c.Name().Space != ns.PubSubEvent || node != "" && c.Attr("node") != node {
			continue
		}
		p, err := parsePart(c, maxDepth)
		return &p, err
	}
	return nil, nil
}
