package server

import (
	"errors"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// send hands a stanza to the client: over its connection, and where the stream is managed, to what is kept until the
// client has acknowledged it.
func (ses *session) send(e *Element) {
	if ses.over {
		return
	}
	m := ses.managed
	if m == nil {
		ses.conn.send(e)
		return
	}
	m.push(e)
	if m.wait != nil {
		ses.conn.srv.overflow(ses)
		return
	}
	ses.conn.send(e)
	ses.request()
}

// say hands raw XML to the client. What stanzas there are in it are counted like all others.
func (ses *session) say(raw string) {
	m := ses.managed
	if m == nil {
		ses.conn.say(raw)
		return
	}
	for _, e := range stanzasIn(raw) {
		m.push(e)
	}
	if m.wait != nil {
		ses.conn.srv.overflow(ses)
		return
	}
	ses.conn.say(raw)
	ses.request()
}

// request asks for an acknowledgement when enough was sent since the last time.
func (ses *session) request() {
	every := ses.conn.srv.opts.SM.RequestEvery
	if ses.managed.asked++; every > 0 && ses.managed.asked >= every {
		ses.ask()
	}
}

func (ses *session) ask() {
	ses.managed.asked = 0
	ses.conn.say("<r xmlns='" + ns.SM + "'/>")
}

// suspended reports whether the session has no connection.
func (ses *session) suspended() bool { return ses.managed != nil && ses.managed.wait != nil }

// stanzasIn returns the whole stanzas at the beginning of raw XML, up to where it is broken or ends.
func stanzasIn(raw string) (list []*Element) {
	d := xmltext.NewDecoder(openedStream(raw), xmltext.Limits{StanzaBytes: len(streamStart) + len(raw)})
	if _, err := d.ReadToken(); err != nil {
		return nil
	}
	for {
		tok, err := d.ReadToken()
		if err != nil || tok.Kind != xmltext.KindStart {
			return list
		}
		e, err := readElement(d, tok)
		if err != nil {
			return list
		}
		if e.isStanza() {
			list = append(list, e)
		}
	}
}

func (e *Element) isStanza() bool {
	return e.is(ns.Client, "message") || e.is(ns.Client, "presence") || e.is(ns.Client, "iq")
}

// carries reports whether a connection is the one that its session has at present.
func (s *Server) carries(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return c.session.conn == c
}

// lost is what becomes of a connection's session when its stream is over for the reason err; its reader calls it.
func (s *Server) lost(c *conn, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ses := c.session
	if ses == nil || ses.conn != c || ses.over {
		return
	}
	var se *streamError
	m := ses.managed
	switch {
	// XEP-0198 §7: only a stream that was closed, by whichever side and with an error or without, is over
	case m == nil, !m.resumable, s.closed, errors.Is(err, errClosed), errors.As(err, &se), c.out.isFinished():
		s.end(ses)
		return
	}
	c.out.kill()
	s.suspend(ses)
}

// suspend keeps a session that has lost its connection: it stays available, and what comes for it waits. s.mu is held.
func (s *Server) suspend(ses *session) {
	m := ses.managed
	m.stats.Suspensions++
	s.counters.suspended.Add(1)
	m.half = ses.conn.in.partial()
	m.wait = s.after(m.max, func() {
		s.logf("%v: not resumed in time", ses.jid)
		s.end(ses)
	})
	s.logf("%v: suspended with %d unacknowledged", ses.jid, len(m.queue))
	s.overflow(ses)
}

// overflow ends a suspended session that has too much waiting for it. s.mu is held.
func (s *Server) overflow(ses *session) {
	if len(ses.managed.queue) > s.opts.SM.Queue {
		s.logf("%v: too much waits for it", ses.jid)
		s.end(ses)
	}
}

// smEnded disposes of what a session leaves behind. s.mu is held.
func smEnded(s *Server, ses *session) {
	m := ses.managed
	if m == nil {
		return
	}
	s.callOff(m.wait)
	m.wait = nil
	if m.resumable {
		delete(s.sm.resumable, m.id)
		s.rememberEnded(m.id, endedStream{user: ses.account.bare.Localpart(), h: m.in})
	}
	left := m.queue
	m.queue = nil
	if s.closed {
		return
	}
	for _, u := range left {
		s.undelivered(ses, u)
	}
}

// maxEnded bounds what is remembered of streams that are gone.
const maxEnded = 1024

func (s *Server) rememberEnded(id string, e endedStream) {
	for old := range s.sm.ended {
		if len(s.sm.ended) < maxEnded {
			break
		}
		delete(s.sm.ended, old)
	}
	s.sm.ended[id] = e
}
