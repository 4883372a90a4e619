package server

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"

	"github.com/canto-im/canto/internal/ns"
)

// inline resumes a stream or binds a resource together with a login; answer makes <success/>, given the JID to announce.
// XEP-0386 §3.2: a resumption comes first, and with one that works out the binding is ignored.
func (c *conn) inline(request *Element, answer func(id string, more ...*Element) string) error {
	var failed *Element
	if resume := request.child(ns.SM, "resume"); resume != nil && !c.srv.opts.SASL2.NoResume {
		var err error
		// XEP-0198 §9.2: no features follow.
		failed, err = c.resumeStream(resume, func(resumed *Element) string { return answer(c.address().String(), resumed) })
		if failed == nil {
			return err
		}
	}
	bind := request.child(ns.Bind2, "bind")
	if bind == nil || c.srv.opts.SASL2.NoBind {
		c.say(answer(c.address().String(), failed))
		c.sendFeatures() // XEP-0388 §2.6.1: at once, and without a restart
		return nil
	}
	ses, fault := c.srv.bindResource(c, c.resourceFor(request, bind))
	if fault != nil { // the server's own choice is none that could be refused
		return &streamError{condition: "internal-server-error", text: "no resource: " + fault.condition}
	}
	c.in.forget = !c.srv.smFaults().HalfStanza
	if bind.child(ns.Carbons, "enable") != nil && slices.Contains(c.srv.opts.SASL2.Inline, ns.Carbons) {
		c.srv.mu.Lock()
		ses.copied = c.srv.opts.has("carbons")
		c.srv.mu.Unlock()
	}
	bound := el(ns.Bind2, "bound").with(c.enableInline(ses, bind))
	c.srv.admit(ses, answer(ses.jid.String(), failed, bound)+c.tampered(Exchange{Step: StepFeatures, XML: c.features()}))
	c.srv.logf("conn %d: bound %v with the login", c.id, ses.jid)
	return nil
}

// enableInline enables stream management for a session that nobody can reach yet; XEP-0198 §9.1.
func (c *conn) enableInline(ses *session, bind *Element) *Element {
	enable := bind.child(ns.SM, "enable")
	if enable == nil || !c.srv.opts.has("sm") {
		return nil
	}
	if refuse := c.srv.smFaults().RefuseEnable; refuse != "" {
		return smFailed(refuse) // XEP-0198 §9.1.1
	}
	m := c.srv.newManaged(enable)
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	ses.managed = m
	if m.resumable {
		c.srv.sm.resumable[m.id] = ses
	}
	return c.srv.enabledAnswer(m)
}

// resourceSecret makes resources that tell nothing of the user-agent's id (XEP-0386 §3.2.1) and stay the same.
var resourceSecret = []byte(rand.Text())

// resourceFor makes a resource of the client's tag and, so that it's the same next time, of its id; XEP-0386 §3.2.1.
func (c *conn) resourceFor(request, bind *Element) string {
	made, tag := rand.Text(), ""
	if t := bind.child(ns.Bind2, "tag"); t != nil {
		tag = t.text()
	}
	if id := agentID(request); id != "" {
		m := hmac.New(sha256.New, resourceSecret)
		m.Write([]byte(c.user + "\x00" + id + "\x00" + tag))
		made = strings.ToLower(base32.StdEncoding.EncodeToString(m.Sum(nil)[:10]))
	}
	if tag == "" {
		return made
	}
	return tag + "/" + made
}

// agentID is the id of a client's installation; XEP-0388 §2.3.
func agentID(request *Element) string {
	agent := request.child(ns.SASL2, "user-agent")
	if agent == nil {
		return ""
	}
	return agent.attr("id")
}
