package xmpptest

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp/xmpptest/internal/server"
)

// TB is what a Server needs of a test; *testing.T, *testing.B and *testing.F have it.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// A Server is an XMPP server in this process. Its methods may be called from any goroutine.
type Server struct {
	inner *server.Server
}

// NewServer starts a server with the default options for a test, at whose end it's closed.
func NewServer(t TB) *Server {
	t.Helper()
	return NewServerWith(t, nil)
}

// NewServerWith is NewServer with options; nil means the defaults.
func NewServerWith(t TB, o *Options) *Server {
	t.Helper()
	s, err := Start(o)
	if err != nil {
		t.Fatalf("xmpptest: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// Start starts a server for a program that is no test; nil options mean the defaults. Close ends it. An error names
// an option that makes no sense, or says that no port could be opened.
func Start(o *Options) (*Server, error) {
	if o == nil {
		o = &Options{}
	}
	inner, err := server.New(server.Options(*o))
	if err != nil {
		return nil, err
	}
	if err := inner.Listen(); err != nil {
		return nil, err
	}
	return &Server{inner: inner}, nil
}

// Close ends every stream with the stream error system-shutdown, closes the ports and returns when no goroutine of the server
// runs any more. Clients that do not react within 200 ms are cut off. A second call does nothing.
func (s *Server) Close() error { return s.inner.Close() }

// Domain returns the domain that the server serves.
func (s *Server) Domain() jid.JID { return s.inner.Domain() }

// Addr returns the host:port for STARTTLS; "" with Options.InMemory.
func (s *Server) Addr() string { return s.inner.Addr() }

// DirectAddr returns the host:port for TLS from the first byte (XEP-0368); "" with Options.InMemory.
func (s *Server) DirectAddr() string { return s.inner.DirectAddr() }

// Dial returns a connection in memory (net.Pipe) that the server serves, with STARTTLS. What it's asked to dial means
// nothing, so that it serves as xmpp.Options.Dial.
func (s *Server) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	return s.inner.Dial(ctx, network, addr)
}

// Serve takes over a connection that the caller has made, and serves it with STARTTLS; it returns at once.
func (s *Server) Serve(c net.Conn) { s.inner.Serve(c) }

// ServeTLS is like Serve, for a client that speaks TLS from the first byte.
func (s *Server) ServeTLS(c net.Conn) { s.inner.ServeTLS(c) }

// AddUser registers an account, or gives an existing one a new password. Session and Options do so by themselves.
func (s *Server) AddUser(user, password string) error { return s.inner.AddUser(user, password) }

// AddToken lets an account log in with an OAuth 2.0 bearer token (RFC 7628); Options.Mechanisms has to name OAUTHBEARER.
func (s *Server) AddToken(user, token string) { s.inner.AddToken(user, token) }

// Invite makes an invitation to register the account of that name, or any if it's empty, and returns its xmpp: URI (XEP-0445 §2);
// Options.Register has to be there.
func (s *Server) Invite(user string) string { return s.inner.Invite(user) }

// ForgetTokens makes every FAST token of an account void (XEP-0484), as if its owner had logged all devices out.
func (s *Server) ForgetTokens(user string) { s.inner.ForgetTokens(user) }

// Archive puts a message, as XML, into the archive of an account or a room, by its bare address, as one of that time, and returns its id
// there. Options.Archive has to be set.
func (s *Server) Archive(owner jid.JID, xml string, at time.Time) (id string, err error) {
	return s.inner.Archive(owner, xml, at)
}

// Archived returns the ids of the messages in the archive of an account or a room, oldest first.
func (s *Server) Archived(owner jid.JID) []string { return s.inner.Archived(owner) }

// PruneArchive drops the oldest messages of an archive, but for so many of the newest.
func (s *Server) PruneArchive(owner jid.JID, keep int) { s.inner.PruneArchive(owner, keep) }

// Befriend subscribes two accounts to each other's presence, as if each had asked and been granted; nobody is told.
func (s *Server) Befriend(a, b string) error { return s.inner.Befriend(a, b) }

// JID returns the address of an account, "alice", or of one of its resources, "alice/phone". It panics when that is no address.
func (s *Server) JID(user string) jid.JID {
	local, resource := splitUser(user)
	j, err := jid.New(local, s.Domain().Domainpart(), resource)
	if err != nil {
		panic(fmt.Sprintf("xmpptest: %q: %v", user, err))
	}
	return j
}
