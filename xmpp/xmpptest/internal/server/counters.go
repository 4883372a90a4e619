package server

import "sync/atomic"

// Stats counts what has happened in the life of a server.
type Stats struct {
	Conns         int64 // connections accepted
	TLS           int64 // TLS handshakes that succeeded
	TLSFailures   int64 // and that failed
	Logins        int64 // authentications that succeeded
	LoginFailures int64 // and that failed
	Binds         int64 // resources bound
	Received      int64 // children of streams received: stanzas and what negotiates
	Sent          int64 // stanzas sent
	BytesRead     int64 // on the wire
	BytesWritten  int64
	Suspended     int64 // sessions that lost their connection and waited to be resumed
	Resumed       int64 // and how often one was
	Resent        int64 // stanzas sent again then
}

type counters struct {
	conns, tls, tlsFailures, logins, loginFailures, binds, received, sent, bytesRead, bytesWritten, suspended, resumed, resent atomic.Int64
}

func (c *counters) countRead(n int)    { c.bytesRead.Add(int64(n)) }
func (c *counters) countWritten(n int) { c.bytesWritten.Add(int64(n)) }

// Stats returns the counters as they stand.
func (s *Server) Stats() Stats {
	c := &s.counters
	return Stats{
		Conns: c.conns.Load(), TLS: c.tls.Load(), TLSFailures: c.tlsFailures.Load(),
		Logins: c.logins.Load(), LoginFailures: c.loginFailures.Load(), Binds: c.binds.Load(),
		Received: c.received.Load(), Sent: c.sent.Load(),
		BytesRead: c.bytesRead.Load(), BytesWritten: c.bytesWritten.Load(),
		Suspended: c.suspended.Load(), Resumed: c.resumed.Load(), Resent: c.resent.Load(),
	}
}
