package xmpp

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

const startTLSRequest = "<starttls xmlns='" + ns.TLS + "'/>"

// startTLS asks for TLS and puts it in place (RFC 6120 §5).
//
// TLS is not optional: where the server does not offer it, or somebody took the offer out, it's asked for all the same
// (RFC 7590 §3.1), and without it the negotiation ends before anything of SASL leaves, unless Options.AllowPlaintext was
// asked for by name.
func (n *negotiation) startTLS(ctx context.Context) (restart bool, err error) {
	if !n.features.StartTLS && n.opts.AllowPlaintext {
		return false, nil
	}
	if err := n.askForTLS(); err != nil {
		if !n.features.StartTLS {
			err = fmt.Errorf("%w; asked for it all the same: %w", errNoStartTLS, err)
		}
		return false, err
	}
	return true, n.handshake(ctx)
}

// askForTLS returns when the server waits for the handshake.
func (n *negotiation) askForTLS() error {
	if err := n.write([]byte(startTLSRequest)); err != nil {
		return err
	}
	tok, err := n.next()
	if err != nil {
		return err
	}
	switch tok.Name {
	case xmltext.Name{Space: ns.TLS, Local: "proceed"}:
	case xmltext.Name{Space: ns.TLS, Local: "failure"}:
		return errTLSRefused
	default:
		return unexpected(tok, "<proceed/> (RFC 6120 §5.4.2.3)")
	}
	if err := n.link.dec.SkipElement(); err != nil {
		return err
	}
	// RFC 6120 §5.4.3.3: what came in clear behind <proceed/> must never be read as if it had come inside TLS.
	if n.link.dec.Buffered() > 0 {
		return errTLSInjection
	}
	return nil
}

// handshake puts TLS on the wire.
func (n *negotiation) handshake(ctx context.Context) error {
	l := n.link
	cfg, err := tlsConfig(n.opts.TLS, n.account, n.direct)
	if err != nil {
		return err
	}
	conn := tls.Client(l.wire, cfg)
	ctx, cancel := context.WithTimeoutCause(ctx, n.opts.DeadAfter, ErrPeerSilent)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return cmp.Or(context.Cause(ctx), err)
	}
	l.conn, l.in.conn = conn, conn
	l.state.TLS = conn.ConnectionState()
	n.secured = true
	return nil
}

// tlsState returns the state of a connection that is TLS already, as NewSession may get one. Its certificate was checked
// by whoever made it.
func tlsState(conn net.Conn) (tls.ConnectionState, bool) {
	c, ok := conn.(interface{ ConnectionState() tls.ConnectionState })
	if !ok {
		return tls.ConnectionState{}, false
	}
	return c.ConnectionState(), true
}
