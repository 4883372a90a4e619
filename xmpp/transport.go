package xmpp

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"
)

// A carrier is a connection of Options.Transport. It has TLS of its own below it, or none, and an end of its own.
type carrier interface {
	net.Conn
	ConnectionState() tls.ConnectionState // Version is 0 where there is no TLS
	// Finish ends the connection in order, waits for the other side to do the same, for at most d, and closes it.
	Finish(d time.Duration)
}

// carried is dial over Options.Transport.
func carried(ctx context.Context, w wanted, o *Options) (*link, error) {
	domain := w.account.Domainpart()
	v, err := newVerifier(o.TLS, w.account)
	if err != nil {
		return nil, &DialError{Step: StepTLS, Addr: domain, Err: err}
	}
	w.judge = v
	given := *o
	given.TLS = carrierConfig(v)
	for uri, hops := w.uri, 0; hops < maxRedirects; {
		conn, err := connect(ctx, w, &given, uri)
		if err != nil {
			return nil, redirected(uri, err)
		}
		l, err := negotiate(ctx, conn, w, o, false, remoteAddr(conn, target{host: domain}))
		to, sent := sentElsewhere(err)
		switch {
		case err == nil:
			return l, nil
		case errors.Is(err, errGuess) && ctx.Err() == nil:
			w.guess = false
		case sent:
			o.Logger.Info("xmpp: redirected", "to", to)
			uri = to
			hops++
		default:
			return nil, redirected(uri, err)
		}
	}
	return nil, &DialError{Step: StepStream, Addr: domain, Err: errRedirects}
}

// connect asks the transport for a connection.
func connect(ctx context.Context, w wanted, o *Options, uri string) (net.Conn, error) {
	inner, cancel := context.WithTimeoutCause(ctx, attemptTimeout, ErrPeerSilent)
	defer cancel()
	start := time.Now()
	conn, err := o.Transport(inner, w.account, o, uri)
	if err == nil && conn == nil {
		err = errNoConn
	}
	if err != nil && inner.Err() != nil {
		err = context.Cause(inner)
	}
	where := cmp.Or(uri, w.account.Domainpart())
	o.Trace.step(StepTCP, where, start, err)
	var dial *DialError
	switch {
	case err == nil:
		return conn, nil
	case errors.As(err, &dial):
		return nil, err
	case isCertificate(err):
		return nil, &DialError{Step: StepTLS, Addr: where, Err: err}
	}
	return nil, &DialError{Step: StepTCP, Addr: where, Err: err}
}

// sentElsewhere is where the server sends us with err (RFC 6120 §4.9.3.19).
func sentElsewhere(err error) (to string, ok bool) {
	var se *StreamError
	if !errors.As(err, &se) || se.Condition != SeeOtherHost || se.Local {
		return "", false
	}
	return se.Host, true
}

// carrierConfig is the configuration for a transport that goes to a URL, whose host it asks for as the server name.
//
// RFC 7395 §6, XEP-0156 §2.2: who delegates to a URL over HTTPS, or has it from the user, has named the host that the
// certificate is for; one for the domain of the account does as well.
func carrierConfig(v *verifier) *tls.Config {
	cfg := tlsConfig(v, false)
	cfg.ServerName = ""
	cfg.VerifyConnection = func(cs tls.ConnectionState) error {
		u := *v // there may be several connections at a time
		u.also = cs.ServerName
		return u.check(cs, nil)
	}
	return cfg
}

// carry takes over a carrier: TLS is in place by now, or never will be (RFC 7395 §3.9).
func (n *negotiation) carry(conn carrier) error {
	n.link.carried = true
	cs := conn.ConnectionState()
	switch {
	case cs.Version == 0 && !n.opts.AllowPlaintext:
		return errPlainCarrier
	case cs.Version == 0:
		return nil
	}
	chains := cs.VerifiedChains
	if n.judge != nil {
		chains, _ = n.judge.build(cs.PeerCertificates) // as it did when it judged them
		n.shown = n.judge.shown
	}
	n.secure(cs, chains)
	if c, ok := conn.(interface{ Unbound() bool }); ok {
		n.unbound = c.Unbound()
	}
	return nil
}
