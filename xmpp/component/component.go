package component

import (
	"context"
	"net"

	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
)

// Dial connects to Options.Addr as the component of that domain, and returns once the server has taken it. Options.Password is
// the secret that the server's configuration has, too. Without TLS it connects to this machine alone, unless
// Options.AllowPlaintext says otherwise.
//
// ctx bounds the dialing, not the session. An error is a *xmpp.DialError; see the package's documentation for what it may be.
func Dial(ctx context.Context, domain jid.JID, o *xmpp.Options) (*xmpp.Session, error) {
	return xmpp.Dial(ctx, domain, options(o))
}

// NewSession does on conn what Dial does after connecting. The session owns conn: it's closed when the handshake fails and
// when the session ends. Of a conn that is a *tls.Conn, or embeds one, the certificate is checked as Dial would, and where
// neither Options.TLS nor Options.Addr names the server, for the name that conn was made with. Any other conn is in clear, even
// one to this machine, which needs Options.AllowPlaintext.
func NewSession(ctx context.Context, conn net.Conn, domain jid.JID, o *xmpp.Options) (*xmpp.Session, error) {
	return xmpp.NewSession(ctx, conn, domain, options(o))
}

// NewClient returns a client that is the component of that domain: its Run connects as Dial does, and again whenever the
// connection is lost, after a growing delay. Errors that another attempt would only repeat end Run: those that Dial documents,
// but for a conflict after the first session, which may be with our own lost connection, and passes when the server
// has noticed.
func NewClient(domain jid.JID, o *xmpp.Options) *xmpp.Client {
	return xmpp.NewClient(domain, options(o))
}

// options returns a copy of o for a component.
func options(o *xmpp.Options) *xmpp.Options {
	var c xmpp.Options
	if o != nil {
		c = *o
	}
	c.Role = stream.Component()
	return &c
}
