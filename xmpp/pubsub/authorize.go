package pubsub

import (
	"context"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
)

// A Request is somebody's wish to subscribe to a node of ours (XEP-0060 §8.6), whose AccessModel is Authorize.
type Request struct {
	Service jid.JID // who asks us
	Node    string
	Who     jid.JID // who wants to subscribe
	SubID   string  // tells several of one subscriber apart; mostly ""

	Form *form.Form // as it came: it may have a text for people
	id   string
}

// Names of the fields of subscribe_authorization (XEP-0060 §16.4.1).
const (
	allowNode = "pubsub#node"
	allowWho  = "pubsub#subscriber_jid"
	allowID   = "pubsub#subid"
	allow     = "pubsub#allow"
)

// OnRequest calls f with each request to subscribe to a node of ours at that service, and answers it as f says: true allows the
// subscription. Where f fails nothing is answered, the request stays Pending, and the error is logged. Requests that others send in the service's name are
// none. remove ends it. Decide answers later.
func OnRequest(e xmpp.Endpoint, service jid.JID, f func(ctx context.Context, r Request) (bool, error)) (remove func()) {
	s := speaker{e: e, service: service}
	return e.Handle(xmpp.Pattern{Kind: stanza.KindMessage, Space: ns.Data, Local: "x"},
		xmpp.HandlerFunc(func(ctx context.Context, st stanza.Stanza) (any, error) {
			r, ok := wish(st.(*stanza.Message), s)
			if !ok {
				return nil, nil
			}
			allowed, err := f(ctx, r)
			if err != nil {
				return nil, err
			}
			return nil, Decide(ctx, e, r, allowed)
		}))
}

// wish reads the request in m; ok is false if it has none.
func wish(m *stanza.Message, s speaker) (r Request, ok bool) {
	who, ok := s.of(m)
	if !ok || m.Type == stanza.MessageError {
		return r, false
	}
	for _, e := range m.Payloads {
		f := new(form.Form)
		if !e.Is(ns.Data, "x") || e.Decode(f) != nil || f.Type != form.Asking || f.FormType() != ns.PubSubAllow {
			continue
		}
		r = Request{Service: who, Node: f.Value(allowNode), SubID: f.Value(allowID), Form: f, id: m.ID}
		var err error
		r.Who, err = form.Get[jid.JID](f.Fields, allowWho)
		return r, err == nil
	}
	return r, false
}

// Decide answers a request: true allows the subscription, false denies it (XEP-0060 §8.6).
func Decide(ctx context.Context, e xmpp.Endpoint, r Request, allowed bool) error {
	f := form.New(form.Answer, ns.PubSubAllow, form.Of(allowNode, r.Node), form.Of(allowWho, r.Who), form.Of(allow, allowed))
	if r.SubID != "" {
		f.Fields = append(f.Fields, form.Of(allowID, r.SubID))
	}
	// XEP-0060 §8.6: the message must reflect the id.
	return e.Send(ctx, &stanza.Message{ID: r.id, To: r.Service, Payloads: []stanza.Element{stanza.Payload(f)}})
}
