package server

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// sasl2Module is XEP-0388 with what can be asked for together with the login: Bind 2, resumption, FAST.
func sasl2Module() module {
	return module{
		name:      "sasl2",
		advertise: advertiseSASL2,
		elements: map[xmltext.Name]elementHandler{
			{Space: ns.SASL2, Local: "authenticate"}: authenticate,
			{Space: ns.SASL2, Local: "response"}:     response2,
			{Space: ns.SASL2, Local: "next"}:         nextTask,
			{Space: ns.SASL2, Local: "abort"}: func(c *conn, e *Element) error {
				// XEP-0388 §4.5
				return c.outOfTurn(e, failure("aborted", ""))
			},
		},
	}
}

// speaksSASL2 reports whether a connection is offered SASL2: XEP-0388 §3: inside TLS only. Like real servers, this one needs
// to know who is coming.
func (c *conn) speaksSASL2() bool {
	return c.srv.opts.SASL2 != nil && c.srv.opts.has("sasl2") && c.user == "" && c.tls != nil && c.from != ""
}

func advertiseSASL2(c *conn) []*Element {
	c.fast = nil
	if !c.speaksSASL2() || len(c.offered) == 0 {
		// XEP-0388 §2.1: it MUST NOT be offered without a mechanism
		return nil
	}
	offer := el(ns.SASL2, "authentication")
	for _, m := range c.offered {
		offer = offer.with(el(ns.SASL2, "mechanism").withText(m))
	}
	o, inline := c.srv.opts.SASL2, el(ns.SASL2, "inline")
	if !o.NoBind {
		features := el(ns.Bind2, "inline")
		for _, f := range c.srv.inlineFeatures() {
			features = features.with(el(ns.Bind2, "feature", "var", f))
		}
		inline = inline.with(el(ns.Bind2, "bind").with(features))
	}
	if !o.NoResume && c.srv.opts.has("sm") {
		inline = inline.with(el(ns.SM, "sm"))
	}
	inline = inline.with(c.offerFAST())
	if len(inline.Children) > 0 {
		offer = offer.with(inline)
	}
	return []*Element{offer}
}

// inlineFeatures are what can be enabled together with the binding.
func (s *Server) inlineFeatures() []string {
	list := slices.Clone(s.opts.SASL2.Inline)
	if s.opts.has("sm") {
		list = append(list, ns.SM)
	}
	return list
}

// authenticate begins an exchange; XEP-0388 §2.3.
func authenticate(c *conn, e *Element) error {
	if c.user != "" || c.login != nil {
		// XEP-0388 §4.8: a further <authenticate/> MUST result in a stream error
		return &streamError{condition: "policy-violation", text: "authenticated already, or at it"}
	}
	c.login = &login{mechanism: e.attr("mechanism"), request: e}
	if !c.speaksSASL2() {
		return c.authFailed(failure("invalid-mechanism", "SASL2 is not offered"))
	}
	x, f := c.exchange2(e)
	if f != nil {
		return c.authFailed(f)
	}
	c.login.exchange = x
	initial := e.child(ns.SASL2, "initial-response")
	if initial == nil {
		// XEP-0388 §2.2: to indicate the absence of an initial response, the element is not included
		return c.authNext(nil)
	}
	return c.takeData(initial)
}

// exchange2 starts the mechanism: one of the list, or with <fast/> one of those for tokens.
func (c *conn) exchange2(e *Element) (saslExchange, *saslFailure) {
	fast := e.child(ns.FAST, "fast")
	if fast == nil {
		return newExchange(e.attr("mechanism"), c.saslFacts())
	}
	return c.newTokenExchange(e, fast)
}

// response2 takes a <response/>; XEP-0388 §2.5.
func response2(c *conn, e *Element) error {
	if c.login == nil || c.login.exchange == nil {
		return c.outOfTurn(e, failure("malformed-request", "there is no exchange to respond to"))
	}
	return c.takeData(e)
}

// outOfTurn refuses an element of XEP-0388, also where no login is under way.
func (c *conn) outOfTurn(e *Element, f *saslFailure) error {
	if c.login == nil {
		c.login = &login{request: e}
	}
	return c.authFailed(f)
}

// takeData hands the data of an element to the exchange.
func (c *conn) takeData(e *Element) error {
	data, err := base64.StdEncoding.Strict().AppendDecode([]byte{}, []byte(strings.TrimSpace(e.text())))
	if err != nil {
		return c.authFailed(failure("incorrect-encoding", err.Error()))
	}
	return c.authNext(data)
}

// sasl2Element writes what carries data in XEP-0388: no data and data of length zero are told apart by the place it has.
func sasl2Element(name string, data []byte) *Element {
	return el(ns.SASL2, name).withText(base64.StdEncoding.EncodeToString(data))
}

// tasks says that the mechanism alone does not do; XEP-0388 §2.6.3.
func (c *conn) tasks(x Exchange, reply saslReply) error {
	list := el(ns.SASL2, "tasks")
	for _, t := range c.srv.opts.SASL2.Tasks {
		list = list.with(el(ns.SASL2, "task").withText(t))
	}
	e := el(ns.SASL2, "continue")
	if reply.data != nil {
		e = e.with(sasl2Element("additional-data", reply.data))
	}
	c.login.exchange, c.login.user = nil, reply.user
	x.Step, x.XML = StepContinue, e.with(list, el(ns.SASL2, "text").withText("There is more to be done.")).String()
	c.step(x)
	return nil
}

// nextTask takes a task to be done when the client names it; XEP-0388 §2.6.3.
func nextTask(c *conn, e *Element) error {
	if c.login == nil || c.login.user == "" || !slices.Contains(c.srv.opts.SASL2.Tasks, e.attr("task")) {
		return c.outOfTurn(e, failure("malformed-request", "no such task"))
	}
	return c.welcome(Exchange{Step: StepSuccess, Mechanism: c.login.mechanism}, saslReply{user: c.login.user})
}

// welcome lets an account in, and does what else was asked for; XEP-0388 §2.6.1.
func (c *conn) welcome(x Exchange, reply saslReply) error {
	request := c.login.request
	c.login, c.user = nil, reply.user
	c.srv.counters.logins.Add(1)
	success := el(ns.SASL2, "success")
	if reply.data != nil {
		success = success.with(sasl2Element("additional-data", reply.data))
	}
	answer := func(id string, more ...*Element) string {
		more = append([]*Element{el(ns.SASL2, "authorization-identifier").withText(id)}, more...)
		x.XML = success.with(append(more, c.grantToken(request, reply))...).String()
		return c.tampered(x)
	}
	return c.inline(request, answer)
}
