package register

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
)

// Fetch asks what host wants to know of who registers with it, or what it knows of us (Form.Registered). The host is a
// service, such as a gateway; the zero JID is our own server. The error is an *Error, with a *Redirect in it if the host has
// people register elsewhere.
func Fetch(ctx context.Context, e xmpp.Endpoint, host jid.JID) (*Form, error) {
	op := fmt.Sprintf("ask %q what it wants", name(e, host))
	reply, err := e.Do(ctx, &stanza.IQ{Type: stanza.Get, To: host, Payload: stanza.Payload(query{})})
	if err != nil {
		return nil, &Error{Op: op, Err: err}
	}
	f, err := read(reply.Payload)
	if err != nil {
		return nil, &Error{Op: op, Err: err}
	}
	return f, nil
}

// Submit registers us with host by a form that Fetch has brought and that was filled in. Where there is a password in it, it
// needs TLS, as ChangePassword does: ErrInsecure. The error is an *Error.
func Submit(ctx context.Context, e xmpp.Endpoint, host jid.JID, f *Form) error {
	if err := f.submit(ctx, e, host); err != nil {
		return &Error{Op: fmt.Sprintf("register with %q", name(e, host)), Err: err, Form: f}
	}
	return nil
}

func (f *Form) submit(ctx context.Context, e xmpp.Endpoint, host jid.JID) error {
	answer, err := f.answer()
	if err != nil {
		return err
	}
	if f.hasPassword() {
		if e, err = secure(ctx, e); err != nil {
			return err
		}
	}
	_, err = e.Do(ctx, &stanza.IQ{Type: stanza.Set, To: host, Payload: stanza.Payload(answer)})
	return err
}

// hasPassword reports whether the form was filled in with what nobody else is to read.
func (f *Form) hasPassword() bool {
	return slices.ContainsFunc(f.Fields, func(field form.Field) bool {
		return (field.Type == form.TextPrivate || field.Var == "password") && field.Text() != ""
	})
}

// ChangePassword gives our account another password (XEP-0077 §3.3). Some servers want more, such as the old one: confirm is
// then shown a form with all but that filled in; nil makes it an error that has the Form. Without TLS nothing is sent:
// ErrInsecure. The error is an *Error.
//
// A Client goes on with the password that it was given, and can't log in with it any more: close it and make a new one.
func ChangePassword(ctx context.Context, e xmpp.Endpoint, password string, confirm func(ctx context.Context, f *Form) error) error {
	account := e.JID()
	q := query{Fields: []field{plain("username", account.Localpart()), plain("password", password)}}
	c := change{to: account.Domain(), formType: ns.Register + ":changepassword", known: map[string]string{"username": account.Localpart(), "password": password}}
	if password == "" { // XEP-0077 §3.3: the server must not take it
		return &Error{Op: "change the password", Err: errNoPassword}
	}
	if f, err := c.make(ctx, e, q, confirm); err != nil {
		return &Error{Op: fmt.Sprintf("change the password of %q", account.Bare()), Err: err, Form: f}
	}
	return nil
}

// Remove ends our registration with host (XEP-0077 §3.2); the zero JID is our own server: that removes the account with all
// that is kept for it, for good, and the server ends its streams. confirm is as in ChangePassword. The error is an *Error.
func Remove(ctx context.Context, e xmpp.Endpoint, host jid.JID, confirm func(ctx context.Context, f *Form) error) error {
	q := query{Fields: []field{plain("remove", "")}}
	c := change{to: host, formType: ns.Register + ":cancel", known: map[string]string{"username": e.JID().Localpart()}}
	f, err := c.make(ctx, e, q, confirm)
	var ended *xmpp.StreamError
	if host.IsZero() && errors.As(err, &ended) && !ended.Local && ended.Condition == xmpp.NotAuthorized {
		return nil // XEP-0077 §3.2: so the server ends what is the account's no more, at times before it answers
	}
	if err != nil {
		return &Error{Op: fmt.Sprintf("remove %q from %q", e.JID().Bare(), name(e, host)), Err: err, Form: f}
	}
	return nil
}

// name is what errors call a host.
func name(e xmpp.Endpoint, host jid.JID) jid.JID {
	if host.IsZero() {
		return e.JID().Domain()
	}
	return host
}

// A change is a request that a server may answer with a form to confirm it by.
type change struct {
	to       jid.JID
	formType string
	known    map[string]string // answers, by the name of their field
}

// make asks for the change, and again with the form if the server wants that. The form is returned with the error.
func (c change) make(ctx context.Context, e xmpp.Endpoint, q query, confirm func(context.Context, *Form) error) (*Form, error) {
	s, err := secure(ctx, e)
	if err != nil {
		return nil, err
	}
	reply, err := s.Do(ctx, &stanza.IQ{Type: stanza.Set, To: c.to, Payload: stanza.Payload(q)})
	if err == nil || reply == nil || reply.Type != stanza.IQError {
		return nil, err
	}
	f, bad := read(reply.Payload)
	if bad != nil || f.plain { // many servers send back what they were sent
		return nil, err
	}
	if confirm == nil {
		return f, err
	}
	answer, err := c.confirm(ctx, f, confirm)
	if err == nil {
		_, err = s.Do(ctx, &stanza.IQ{Type: stanza.Set, To: c.to, Payload: stanza.Payload(answer)})
	}
	return f, err
}

// confirm fills in what is known and has the program fill in the rest.
func (c change) confirm(ctx context.Context, f *Form, confirm func(context.Context, *Form) error) (query, error) {
	if err := f.purpose(c.formType); err != nil {
		return query{}, err
	}
	for name, v := range c.known {
		if f.Field(name) == nil {
			continue
		}
		if err := form.Set(f.Fields, name, v); err != nil {
			return query{}, err
		}
	}
	return f.complete(ctx, confirm)
}

// secure returns the present session of e, if it has TLS.
func secure(ctx context.Context, e xmpp.Endpoint) (*xmpp.Session, error) {
	var present atomic.Pointer[xmpp.Session]
	remove, err := xmpp.OnSession(ctx, e, func(_ context.Context, s *xmpp.Session) (func(), error) {
		present.Store(s)
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	remove()
	s := present.Load()
	switch {
	case s == nil:
		return nil, ErrOffline
	case s.ConnectionState().TLS.Version == 0:
		return nil, ErrInsecure
	}
	return s, nil
}
