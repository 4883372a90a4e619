package server

import (
	"slices"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
)

// Register configures in-band registration (XEP-0077). The zero value asks for a name and a password, in the fields of
// jabber:iq:register, of whoever comes over TLS.
type Register struct {
	// Form asks with a data form as well, FormOnly with nothing else.
	Form, FormOnly bool
	// Fields are wanted beside "username" and "password", such as "email"; all are required.
	Fields []string
	// Captcha is the answer to the question of a picture that comes with the form (XEP-0158); empty means none. It needs Form.
	Captcha string
	// InviteOnly wants the token of an invitation (XEP-0445).
	InviteOnly bool
	// URL is where strangers are sent to register; nobody does so here then (XEP-0077 §5).
	URL string
	// Limit is how many accounts may be registered in all; the next is refused with resource-constraint. 0 means any number.
	Limit int
	// MinPassword is how many bytes a password must have; a shorter one is refused with policy-violation.
	MinPassword int
	// Confirm wants a form with the old password before an account is removed, or its password changed (XEP-0077 §3.2, §3.3).
	Confirm bool
	// Locked allows no account to be removed nor its password to be changed.
	Locked bool
	// Abrupt ends the streams of an account that is removed before the request is answered.
	Abrupt bool
}

var registerQuery = xmltext.Name{Space: ns.Register, Local: "query"}

// registerModule is XEP-0077.
func registerModule() module {
	return module{
		name:           "register",
		serverFeatures: []string{ns.Register},
		advertise: func(c *conn) []*Element {
			if !c.mayRegister() {
				return nil
			}
			return []*Element{el(ns.RegisterFeat, "register")}
		},
		strangers: map[xmltext.Name]strangerHandler{registerQuery: registerStranger},
		iqs: []iqRoute{
			{to: toServer | toOwn, typ: "get", name: registerQuery, answer: registeredInfo},
			{to: toServer | toOwn, typ: "set", name: registerQuery, answer: changeRegistration},
		},
	}
}

// mayRegister reports whether a connection is offered registration: XEP-0077 §11: over TLS only.
func (c *conn) mayRegister() bool {
	return c.srv.opts.Register != nil && c.user == "" && c.tls != nil
}

// answerStranger answers a request that needs no authentication, and reports whether e is one.
func (c *conn) answerStranger(e *Element) bool {
	typ := e.attr("type")
	if !c.mayRegister() || e.Name.Local != "iq" || e.attr("id") == "" || typ != "get" && typ != "set" || e.first() == nil {
		return false
	}
	h := c.srv.tables.strangers[e.first().Name]
	if h == nil {
		return false
	}
	result, fault := h(c, e, e.first())
	answer := resultReply(e, result)
	if fault != nil {
		answer = errorReply(e, fault)
	}
	c.step(Exchange{Step: StepRegister, XML: answer.String()})
	return true
}

func registerStranger(c *conn, iq, query *Element) (*Element, *stanzaError) {
	o := c.srv.opts.Register
	if iq.attr("type") == "get" {
		return o.question(), nil
	}
	switch {
	case query.child(ns.Register, "remove") != nil:
		return nil, &stanzaError{kind: "auth", condition: "registration-required"}
	case c.registered:
		// XEP-0077 §3.1.1: not a second one on the same stream
		return nil, &stanzaError{kind: "modify", condition: "not-acceptable", text: "one account is enough"}
	case o.InviteOnly && c.invite == nil, o.URL != "":
		return nil, &stanzaError{kind: "cancel", condition: "not-allowed", text: "registration is by invitation"}
	}
	values, fault := o.answers(query)
	if fault != nil {
		return nil, fault
	}
	if fault := c.srv.register(c, values); fault != nil {
		return nil, fault
	}
	c.registered = true
	return nil, nil
}

