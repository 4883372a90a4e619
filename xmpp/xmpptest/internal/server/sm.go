package server

import (
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// smState is what the server has of stream management. Server.mu protects it.
type smState struct {
	faults    SMFaults
	resumable map[string]*session // by SM-ID
	ended     map[string]endedStream
	handled   map[string][]Handled // by localpart
}

func newSMState() smState {
	return smState{
		resumable: make(map[string]*session),
		ended:     make(map[string]endedStream),
		handled:   make(map[string][]Handled),
	}
}

// An endedStream is what is remembered of a stream that can't be resumed any more.
type endedStream struct {
	user string
	h    uint32
}

// smModule is XEP-0198.
func smModule() module {
	return module{
		name: "sm",
		advertise: func(c *conn) []*Element {
			if c.user == "" || c.session != nil && c.srv.isManaged(c) {
				return nil
			}
			return []*Element{el(ns.SM, "sm")}
		},
		elements: map[xmltext.Name]elementHandler{
			{Space: ns.SM, Local: "enable"}: smEnable,
			{Space: ns.SM, Local: "resume"}: smResume,
			{Space: ns.SM, Local: "r"}:      smRequest,
			{Space: ns.SM, Local: "a"}:      smAck,
		},
		ended: smEnded,
	}
}

// smFailed refuses; XEP-0198 §6: with a stanza error condition.
func smFailed(condition string) *Element {
	return el(ns.SM, "failed").with(el(ns.Stanzas, condition))
}

// smEnable answers <enable/>; XEP-0198 §3.
func smEnable(c *conn, e *Element) error {
	if c.session == nil {
		// XEP-0198 §3: not before authentication, not before binding
		c.step(Exchange{Step: StepEnabled, XML: smFailed("unexpected-request").String()})
		return nil
	}
	if refuse := c.srv.smFaults().RefuseEnable; refuse != "" {
		c.step(Exchange{Step: StepEnabled, XML: smFailed(refuse).String()})
		return nil
	}
	if c.srv.isManaged(c) {
		// XEP-0198 §3: at most one attempt; the answer to a second one is a stream error, and example 6 has <failed/>
		c.step(Exchange{Step: StepEnabled, XML: smFailed("unexpected-request").String()})
		return &streamError{condition: "policy-violation", text: "the stream is managed already"}
	}
	m := c.srv.newManaged(e)
	answer := c.tampered(Exchange{Step: StepEnabled, XML: c.srv.enabledAnswer(m).String()})
	c.srv.manage(c, m, answer)
	return nil
}

func (s *Server) isManaged(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return c.session.managed != nil
}

// newManaged settles what the client gets of what it asks for.
func (s *Server) newManaged(enable *Element) *managed {
	o := s.opts.SM
	m := &managed{in: o.Start, acked: o.Start, max: o.Max}
	m.resumable = !o.NoResume && xsTrue(enable.attr("resume"))
	// XEP-0198 §3: the client's max is what it would prefer
	if wish, err := strconv.ParseUint(enable.attr("max"), 10, 31); err == nil && wish > 0 {
		m.max = min(m.max, time.Duration(wish)*time.Second)
	}
	if m.resumable {
		m.id = rand.Text()
	}
	return m
}

// xsTrue reads an xs:boolean; XEP-0198 §3: both styles MUST be supported.
func xsTrue(s string) bool {
	s = strings.TrimSpace(s)
	return s == "true" || s == "1"
}

func (s *Server) enabledAnswer(m *managed) *Element {
	answer := el(ns.SM, "enabled")
	if m.resumable {
		// XEP-0198 §5: 'resume' and 'id' are a MUST then
		seconds := (m.max + time.Second - 1) / time.Second
		answer = answer.withAttr("id", m.id).withAttr("resume", "true").withAttr("max", fmt.Sprint(int64(seconds)))
		answer = answer.withAttr("location", s.opts.SM.Location)
	}
	return answer
}

// manage begins to count, at the very place in the stream where the answer stands; XEP-0198 §4.
func (s *Server) manage(c *conn, m *managed, answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ses := c.session
	if ses.over || ses.conn != c {
		return
	}
	ses.managed = m
	if m.resumable {
		s.sm.resumable[m.id] = ses
	}
	c.say(answer)
}

// managedOf returns the managed stream that a connection carries; nil when there is none, or none any more. s.mu is held.
func (s *Server) managedOf(c *conn) *managed {
	if ses := c.session; ses != nil && ses.conn == c && !ses.over {
		return ses.managed
	}
	return nil
}

// smRequest answers <r/>; XEP-0198 §4: it MUST be acknowledged.
func smRequest(c *conn, _ *Element) error {
	s := c.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	switch f := s.sm.faults; {
	case c.session == nil || c.session.managed == nil:
		c.say(smFailed("unexpected-request").String())
	case f.Silent:
	case f.AckDelay > 0:
		s.after(f.AckDelay, func() { s.acknowledge(c) })
	default:
		s.acknowledge(c)
	}
	return nil
}

// acknowledge says <a/>. s.mu is held.
func (s *Server) acknowledge(c *conn) {
	if m := s.managedOf(c); m != nil {
		c.say(fmt.Sprintf("<a xmlns='%s' h='%d'/>", ns.SM, s.sm.faults.said(m.in)))
	}
}

// smAck takes an <a/>; XEP-0198 §4 and §6.
func smAck(c *conn, e *Element) error {
	s := c.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.session == nil || c.session.managed == nil {
		c.say(smFailed("unexpected-request").String())
		return nil
	}
	m := s.managedOf(c)
	if m == nil { // the stream goes on elsewhere: this connection speaks for nobody
		return nil
	}
	h, ok := smCount(e)
	if !ok {
		// XEP-0198 §4: an <a/> MUST possess an 'h' attribute
		return &streamError{condition: "bad-format", text: "h is no number: " + strconv.Quote(e.attr("h"))}
	}
	if !m.take(h) {
		return tooHigh(h, m)
	}
	return nil
}

// smCount reads an h, an xs:unsignedInt.
func smCount(e *Element) (uint32, bool) {
	n, err := strconv.ParseUint(strings.TrimPrefix(strings.TrimSpace(e.attr("h")), "+"), 10, 32)
	return uint32(n), err == nil
}

// tooHigh is XEP-0198 §6, example 17.
func tooHigh(h uint32, m *managed) *streamError {
	return &streamError{
		condition: "undefined-condition",
		text:      fmt.Sprintf("You acknowledged %d stanzas, but I only sent you %d so far.", h, m.sent()),
		app:       el(ns.SM, "handled-count-too-high", "h", fmt.Sprint(h), "send-count", fmt.Sprint(m.sent())),
	}
}
