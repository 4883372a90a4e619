package xmpptest

import (
	"time"

	"github.com/canto-im/canto/jid"
)

// DropConns closes every connection at once, without a stream end and without TLS's goodbye, as a network does that goes
// away; clients see the end of their input. Sessions of BOSH end with it. New connections are served.
func (s *Server) DropConns() { s.inner.DropConns() }

// DropHTTP closes every connection of HTTP in this way, and leaves the sessions of BOSH as they are: requests and responses that are
// under way are lost.
func (s *Server) DropHTTP() { s.inner.DropHTTP() }

// ResetConns is DropConns the rough way: a TCP connection ends with RST.
func (s *Server) ResetConns() { s.inner.ResetConns() }

// Freeze makes the server say and hear nothing more: connections stay open and what is sent either way is held up; new
// connections are accepted and stay silent as well. Thaw ends it.
func (s *Server) Freeze() { s.inner.Freeze() }

// Thaw ends Freeze: what was held up goes on its way.
func (s *Server) Thaw() { s.inner.Thaw() }

// Delay makes everything that the server sends arrive that much later, on connections now and to come; 0 ends it.
func (s *Server) Delay(d time.Duration) { s.inner.Delay(d) }

// Chunk makes the server write at most n bytes at once on connections to come, 1 being the hardest; 0 ends it.
func (s *Server) Chunk(n int) { s.inner.Chunk(n) }

// CutAfter closes connections to come after so many bytes on the wire (under TLS): received from the client, sent to it. A
// negative number leaves that direction alone; CutAfter(-1, -1) ends it.
func (s *Server) CutAfter(received, sent int64) { s.inner.CutAfter(received, sent) }

// CutNow closes the connections that are open now, so many bytes from now.
func (s *Server) CutNow(received, sent int64) { s.inner.CutNow(received, sent) }

// CloseStream ends the streams of an account with a stream error, such as "policy-violation" (RFC 6120 §4.9.3), or without
// one when the condition is empty; suspended ones end. An empty user means everybody's; the domain of a component, its.
func (s *Server) CloseStream(user, condition string) { s.inner.CloseStream(user, condition) }

// Redirect answers the next stream header, on whatever connection, with see-other-host (RFC 6120 §4.9.3.19). Calls add up.
func (s *Server) Redirect(addr string) { s.inner.Redirect(addr) }

// Inject says raw XML to every session of an account, as it stands; nothing checks it, so that anything can be said. It is an
// error when the account has no session.
func (s *Server) Inject(user, raw string) error { return s.inner.Inject(user, raw) }

// ReplaceReply answers the account's next IQ request to the server, or to an account's bare JID, with this XML instead,
// once. In it ${id}, ${from} and ${to} stand for those of the request. Calls add up; an empty string answers nothing at all.
func (s *Server) ReplaceReply(user, xml string) { s.inner.ReplaceReply(user, xml) }

// Intercept has every stanza from a bound session shown to see before it's routed; true takes it off its way. The function
// may call the server; the sender's next stanza waits for it. Remove ends it.
func (s *Server) Intercept(see func(from jid.JID, xml string) bool) (remove func()) {
	return s.inner.Intercept(see)
}
