package muc

import (
	"context"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/form"
)

// RequestVoice asks the moderators for the right to speak (XEP-0045 §7.13). If they give it, Events has a Changed of ourselves.
func (r *Room) RequestVoice(ctx context.Context) error {
	f := form.New(form.Answer, ns.MUCRequest, form.Field{Var: "muc#role", Type: form.ListSingle, Values: []string{string(Participant)}})
	return r.send(ctx, &stanza.Message{To: r.jid, Payloads: []stanza.Element{stanza.Payload(f)}}, nil)
}

// readRequest reads what a moderator or an admin is to decide. The caller has made sure that it comes from the room itself.
func readRequest(m *stanza.Message) (*Request, bool) {
	f, ok := stanza.Find[form.Form](m)
	if !ok || f.Type != form.Asking {
		return nil, false
	}
	rq := &Request{Form: &f}
	who, nick := "muc#jid", "muc#roomnick"
	switch f.FormType() {
	case ns.MUCRequest:
	case ns.MUCRegister:
		rq.Membership = true
		nick = "muc#register_roomnick"
	default:
		return nil, false
	}
	// What is no address leaves the rest as it is: the form is there.
	rq.JID, _ = jid.Parse(f.Value(who))
	rq.Nick = f.Value(nick)
	return rq, true
}

// Answer grants a request or refuses it (XEP-0045 §8.6, §9.9).
func (r *Room) Answer(ctx context.Context, rq *Request, grant bool) error {
	f := *rq.Form
	f.Fields = append(form.Fields(nil), f.Fields...)
	allow := "muc#request_allow"
	if rq.Membership {
		allow = "muc#register_allow"
	}
	if err := form.Set(f.Fields, allow, grant); err != nil {
		return err
	}
	answer, err := f.Submit()
	if err != nil {
		return err
	}
	return r.send(ctx, &stanza.Message{To: r.jid, Payloads: []stanza.Element{stanza.Payload(answer)}}, nil)
}
