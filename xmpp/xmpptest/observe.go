package xmpptest

import (
	"context"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp/xmpptest/internal/server"
)

// An Entry is one element that the server has received: a stanza, or what negotiates a stream.
type Entry struct {
	Conn int     // which connection, from 1
	From jid.JID // the full JID of the session, the bare one before binding, the domain of a component, zero before authentication
	XML  string
}

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

// Stats returns the counters as they stand.
func (s *Server) Stats() Stats { return Stats(s.inner.Stats()) }

// Transcript returns what was received, oldest first, as far as it's remembered (Options.Transcript). A user narrows it to
// one account, or to the component of that domain; empty means everybody, and what came before authentication. Passwords of PLAIN stand in it.
func (s *Server) Transcript(user string) []Entry {
	var list []Entry
	for _, e := range s.inner.Transcript(user) {
		list = append(list, Entry(e))
	}
	return list
}

// Await waits for an element that match accepts, among those that are remembered and those to come, and returns it. Its
// error is the cause of ctx.
func (s *Server) Await(ctx context.Context, match func(Entry) bool) (Entry, error) {
	e, err := s.inner.Await(ctx, func(e server.Entry) bool { return match(Entry(e)) })
	return Entry(e), err
}

// Sessions returns the full JIDs that are bound for an account; an empty user means everybody's.
func (s *Server) Sessions(user string) []jid.JID { return s.inner.Sessions(user) }

// Offline returns the messages that wait for an account, oldest first.
func (s *Server) Offline(user string) []string { return s.inner.Offline(user) }
