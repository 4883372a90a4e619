package xmpp

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
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
	if n.link.carried { // RFC 7395 §3.9: what is offered here is ignored; see carry
		return false, nil
	}
	if !n.features.StartTLS && n.opts.AllowPlaintext {
		return false, nil
	}
	if err := n.askForTLS(); err != nil {
		if !n.features.StartTLS {
			err = fmt.Errorf("%w; asked for it all the same: %w", n.noTLS(), err)
		}
		return false, err
	}
	return true, n.handshake(ctx)
}

// noTLS says what kind of server it is that offers no STARTTLS.
func (n *negotiation) noTLS() error {
	if len(n.features.Mechanisms) > 0 {
		return errPlaintextOnly
	}
	return errNoStartTLS
}

// askForTLS returns when the server waits for the handshake.
func (n *negotiation) askForTLS() error {
	if err := n.send([]byte(startTLSRequest)); err != nil {
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
	v, err := n.verifier()
	if err != nil {
		return err
	}
	conn := tls.Client(l.wire, tlsConfig(v, n.direct && !n.opts.Role.IsComponent()))
	if err := n.shake(ctx, conn); err != nil {
		return err
	}
	l.conn, l.in.conn, n.shown = conn, conn, v.shown
	n.secure(conn.ConnectionState(), v.chains)
	return nil
}

// shake runs a handshake, within ctx and the time of a step.
func (n *negotiation) shake(ctx context.Context, conn tlsConn) error {
	ctx, cancel := context.WithTimeoutCause(ctx, n.opts.DeadAfter, ErrPeerSilent)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return cmp.Or(context.Cause(ctx), err)
	}
	return nil
}

// secure notes that TLS is in place.
func (n *negotiation) secure(cs tls.ConnectionState, chains [][]*x509.Certificate) {
	cs.VerifiedChains = chains // crypto/tls does not know them: see tlsConfig
	n.link.state.TLS = cs
	n.secured = true
}

// A tlsConn is what NewSession may get in place of a bare connection: a *tls.Conn, or a type that embeds one.
type tlsConn interface {
	net.Conn
	HandshakeContext(ctx context.Context) error
	ConnectionState() tls.ConnectionState
}

// adopt takes over a connection that speaks TLS already. Who made it may have checked the certificate for the name of a
// host; the reference identity is the domain of the account all the same (RFC 6120 §13.7.2.1).
func (n *negotiation) adopt(ctx context.Context, conn tlsConn) error {
	v, err := n.verifier()
	if err != nil {
		return err
	}
	if err := n.shake(ctx, conn); err != nil {
		return err
	}
	cs := conn.ConnectionState()
	if err := v.settleName(cs); err != nil {
		return err
	}
	if err := v.check(cs, cs.VerifiedChains); err != nil {
		return err
	}
	n.secure(cs, v.chains)
	return nil
}
