package server

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// netFaults is the state of the network for a connection to come.
type netFaults struct {
	cutRead, cutWrite int64 // close after so many bytes; negative: never
	chunk             int
	delay             time.Duration
	frozen            bool
}

var noFaults = netFaults{cutRead: -1, cutWrite: -1}

// DropConns closes every connection at once, without a stream end and without TLS's goodbye; the client sees the end of
// its input. Sessions of BOSH end with it. New connections are served.
func (s *Server) DropConns() {
	s.eachConn(func(c *conn) { c.out.kill(); c.net.Close() })
	s.DropHTTP()
}

// DropHTTP closes every connection of HTTP at once, and leaves the sessions of BOSH that go over them as they are.
func (s *Server) DropHTTP() { s.eachHTTP(func(fc *faultConn) { fc.Close() }) }

// ResetConns does the same the rough way: a TCP connection ends with RST.
func (s *Server) ResetConns() {
	// The writer closes the connection, politely, once its queue is dead: the reset has to come first.
	s.eachConn(func(c *conn) { c.net.reset(); c.out.kill() })
	s.eachHTTP(func(fc *faultConn) { fc.reset() })
}

// Freeze makes the server say and hear nothing more: connections stay open, what is sent either way is held up, new connections are
// accepted and stay silent as well. Thaw ends it.
func (s *Server) Freeze() {
	s.setFaults(func(f *netFaults) { f.frozen = true })
	s.eachNet(func(fc *faultConn) { fc.freeze() })
}

// Thaw ends Freeze: what was held up goes on its way.
func (s *Server) Thaw() {
	s.setFaults(func(f *netFaults) { f.frozen = false })
	s.eachNet(func(fc *faultConn) { fc.thaw() })
}

// Delay makes everything that the server sends arrive that much later, on connections now and to come; 0 ends it.
func (s *Server) Delay(d time.Duration) {
	s.setFaults(func(f *netFaults) { f.delay = d })
	s.eachNet(func(fc *faultConn) { fc.setDelay(d) })
}

// Chunk makes the server write at most n bytes at once on connections to come, 1 being the hardest; 0 ends it.
func (s *Server) Chunk(n int) { s.setFaults(func(f *netFaults) { f.chunk = n }) }

// CutAfter closes connections to come after so many bytes on the wire: received from the client, sent to it. A negative number leaves
// that direction alone; CutAfter(-1, -1) ends it.
func (s *Server) CutAfter(received, sent int64) {
	s.setFaults(func(f *netFaults) { f.cutRead, f.cutWrite = received, sent })
}

// CutNow closes the connections that are open so many bytes from now.
func (s *Server) CutNow(received, sent int64) {
	s.eachNet(func(fc *faultConn) { fc.cutAfter(received, sent) })
}

func (s *Server) setFaults(f func(*netFaults)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.faults)
}

func (s *Server) eachConn(f func(*conn)) {
	s.mu.Lock()
	conns := s.open()
	s.mu.Unlock()
	for _, c := range conns {
		f(c)
	}
}

// eachNet calls f for every connection of the network.
func (s *Server) eachNet(f func(*faultConn)) {
	s.eachConn(func(c *conn) {
		if _, ok := c.net.Conn.(*boshSession); !ok { // which goes over those of HTTP
			f(c.net)
		}
	})
	s.eachHTTP(f)
}

// eachHTTP calls f for every connection over which requests of HTTP come.
func (s *Server) eachHTTP(f func(*faultConn)) {
	s.mu.Lock()
	var list []*faultConn
	if s.web != nil {
		list = slices.Collect(maps.Keys(s.web.open))
	}
	s.mu.Unlock()
	for _, fc := range list {
		f(fc)
	}
}

// CloseStream ends the streams of an account with a stream error, such as "policy-violation" (RFC 6120 §4.9.3); an empty
// condition closes them without one; suspended ones end. An empty user means everybody's; the domain of a component means its.
func (s *Server) CloseStream(user, condition string) {
	s.mu.Lock()
	part := s.components[user]
	if part != nil && part.conn != nil {
		part.conn.closeStream(condition)
	}
	s.mu.Unlock()
	s.eachSession(user, func(ses *session) {
		if ses.suspended() {
			s.end(ses)
			return
		}
		ses.conn.closeStream(condition)
	})
}

func (c *conn) closeStream(condition string) {
	if condition == "" {
		c.out.finish(closingTag)
		return
	}
	c.endWith(&streamError{condition: condition})
}

// Redirect answers the next stream header, on whatever connection, with see-other-host (RFC 6120 §4.9.3.19). Calls add up.
func (s *Server) Redirect(addr string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.redirects = append(s.redirects, addr)
}

// redirect takes the next redirection.
func (s *Server) redirect() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.redirects) == 0 {
		return ""
	}
	to := s.redirects[0]
	s.redirects = s.redirects[1:]
	return to
}

// eachSession calls f for the sessions of an account, or for all when user is empty. f runs with s.mu held.
func (s *Server) eachSession(user string, f func(*session)) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, a := range s.accounts {
		if user != "" && a.bare.Localpart() != user {
			continue
		}
		for _, ses := range a.ordered() {
			f(ses)
			n++
		}
	}
	return n
}

func errNoAccount(users ...string) error { return fmt.Errorf("no such account among %q", users) }
