package xmpp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/jid"
)

// maxRedirects is how many see-other-host errors are followed (RFC 6120 §4.9.3.19 warns of loops).
const maxRedirects = 5

// Dial finds the server of addr, connects, puts TLS in place, authenticates and binds a resource: the resourcepart of
// addr, if it has one, else one of the server's making. A nil o means the defaults; without a password or mechanisms the
// login is anonymous and addr may be a mere domain.
//
// ctx bounds the dialing, not the session. An error is a *DialError: it says which step failed, and where.
func Dial(ctx context.Context, addr jid.JID, o *Options) (*Session, error) {
	o = o.withDefaults()
	l, err := dial(ctx, wanted{account: addr}, o)
	if err != nil {
		return nil, err
	}
	return begin(l, o)
}

// NewSession does on conn what Dial does after connecting. The session owns conn: it's closed when the negotiation fails
// and when the session ends. With Options.DirectTLS, TLS begins at once; otherwise the server must offer STARTTLS.
//
// A conn that is a *tls.Conn, or embeds one, is secured already; a handshake that has not been run is run. Who signed the
// certificate is judged by conn's configuration, and by Options.TLS where that skips verification; for whom is judged
// here: for the JID's domain, and not for the host that conn leads to. For a conn of another kind that has the method
// ConnectionState of a *tls.Conn, as those of Options.Transport have, its maker answers: if that shows TLS, it counts as
// secured.
func NewSession(ctx context.Context, conn net.Conn, addr jid.JID, o *Options) (*Session, error) {
	o = o.withDefaults()
	where := addr.Domainpart()
	if a := conn.RemoteAddr(); a != nil {
		where = a.String()
	}
	if err := checkAccount(addr, o); err != nil {
		conn.Close()
		return nil, &DialError{Step: StepAuth, Addr: where, Err: err}
	}
	l, err := negotiate(ctx, conn, wanted{account: addr}, o, o.DirectTLS, where)
	if err != nil {
		return nil, err
	}
	return begin(l, o)
}

// begin makes a session of a link that no Client has.
func begin(l *link, o *Options) (*Session, error) {
	s := newSession(l, o, nil, nil)
	if err := s.start(); err != nil {
		return nil, &DialError{Step: StepBind, Addr: l.state.Addr, Err: err}
	}
	return s, nil
}

var (
	errNoAccount   = errors.New("the address to log in with is empty")
	errNoLocalpart = errors.New("a password is for an account: the address has no localpart (user@domain)")
	errNoHostPort  = errors.New("is no host:port")
	errRedirects   = errors.New("the server sends us from host to host without end")
)

// checkAccount finds what no server could make good.
func checkAccount(account jid.JID, o *Options) error {
	switch {
	case account.IsZero():
		return errNoAccount
	case o.Role.IsComponent():
		return checkComponent(account, o)
	case o.Password != "" && len(o.SASL) == 0 && account.Localpart() == "":
		return errNoLocalpart
	}
	return nil
}

// dial is Dial up to the link.
func dial(ctx context.Context, w wanted, o *Options) (*link, error) {
	account := w.account
	w.dialled = true
	w.guess = o.BeforeLogin == nil && !o.Role.IsComponent() // else it would be behind the login; a component has nothing to guess
	if err := checkAccount(account, o); err != nil {
		return nil, &DialError{Step: StepAuth, Addr: account.String(), Err: err}
	}
	if o.Transport != nil {
		return carried(ctx, w, o)
	}
	start := time.Now()
	targets, err := findTargets(ctx, account, o)
	o.Trace.step(StepDNS, cmp.Or(o.Addr, account.Domainpart()), start, err)
	if err != nil {
		return nil, &DialError{Step: StepDNS, Addr: cmp.Or(o.Addr, account.Domainpart()), Err: err}
	}
	if w.resume != nil && w.resume.location != "" {
		// XEP-0198 §5: the server would like to be met there. Where else it may be met stays true.
		if more, err := redirectTargets(ctx, o.Resolver, w.resume.location); err == nil {
			targets = append(more, targets...)
		}
	}
	redirect := ""
	for range maxRedirects {
		l, err := dialTargets(ctx, w, o, targets)
		to, sent := sentElsewhere(err)
		if !sent {
			return l, redirected(redirect, err)
		}
		// RFC 6120 §4.9.3.19: the same policies hold at the other host, and the domain that its certificate is checked
		// against stays that of the account.
		o.Logger.Info("xmpp: redirected", "to", to)
		redirect = to
		if targets, err = redirectTargets(ctx, o.Resolver, to); err != nil {
			return nil, &DialError{Step: StepDNS, Addr: to, Err: err}
		}
	}
	return nil, &DialError{Step: StepStream, Addr: account.Domainpart(), Err: errRedirects}
}

