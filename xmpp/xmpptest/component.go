package xmpptest

import (
	"context"
	"crypto/rand"
	"net"

	"github.com/canto-im/canto/xmpp"
)

// AddComponent lets an external component (XEP-0114) connect under that domain with that secret, or gives an existing one a new
// secret. What is sent to an address at the domain then goes to the component; while none is connected, it's answered
// with service-unavailable. An error says that this is no domain, or one that the server serves itself.
func (s *Server) AddComponent(domain, secret string) error {
	return s.inner.AddComponent(domain, secret)
}

// ComponentOptions returns options with which xmpp/component reaches the server as the component of that domain: its address
// and the secret. A component that does not exist is made, with a random secret. It panics when AddComponent would fail.
func (s *Server) ComponentOptions(domain string) *xmpp.Options {
	secret, ok := s.inner.ComponentSecret(domain)
	if !ok {
		secret = rand.Text()
		if err := s.AddComponent(domain, secret); err != nil {
			panic("xmpptest: " + err.Error())
		}
	}
	o := &xmpp.Options{Password: secret, Addr: s.ComponentAddr()}
	if o.Addr == "" {
		o.Addr, o.Dial, o.AllowPlaintext = "memory:5347", s.DialComponent, true
	}
	return o
}

// ComponentAddr returns the host:port for components, in clear; "" with Options.InMemory.
func (s *Server) ComponentAddr() string { return s.inner.ComponentAddr() }

// DialComponent is Dial for a component, in clear.
func (s *Server) DialComponent(ctx context.Context, network, addr string) (net.Conn, error) {
	return s.inner.DialComponent(ctx, network, addr)
}

// ServeComponent is Serve for the connection of a component. One that should have TLS is given as a *tls.Conn.
func (s *Server) ServeComponent(c net.Conn) { s.inner.ServeComponent(c) }