// register makes an account.
func (s *Server) register(c *conn, values map[string]string) *stanzaError {
	bare, err := jid.New(values["username"], s.domain.Domainpart(), "")
	if err != nil {
		return &stanzaError{kind: "modify", condition: "not-acceptable", text: "that is no name"}
	}
	o := s.opts.Register
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.accounts[bare.Localpart()] != nil || s.reserved(bare.Localpart(), c.invite):
		return &stanzaError{kind: "cancel", condition: "conflict", text: "the name is taken"}
	case len(values["password"]) < o.MinPassword:
		return &stanzaError{kind: "modify", condition: "policy-violation", text: "the password is too short"}
	case o.Limit > 0 && s.registrations >= o.Limit:
		return &stanzaError{kind: "wait", condition: "resource-constraint", text: "too many accounts were registered"}
	}
	if fault := s.redeem(c.invite, bare.Localpart()); fault != nil {
		return fault
	}
	s.registrations++
	s.addUser(bare, values["password"])
	s.accounts[bare.Localpart()].details = values
	if c.invite != nil && c.invite.inviter != "" {
		s.welcomeInvited(c.invite.inviter, bare.Localpart())
	}
	return nil
}

// registeredInfo tells an account what is known of it; XEP-0077 §3.1: the password may be left out.
func registeredInfo(rq *request) (*Element, *stanzaError) {
	a, fault := rq.registrant()
	if fault != nil {
		return nil, fault
	}
	q := el(ns.Register, "query").with(el(ns.Register, "registered"), el(ns.Register, "username").withText(a.bare.Localpart()), el(ns.Register, "password"))
	for _, f := range rq.srv.opts.Register.Fields {
		q = q.with(el(ns.Register, f).withText(a.details[f]))
	}
	return q, nil
}

// registrant is the account that asks.
func (rq *request) registrant() (*account, *stanzaError) {
	if rq.sender == nil {
		return nil, &stanzaError{kind: "auth", condition: "registration-required"}
	}
	return rq.sender.account, nil
}

// changeRegistration removes an account or changes its password.
func changeRegistration(rq *request) (*Element, *stanzaError) {
	a, fault := rq.registrant()
	if fault != nil {
		return nil, fault
	}
	o := rq.srv.opts.Register
	if o.Locked {
		return nil, &stanzaError{kind: "cancel", condition: "not-allowed"}
	}
	values := submitted(rq.payload)
	remove := rq.payload.child(ns.Register, "remove") != nil || values["FORM_TYPE"] == ns.Register+":cancel"
	if o.Confirm {
		if fault := confirmed(a, values, remove); fault != nil {
			return nil, fault
		}
	}
	if remove {
		if x := rq.payload.child(ns.Data, "x"); x == nil && slices.Collect(rq.payload.elements())[0].Name.Local != "remove" {
			return nil, errBadRequest // XEP-0077 §3.2: it has to be alone
		}
		rq.unregister(a)
		return nil, nil
	}
	name, err := jid.New(values["username"], rq.srv.domain.Domainpart(), "")
	switch {
	case err != nil || values["password"] == "": // XEP-0077 §3.3: never to an empty one
		return nil, errBadRequest
	case name != a.bare && name.Localpart() != a.bare.Localpart():
		return nil, &stanzaError{kind: "auth", condition: "forbidden"}
	case len(values["password"]) < o.MinPassword:
		return nil, &stanzaError{kind: "modify", condition: "policy-violation", text: "the password is too short"}
	}
	a.secret = newCredential(values["password"])
	return nil, nil
}

// unregister removes an account once the request was answered, or before; XEP-0077 §3.2: its streams end.
func (rq *request) unregister(a *account) {
	end := func() {
		for _, ses := range a.ordered() {
			ses.conn.endWith(&streamError{condition: "not-authorized", text: "the account is gone"})
			rq.srv.end(ses)
		}
	}
	delete(rq.srv.accounts, a.bare.Localpart())
	if rq.srv.opts.Register.Abrupt {
		end()
		return
	}
	rq.after = append(rq.after, end)
}
