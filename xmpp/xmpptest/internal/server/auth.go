package server

import (
	"encoding/base64"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// maxAttempts is how often a client may fail to log in on one connection; RFC 6120 §6.4.5 recommends at least two, at most five.
const maxAttempts = 5

// A login is a SASL exchange under way.
type login struct {
	mechanism  string
	exchange   saslExchange // nil: it is done, and tasks are not
	challenges int
	request    *Element // <authenticate/> of XEP-0388; nil with the profile of RFC 6120
	user       string   // who has authenticated and has tasks to do
}

// challenge writes a challenge, as the profile in use has it.
func (l *login) challenge(data []byte) string {
	if l.request != nil {
		return sasl2Element("challenge", data).String()
	}
	return saslElement("challenge", data)
}

// saslModule is RFC 6120 §6 with XEP-0440.
func saslModule() module {
	return module{
		name:      "sasl",
		advertise: advertiseSASL,
		elements: map[xmltext.Name]elementHandler{
			{Space: ns.SASL, Local: "auth"}:     auth,
			{Space: ns.SASL, Local: "response"}: response,
			{Space: ns.SASL, Local: "abort"}: func(c *conn, _ *Element) error {
				// RFC 6120 §6.4.4
				return c.authFailed(failure("aborted", ""))
			},
		},
	}
}

func advertiseSASL(c *conn) []*Element {
	c.offered, c.announced = nil, nil
	if c.user != "" || c.tls == nil && c.srv.opts.StartTLS == Required {
		// RFC 6120 §5.3.1: where TLS is mandatory, nothing else is offered before it
		return nil
	}
	f := c.saslFacts()
	c.offered = c.srv.opts.offers(f)
	if len(c.offered) == 0 {
		return nil
	}
	list := el(ns.SASL, "mechanisms")
	for _, m := range c.offered {
		list = list.with(el(ns.SASL, "mechanism").withText(m))
	}
	if c.speaksSASL2() && c.srv.opts.SASL2.Only {
		list = nil
	}
	if c.srv.opts.HideBindings || len(f.types) == 0 {
		return []*Element{list}
	}
	c.announced = f.types
	types := el(ns.ChannelBind, "sasl-channel-binding")
	for _, t := range f.types {
		types = types.with(el(ns.ChannelBind, "channel-binding", "type", t))
	}
	return []*Element{list, types}
}

func (c *conn) saslFacts() saslFacts {
	f := saslFacts{
		opts: &c.srv.opts, accounts: c.srv, domain: c.srv.domain.String(),
		tls: c.tls, serverCert: c.serverCert, offered: c.offered, announced: c.announced,
	}
	if c.entrance != overBOSH { // whose requests may go over any number of connections
		f.types = bindingTypes(f, c.srv.opts.ChannelBindings)
	}
	return f
}

func auth(c *conn, e *Element) error {
	if c.user != "" {
		// RFC 6120 §6.3.3: not twice on one stream
		return &streamError{condition: "policy-violation", text: "authenticated already"}
	}
	x, f := newExchange(e.attr("mechanism"), c.saslFacts())
	if f != nil {
		return c.authFailed(f)
	}
	c.login = &login{mechanism: e.attr("mechanism"), exchange: x}
	return c.authStep(e)
}

func response(c *conn, e *Element) error {
	if c.login == nil {
		return c.authFailed(failure("malformed-request", "there is no exchange to respond to"))
	}
	return c.authStep(e)
}

func (c *conn) authStep(e *Element) error {
	data, err := saslData(e)
	if err != nil {
		// RFC 6120 §6.5.5
		return c.authFailed(failure("incorrect-encoding", err.Error()))
	}
	return c.authNext(data)
}

// saslData decodes the text of auth or response; RFC 6120 §6.4.2, §6.4.3 and §13.9.1. Nil is no data.
func saslData(e *Element) ([]byte, error) {
	switch text := e.text(); {
	case text == "" && e.Name.Local == "auth":
		return nil, nil
	case text == "" || text == "=": // an empty response is one with no data in it, which is not the same as none
		return []byte{}, nil
	default:
		return base64.StdEncoding.Strict().DecodeString(text)
	}
}

func (c *conn) authNext(data []byte) error {
	reply, f := c.login.exchange.step(data)
	if f != nil {
		return c.authFailed(f)
	}
	e := Exchange{Mechanism: c.login.mechanism, Challenges: c.login.challenges, Step: StepChallenge}
	if reply.done {
		e.Step = StepSuccess
	}
	if t := c.srv.opts.TamperSASL; t != nil {
		reply.data = t(e, reply.data)
	}
	if !reply.done {
		c.login.challenges++
		e.XML = c.login.challenge(reply.data)
		c.step(e)
		return nil
	}
	if c.login.request != nil && len(c.srv.opts.SASL2.Tasks) > 0 {
		return c.tasks(e, reply)
	}
	if c.login.request != nil {
		return c.welcome(e, reply)
	}
	c.login = nil
	c.user = reply.user
	c.srv.counters.logins.Add(1)
	e.XML = saslElement("success", reply.data)
	c.step(e)
	// RFC 6120 §6.4.6: both ends consider the stream as restarted
	return errRestart
}

// saslElement writes a challenge or a success; RFC 6120 §6.4.6: no data and data of length zero differ.
func saslElement(name string, data []byte) string {
	text := base64.StdEncoding.EncodeToString(data)
	if data != nil && len(data) == 0 {
		text = "="
	}
	return "<" + name + " xmlns='" + ns.SASL + "'>" + text + "</" + name + ">"
}

func (c *conn) authFailed(f *saslFailure) error {
	x, space := Exchange{Step: StepFailure}, ns.SASL
	if c.login != nil {
		x.Mechanism, x.Challenges = c.login.mechanism, c.login.challenges
		if c.login.request != nil {
			space = ns.SASL2
		}
	}
	c.login = nil
	c.attempts++
	c.srv.counters.loginFailures.Add(1)
	e := el(space, "failure").with(el(ns.SASL, f.condition))
	if f.text != "" {
		text := el(space, "text").withText(f.text)
		text.Attrs = []Attr{{Name: xmltext.Name{Space: ns.XML, Local: "lang"}, Value: "en"}}
		e = e.with(text)
	}
	x.XML = e.String()
	c.step(x)
	if c.attempts >= maxAttempts {
		// RFC 6120 §6.4.5: too many failed attempts
		return &streamError{condition: "policy-violation", text: "too many failed logins"}
	}
	return nil
}
