package server

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/canto-im/canto/internal/ns"
)

// smResume answers <resume/>; XEP-0198 §5.
func smResume(c *conn, e *Element) error {
	if c.user == "" || c.session != nil {
		c.step(Exchange{Step: StepResumed, XML: smFailed("unexpected-request").String()})
		return nil
	}
	failed, err := c.resumeStream(e, func(resumed *Element) string {
		return c.tampered(Exchange{Step: StepResumed, XML: resumed.String()})
	})
	if failed != nil {
		c.step(Exchange{Step: StepResumed, XML: failed.String()})
	}
	return err
}

// resumeStream goes on with a stream on this connection, after what answer makes of <resumed/>; or it returns <failed/>.
func (c *conn) resumeStream(e *Element, answer func(resumed *Element) string) (failed *Element, err error) {
	if f := c.srv.smFaults().RefuseResume; f != "" {
		return smFailed(f), nil
	}
	if c.srv.opts.SM.NoResume {
		// XEP-0198 §5: the condition for a server that does not support it
		return smFailed("feature-not-implemented"), nil
	}
	h, ok := smCount(e)
	if !ok {
		return smFailed("bad-request"), nil
	}
	ses := c.srv.resumable(c, e.attr("previd"))
	if ses == nil {
		return c.srv.unknownStream(c, e.attr("previd")), nil
	}
	// The old connection's stanza that is being handled right now counts, so what is said of h waits for it.
	ses.turn <- struct{}{}
	defer func() { <-ses.turn }()
	resumed, err := c.srv.resume(c, ses, h, answer(c.srv.resumedAnswer(ses)))
	switch {
	case err != nil:
		return nil, err
	case !resumed: // its time ran out just now
		return c.srv.unknownStream(c, e.attr("previd")), nil
	}
	return nil, c.goOnFromHalf(ses)
}

// resumable finds the session of an SM-ID. It has to be the account's own.
func (s *Server) resumable(c *conn, id string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ses := s.sm.resumable[id]; ses != nil && ses.account.bare.Localpart() == c.user {
		return ses
	}
	return nil
}

// unknownStream says that there is nothing to resume, and, of a stream that has timed out, how much of it was handled.
func (s *Server) unknownStream(c *conn, id string) *Element {
	s.mu.Lock()
	defer s.mu.Unlock()
	failed := smFailed("item-not-found")
	if old, ok := s.sm.ended[id]; ok && old.user == c.user {
		failed = failed.withAttr("h", fmt.Sprint(s.sm.faults.said(old.h)))
	}
	return failed
}

func (s *Server) resumedAnswer(ses *session) *Element {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, f := ses.managed, s.sm.faults
	id := m.id
	if f.ResumedID != "" {
		id = f.ResumedID
	}
	return el(ns.SM, "resumed", "previd", id, "h", fmt.Sprint(f.said(m.in)))
}

// resume gives a session a new connection, on which h of the server's stanzas are known to have arrived.
func (s *Server) resume(c *conn, ses *session, h uint32, answer string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := ses.managed
	if ses.over {
		return false, nil
	}
	if !m.take(h) {
		return false, tooHigh(h, m)
	}
	if !ses.suspended() {
		s.supersede(ses.conn)
	}
	s.callOff(m.wait)
	m.wait = nil
	ses.conn, c.session = c, ses
	m.stats.Resumptions++
	s.counters.resumed.Add(1)
	s.logf("conn %d: resumed %v, %d to send again", c.id, ses.jid, len(m.queue))
	c.say(answer)
	s.sendAgain(ses)
	return true, nil
}

// sendAgain sends what the client has not acknowledged; XEP-0198 §5: it MUST be.
func (s *Server) sendAgain(ses *session) {
	m := ses.managed
	for _, u := range m.queue {
		e := u.el
		if !s.opts.SM.NoDelay {
			e = s.delayed(u)
		}
		ses.conn.send(e)
		m.stats.Resent++
		s.counters.resent.Add(1)
	}
	m.asked = 0
	if len(m.queue) > 0 && s.opts.SM.RequestEvery > 0 {
		ses.ask()
	}
}

// supersede closes a connection whose stream goes on elsewhere; XEP-0198 §5: with conflict. s.mu is held.
func (s *Server) supersede(old *conn) {
	old.endWith(&streamError{condition: "conflict", text: "the stream was resumed on another connection"})
	// It may well be that nobody reads that any more.
	s.after(closeGrace, func() {
		old.out.kill()
		old.net.Close()
	})
}

// goOnFromHalf is the fault SMFaults.HalfStanza: what the client says now is parsed as the rest of what the old
// connection had brought of a stanza.
func (c *conn) goOnFromHalf(ses *session) error {
	c.srv.mu.Lock()
	half := ses.managed.half
	ses.managed.half = nil
	faulty := c.srv.sm.faults.HalfStanza
	c.srv.mu.Unlock()
	c.in.forget = !faulty
	if !faulty || len(bytes.TrimSpace(half)) == 0 {
		return nil
	}
	c.in.restart(c.dec.Buffered())
	c.in.again = append([]byte(streamStart+string(half)), c.in.again...)
	c.dec.Reset(c.in)
	if _, err := c.dec.ReadToken(); err != nil {
		return c.fatal(err)
	}
	return nil
}

// streamStart opens a stream for a parser that is to begin in the middle of one.
const streamStart = "<stream:stream xmlns='" + ns.Client + "' xmlns:stream='" + ns.Stream + "'>"

func openedStream(raw string) io.Reader {
	return io.MultiReader(strings.NewReader(streamStart), strings.NewReader(raw))
}
