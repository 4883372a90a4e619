package bosh

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"time"

	"github.com/canto-im/canto/internal/endpoint"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
)

// A Dialer connects to a BOSH connection manager; its Connect goes into xmpp.Options.Transport. The zero value asks the domain where
// that is.
type Dialer struct {
	// URL is the endpoint: "https://example.com/http-bind". Empty: what the JID's domain names in its host-meta documents
	// (XEP-0156), asked with each session. See the package comment on http:.
	URL string
	// Header is added to each request: Origin, Authorization or a Cookie, where somebody in front of the server wants one. It must
	// not change while the Dialer is in use. It goes to no server but that of URL.
	Header http.Header
	// Wait is how long the server may hold a request when it has nothing to say (XEP-0124 §7.1); it may choose less. Proxies that cut
	// connections sooner want less. At least a second. 0: one minute.
	Wait time.Duration
}

// Connect creates a session for xmpp.Options.Transport, which has the meaning of the arguments. Of o it heeds TLS, Dial, Resolver, Lang,
// AllowPlaintext, DeadAfter and Limits; one response may have Limits.AnswerBytes and Limits.LaneSoft together. Without a Dial of the
// user's the proxy is used that the environment names (http.ProxyFromEnvironment). An error is an *xmpp.DialError, the first
// where there are several endpoints, and perhaps an *Error in it.
func (d Dialer) Connect(ctx context.Context, account jid.JID, o *xmpp.Options, uri string) (net.Conn, error) {
	t := endpoint.Way{TLS: pinned(o.TLS), Dial: o.Dial, Resolver: o.Resolver}.Transport()
	// Compression beside secrets tells of these by its length, and responses are small.
	t.DisableCompression = true
	list, err := endpoint.BOSH.Find(ctx, account, d.URL, uri, o.AllowPlaintext, t)
	if err != nil {
		t.CloseIdleConnections()
		return nil, err
	}
	c, err := endpoint.First(ctx, list, func(ctx context.Context, url string) (*conn, error) { return d.create(ctx, t, account, url, o) })
	if err != nil {
		t.CloseIdleConnections()
		return nil, err
	}
	return c, nil
}

// create asks one endpoint for a session.
func (d Dialer) create(ctx context.Context, t *http.Transport, account jid.JID, url string, o *xmpp.Options) (*conn, error) {
	c := newConn(t, url, o)
	if url == d.URL {
		c.header = d.Header
	}
	_, secure, _ := endpoint.BOSH.Parse(url) // it was looked at before
	c.start = opening{to: account.Domainpart(), lang: o.Lang}
	if secure {
		c.start.from = account.Bare().String() // RFC 6120 §4.7.1: only where that is protected
	}
	wait := cmp.Or(max(d.Wait, 0), defaultWait)
	wait = max(wait.Truncate(time.Second), time.Second)
	first := request{rid: firstRID()}
	first.xml = c.start.create(first.rid, wait)
	a, reached, err := c.greet(ctx, first)
	if err == nil {
		err = c.created(first.rid, a, wait)
	}
	if err != nil {
		return nil, &xmpp.DialError{Step: step(reached, err), Addr: url, Err: err}
	}
	return c, nil
}

// greetings is how often a session is asked for.
const greetings = 3

// greet makes the first request, and tells whether it had a connection. Where the response is lost with that, it's asked for again:
// a session of which nobody knows ends by itself (XEP-0124 §10).
func (c *conn) greet(ctx context.Context, first request) (a *body, reached bool, err error) {
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		reached, c.local = true, i.Conn.LocalAddr()
		if t, ok := i.Conn.(*tls.Conn); ok {
			c.state = t.ConnectionState()
		}
	}})
	for range greetings {
		reached = false
		a, err = c.post(ctx, first)
		var status *statusError
		if err == nil || !reached || ctx.Err() != nil || !isLoss(err) || errors.As(err, &status) {
			break
		}
	}
	return a, reached, err
}

// step says at which step the creation of a session failed.
func step(reached bool, err error) xmpp.Step {
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &cert), errors.Is(err, errOtherKey):
		return xmpp.StepTLS
	case reached:
		return xmpp.StepStream
	}
	return xmpp.StepTCP
}