// redirected says of a failure that it was not where the program or DNS had sent us.
func redirected(host string, err error) error {
	var failed *DialError
	if host != "" && errors.As(err, &failed) {
		failed.Err = fmt.Errorf("at %q, where the server has sent us (see-other-host): %w", host, failed.Err)
	}
	return err
}

// findTargets returns where to connect to.
func findTargets(ctx context.Context, account jid.JID, o *Options) ([]target, error) {
	if o.Addr != "" {
		t, err := parseTarget(o.Addr)
		t.direct = o.DirectTLS
		return []target{t}, err
	}
	if o.Role.IsComponent() {
		return nil, errNoAddr
	}
	return resolve(ctx, o.Resolver, account.Host())
}

// parseTarget reads host:port.
func parseTarget(s string) (target, error) {
	l, err := stream.ParseLocation(s)
	if err != nil || l.Port == 0 {
		return target{}, fmt.Errorf("Options.Addr %q %w", s, errNoHostPort)
	}
	return target{host: l.Host, port: l.Port}, nil
}

// redirectTargets returns where a server sends us: to a host and port, or to a host that is looked up as the domain was
// (RFC 6120 §4.9.3.19).
func redirectTargets(ctx context.Context, r resolver, s string) ([]target, error) {
	l, err := stream.ParseLocation(s)
	if err != nil {
		return nil, fmt.Errorf("the server redirects us to %q, which is no host: %w", s, err)
	}
	if l.Port != 0 {
		return []target{{host: l.Host, port: l.Port}}, nil
	}
	return resolve(ctx, r, l.Host)
}

// dialTargets tries the targets and all their addresses until one leads to a bound stream, or to an error that no other
// target would change.
func dialTargets(ctx context.Context, w wanted, o *Options, targets []target) (*link, error) {
	c := newConnector(o.Dial, o.Resolver, targets)
	var worst *DialError
	for {
		start := time.Now()
		conn, t, err := c.next(ctx)
		o.Trace.step(StepTCP, t.String(), start, err)
		if err != nil {
			return nil, dialFailure(c, worst, w.account, o, err)
		}
		addr := remoteAddr(conn, t)
		l, err := negotiate(ctx, conn, w, o, t.direct, addr)
		if err == nil {
			return l, nil
		}
		if errors.Is(err, errGuess) && ctx.Err() == nil {
			w.guess = false
			return dialTargets(ctx, w, o, targets)
		}
		failed := err.(*DialError)
		if ctx.Err() != nil || !elsewhere(failed) {
			return nil, failed
		}
		c.fail(addr, failed.Err)
		worst = failed
	}
}

// remoteAddr is what errors call the connection.
func remoteAddr(conn net.Conn, t target) string {
	if a := conn.RemoteAddr(); a != nil && a.String() != "" {
		return a.String()
	}
	return t.String()
}

// elsewhere reports whether another server of the domain may do better. What a server says of the account is final, and
// so is a server that leads us to another one.
func elsewhere(e *DialError) bool {
	return (e.Step == StepTLS || e.Step == StepStream) && !errors.Is(e.Err, SeeOtherHost) && !errors.Is(e.Err, errInsecureConfig)
}

// unconnected is the step at which targets failed of which none was connected to: dns where not one had an address.
func unconnected(c *connector) Step {
	for _, err := range c.failed {
		var lookup *lookupError
		if !errors.As(err, &lookup) {
			return StepTCP
		}
	}
	return StepDNS
}

// dialFailure is the error for targets that all failed; err is what the connector ended with.
func dialFailure(c *connector, worst *DialError, account jid.JID, o *Options, err error) error {
	where := cmp.Or(o.Addr, account.Domainpart())
	switch {
	case !errors.Is(err, errNoMoreTargets):
		return &DialError{Step: StepTCP, Addr: where, Err: err}
	case worst == nil:
		return &DialError{Step: unconnected(c), Addr: where, Err: c.reasons()}
	case len(c.failed) == 1:
		return worst
	}
	return &DialError{Step: worst.Step, Addr: where, Err: c.reasons()}
}
