package xmpp

import (
	"context"
	"fmt"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// Get asks to for information: an IQ of type get with payload (anything that encoding/xml can marshal, or a
// stanza.Element), whose answer is decoded into a T by its encoding/xml tags. T may be stanza.Element for the raw
// payload. The zero JID asks our own account at the server. An answer of type error is a *stanza.Error:
// errors.Is(err, stanza.FeatureNotImplemented). Otherwise its errors are those of Endpoint.Do.
func Get[T any](ctx context.Context, e Endpoint, to jid.JID, payload any) (T, error) {
	var v T
	reply, err := request(ctx, e, stanza.Get, to, payload)
	if err != nil {
		return v, err
	}
	if raw, ok := any(&v).(*stanza.Element); ok {
		*raw = reply.Payload
		return v, nil
	}
	if reply.Payload.IsZero() {
		return v, fmt.Errorf("xmpp: the answer from %q carries no payload for a %T", reply.From, v)
	}
	if err := reply.Payload.Decode(&v); err != nil {
		return v, fmt.Errorf("xmpp: the answer from %q: %w", reply.From, err)
	}
	return v, nil
}

// Set asks to to take payload: an IQ of type set, whose result carries nothing of interest. Its errors are those of Get.
func Set(ctx context.Context, e Endpoint, to jid.JID, payload any) error {
	_, err := request(ctx, e, stanza.Set, to, payload)
	return err
}

func request(ctx context.Context, e Endpoint, t stanza.IQType, to jid.JID, payload any) (*stanza.IQ, error) {
	return e.Do(ctx, &stanza.IQ{Type: t, To: to, Payload: stanza.Payload(payload)})
}

// OnMessage calls f with each message of the given types; without types, of every type but error. What f returns is
// logged. remove ends it. See Handler for the order and what f may do.
func OnMessage(e Endpoint, f func(ctx context.Context, m *stanza.Message) error, types ...stanza.MessageType) (remove func()) {
	return e.Handle(Pattern{Kind: stanza.KindMessage}, HandlerFunc(func(ctx context.Context, st stanza.Stanza) (any, error) {
		if m := st.(*stanza.Message); asked(messageType(m), stanza.MessageError, types) {
			return nil, f(ctx, m)
		}
		return nil, nil
	}))
}

// OnPresence calls f with each presence stanza of the given types; without types, of every type but error. What f
// returns is logged. remove ends it.
func OnPresence(e Endpoint, f func(ctx context.Context, p *stanza.Presence) error, types ...stanza.PresenceType) (remove func()) {
	return e.Handle(Pattern{Kind: stanza.KindPresence}, HandlerFunc(func(ctx context.Context, st stanza.Stanza) (any, error) {
		if p := st.(*stanza.Presence); asked(p.Type, stanza.PresenceError, types) {
			return nil, f(ctx, p)
		}
		return nil, nil
	}))
}

// OnPayload calls f with each message or presence, of every type but error, that carries a payload of T's name (its XMLName
// tag), decoded. One that does not decode is logged and skipped. remove ends it. OnPayload panics when T has no XMLName tag.
func OnPayload[T any](e Endpoint, f func(ctx context.Context, st stanza.Stanza, payload T) error) (remove func()) {
	name := stanza.NameOf[T]()
	h := HandlerFunc(func(ctx context.Context, st stanza.Stanza) (any, error) {
		// RFC 6120 §8.3.1: an error may carry the payload that it answers, which nobody sent to us.
		if typ := st.Header().Type; st.Kind() == stanza.KindIQ || typ == string(stanza.MessageError) {
			return nil, nil
		}
		v, ok := stanza.Find[T](st)
		if !ok {
			return nil, fmt.Errorf("xmpp: payload %q %q does not decode into %T", name.Space, name.Local, v)
		}
		return nil, f(ctx, st, v)
	})
	m := e.Handle(Pattern{Kind: stanza.KindMessage, Space: name.Space, Local: name.Local}, h)
	p := e.Handle(Pattern{Kind: stanza.KindPresence, Space: name.Space, Local: name.Local}, h)
	return func() { m(); p() }
}

// OnGet answers IQ requests of type get whose payload has Q's name (its XMLName tag): f gets the request and its decoded
// payload and returns the payload of the answer, or an error; see Handler. A payload that does not decode is answered
// with bad-request. remove ends it. OnGet panics when Q has no XMLName tag or is answered already.
func OnGet[Q any](e Endpoint, f func(ctx context.Context, iq *stanza.IQ, q Q) (any, error)) (remove func()) {
	return onRequest(e, stanza.Get, f)
}

// OnSet is OnGet for requests of type set.
func OnSet[Q any](e Endpoint, f func(ctx context.Context, iq *stanza.IQ, q Q) (any, error)) (remove func()) {
	return onRequest(e, stanza.Set, f)
}

func onRequest[Q any](e Endpoint, t stanza.IQType, f func(ctx context.Context, iq *stanza.IQ, q Q) (any, error)) func() {
	name := stanza.NameOf[Q]()
	p := Pattern{Kind: stanza.KindIQ, Type: string(t), Space: name.Space, Local: name.Local}
	return e.Handle(p, HandlerFunc(func(ctx context.Context, st stanza.Stanza) (any, error) {
		iq := st.(*stanza.IQ)
		var q Q
		if err := iq.Payload.Decode(&q); err != nil {
			// RFC 6120 §8.3.3.1: the sender's XML cannot be processed as what it claims to be.
			return nil, &stanza.Error{Type: stanza.Modify, Condition: stanza.BadRequest, Text: "the payload can't be decoded"}
		}
		return f(ctx, iq, q)
	}))
}
