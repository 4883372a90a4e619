package pubsub

import (
	"context"
	"encoding/xml"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
)

// command is a step of the only command that publish-subscribe has (XEP-0060 §8.7, XEP-0050).
type command struct {
	XMLName   xml.Name         `xml:"http://jabber.org/protocol/commands command"`
	Node      string           `xml:"node,attr"`
	SessionID string           `xml:"sessionid,attr,omitempty"`
	Action    string           `xml:"action,attr,omitempty"`
	Status    string           `xml:"status,attr,omitempty"`
	Form      *form.Form       `xml:"jabber:x:data x"`
	Other     []stanza.Element `xml:",any"`
}

// AskPending has a service send us again the requests to subscribe that wait at the nodes of ours (XEP-0060 §8.7), for OnRequest. It
// returns the nodes, as far as there are any. Few services offer it: the error is then stanza.ItemNotFound, stanza.FeatureNotImplemented or
// stanza.ServiceUnavailable.
func AskPending(ctx context.Context, e xmpp.Endpoint, service jid.JID) (nodes []string, err error) {
	t := target{e: e, service: service}
	begin := command{Node: ns.PubSubPending, Action: "execute"}
	step, err := t.command(ctx, begin)
	if err != nil {
		return nil, err
	}
	field := step.Form.Field(allowNode)
	if field == nil {
		return nil, nil
	}
	for i, o := range field.Options {
		if i > 0 { // each node has a run of its own
			if step, err = t.command(ctx, begin); err != nil {
				return nodes, err
			}
		}
		answer := form.New(form.Answer, ns.PubSubAllow, form.Of(allowNode, o.Value))
		if _, err := t.command(ctx, command{Node: ns.PubSubPending, SessionID: step.SessionID, Form: answer}); err != nil {
			return nodes, err
		}
		nodes = append(nodes, o.Value)
	}
	return nodes, nil
}

// command does one step.
func (t target) command(ctx context.Context, c command) (command, error) {
	reply, err := t.e.Do(ctx, &stanza.IQ{Type: stanza.Set, To: t.service, Payload: stanza.Payload(c)})
	answer := command{}
	if err == nil {
		err = reply.Payload.Decode(&answer)
	}
	if err != nil {
		return answer, t.fail("pending requests", err)
	}
	if answer.Form == nil {
		answer.Form = new(form.Form)
	}
	return answer, nil
}
