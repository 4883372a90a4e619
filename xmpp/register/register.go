package register

import (
	"cmp"
	"context"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
)

// A Request says what a server is told beside the name and the password. A nil one is an empty one.
type Request struct {
	// Values are answers by the name of their field, such as "email". Those that the server does not ask for are not given.
	Values map[string]string
	// Fill is shown what the server asks, with name, password and Values filled in, and fills in the rest: a person may be asked
	// meanwhile, as long as ctx and the server's patience last. Its error ends the dialing. Nil: what is required and not known is
	// an error that has the Form.
	Fill func(ctx context.Context, f *Form) error
	// Token is that of an invitation (XEP-0445). Empty: none.
	Token string
}

// Dial registers addr, whose localpart is the name of the account, with the password of o, and logs in on the same connection; see
// xmpp.Dial. The error is a *xmpp.DialError; it has an *Error in it where the registration is what failed. If the login
// fails after it, the account is there all the same.
func Dial(ctx context.Context, addr jid.JID, o *xmpp.Options, r *Request) (*xmpp.Session, error) {
	return xmpp.Dial(ctx, addr, With(addr, o, r))
}

// With returns a copy of o that registers addr with its first login, and does no more than log in afterwards: for
// xmpp.NewSession, for a Client, or another transport. It takes the place of o.BeforeLogin.
func With(addr jid.JID, o *xmpp.Options, r *Request) *xmpp.Options {
	var c xmpp.Options
	if o != nil {
		c = *o
	}
	n := &newcomer{addr: addr.Bare(), password: c.Password}
	if r != nil {
		n.request = *r
		n.request.Values = maps.Clone(r.Values)
	}
	c.BeforeLogin = n.beforeLogin
	return &c
}

// A newcomer is an account on its way to exist.
type newcomer struct {
	addr     jid.JID
	password string
	request  Request
	done     atomic.Bool
}

// ask is a request as xmpp.Options.BeforeLogin can make it.
type ask func(*stanza.IQ) (*stanza.IQ, error)

func (n *newcomer) beforeLogin(ctx context.Context, offered xmpp.Features, do func(*stanza.IQ) (*stanza.IQ, error)) error {
	if n.done.Load() {
		return nil
	}
	f, err := n.register(ctx, offered, do)
	if err != nil {
		return &Error{Op: fmt.Sprintf("register %q", n.addr), Err: err, Form: f}
	}
	n.done.Store(true)
	return nil
}

// register returns the form with an error that came after it.
func (n *newcomer) register(ctx context.Context, offered xmpp.Features, do ask) (*Form, error) {
	switch {
	case n.addr.Localpart() == "":
		return nil, errNoName
	case n.password == "":
		return nil, errNoPassword
	case !offered.Has(ns.RegisterFeat):
		return nil, ErrNotOffered
	}
	if err := n.showToken(offered, do); err != nil {
		return nil, err
	}
	// XEP-0077 §3.1: what is wanted is not to be guessed.
	reply, err := do(&stanza.IQ{Type: stanza.Get, To: n.addr.Domain(), Payload: stanza.Payload(query{})})
	if err != nil {
		return nil, err
	}
	f, err := read(reply.Payload)
	if err != nil {
		return nil, err
	}
	answer, err := n.fill(ctx, f)
	if err != nil {
		return f, err
	}
	_, err = do(&stanza.IQ{Type: stanza.Set, To: n.addr.Domain(), Payload: stanza.Payload(answer)})
	return f, err
}

// preauth is the token of an invitation (XEP-0445 §4).
type preauth struct {
	XMLName xml.Name `xml:"urn:xmpp:pars:0 preauth"`
	Token   string   `xml:"token,attr"`
}

func (n *newcomer) showToken(offered xmpp.Features, do ask) error {
	if n.request.Token == "" {
		return nil
	}
	if !offered.Has(ns.IBRToken) {
		// XEP-0445 §3: the URI may be anybody's; the server has to say that it takes such tokens.
		return fmt.Errorf("invitations: %w", ErrNotOffered)
	}
	_, err := do(&stanza.IQ{Type: stanza.Set, To: n.addr.Domain(), Payload: stanza.Payload(preauth{Token: n.request.Token})})
	if err != nil {
		return fmt.Errorf("the invitation: %w", err)
	}
	return nil
}

// fill fills in what is known, and has the program fill in the rest.
func (n *newcomer) fill(ctx context.Context, f *Form) (query, error) {
	if err := f.purpose(ns.Register); err != nil {
		return query{}, err
	}
	if err := form.Set(f.Fields, "username", n.addr.Localpart()); err != nil {
		return query{}, err
	}
	if err := form.Set(f.Fields, "password", n.password); err != nil {
		return query{}, err
	}
	for _, name := range slices.Sorted(maps.Keys(n.request.Values)) {
		if f.Field(name) == nil || name == form.TypeVar {
			continue
		}
		if err := form.Set(f.Fields, name, n.request.Values[name]); err != nil {
			return query{}, err
		}
	}
	return f.complete(ctx, n.request.Fill)
}

// complete has a form filled in, if somebody can, and makes the answer of it.
func (f *Form) complete(ctx context.Context, fill func(context.Context, *Form) error) (query, error) {
	if fill != nil {
		if err := cmp.Or(fill(ctx, f), context.Cause(ctx)); err != nil {
			return query{}, err
		}
	}
	return f.answer()
}
