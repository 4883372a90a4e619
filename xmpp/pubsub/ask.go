package pubsub

import (
	"context"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
)

// A target is where something is asked, for the request and for what is said when it fails.
type target struct {
	e       xmpp.Endpoint
	service jid.JID
	node    string
}

// get asks for something.
func (t target) get(ctx context.Context, op string, q *body) (*body, error) {
	return t.ask(ctx, op, stanza.Get, q)
}

// set has something done. The answer may be empty: nil.
func (t target) set(ctx context.Context, op string, q *body) (*body, error) {
	return t.ask(ctx, op, stanza.Set, q)
}

func (t target) ask(ctx context.Context, op string, typ stanza.IQType, q *body) (*body, error) {
	qualify(q.Parts, q.XMLName.Space)
	reply, err := t.e.Do(ctx, &stanza.IQ{Type: typ, To: t.service, Payload: stanza.Payload(q)})
	if err != nil {
		return nil, t.fail(op, err)
	}
	if typ == stanza.Set && reply.Payload.IsZero() {
		return nil, nil
	}
	answer, err := parse(reply.Payload)
	if err == nil && answer.XMLName.Space != q.XMLName.Space && typ == stanza.Get {
		err = errNoBody
	}
	if err != nil {
		return nil, t.fail(op, err)
	}
	return answer, nil
}

func (t target) fail(op string, err error) error {
	return &Error{Op: op, Service: t.service, Node: t.node, Err: err}
}

// submit is a form with those fields, whatever form they come from.
func submit(formType string, fields []form.Field) *form.Form {
	f := form.New(form.Answer, formType)
	for _, field := range fields {
		if field.Var != form.TypeVar {
			f.Fields = append(f.Fields, field)
		}
	}
	return f
}

// configuration is a form for a node, nil where there are no fields.
func configuration(fields []form.Field) *form.Form {
	if len(fields) == 0 {
		return nil
	}
	return submit(ns.PubSubNode, fields)
}
