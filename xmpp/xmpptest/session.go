package xmpptest

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"strings"
	"time"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest/internal/server"
)

// dialTimeout bounds how long Session may take.
const dialTimeout = 30 * time.Second

// Session logs an account in and returns the session, bound, over TLS and with the best SCRAM that the server offers; at the
// end of the test it's closed. The user is "alice", or "alice/phone" to ask for a resource; an account that does not exist is
// made. Options, when there are some, are completed where they leave open how to reach and trust the server and how to
// authenticate.
func (s *Server) Session(t TB, user string, o *xmpp.Options) *xmpp.Session {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	ses, err := xmpp.Dial(ctx, s.JID(user), s.complete(user, o))
	if err != nil {
		t.Fatalf("xmpptest: session of %q: %v", user, err)
	}
	t.Cleanup(func() { ses.Close() })
	return ses
}

// Options returns options with which xmpp.Dial and xmpp.NewClient reach the server and log an account in: its address, its
// certificate authority and the password. An account that does not exist is made.
func (s *Server) Options(user string) *xmpp.Options { return s.complete(user, nil) }

// complete fills in a copy of o.
func (s *Server) complete(user string, o *xmpp.Options) *xmpp.Options {
	var c xmpp.Options
	if o != nil {
		c = *o
	}
	if c.Password == "" && len(c.SASL) == 0 {
		c.Password = s.Password(user)
	}
	switch {
	case c.Transport != nil:
		if s.Addr() == "" && c.Dial == nil {
			c.Dial = s.DialWeb
		}
	case c.Addr != "":
	case s.Addr() == "":
		c.Addr, c.Dial = "memory:5222", s.Dial
	case c.DirectTLS:
		c.Addr = s.DirectAddr()
	default:
		c.Addr = s.Addr()
	}
	if c.TLS == nil {
		c.TLS = &tls.Config{}
	}
	if c.TLS.RootCAs == nil {
		c.TLS = c.TLS.Clone()
		c.TLS.RootCAs = Roots()
	}
	if watched() {
		(&watch{password: c.Password}).over(&c)
	}
	return &c
}

// Password returns the password of an account, which is made with a random one if it does not exist. It panics when user
// is no name for an account.
func (s *Server) Password(user string) string {
	local := s.JID(user).Localpart()
	if p, ok := s.inner.Password(local); ok {
		return p
	}
	p := rand.Text()
	if err := s.AddUser(local, p); err != nil {
		panic("xmpptest: " + err.Error())
	}
	return p
}

// Roots returns a pool with the authority that has signed the certificates of this process's servers. It is the caller's.
func Roots() *x509.CertPool {
	pool, err := server.Roots()
	if err != nil { // a key could not be made: crypto/rand does not fail on the systems that Go supports
		panic("xmpptest: " + err.Error())
	}
	return pool
}

func splitUser(user string) (local, resource string) {
	local, resource, _ = strings.Cut(user, "/")
	return local, resource
}
