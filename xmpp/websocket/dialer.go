package websocket

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"time"

	"github.com/canto-im/canto/internal/web"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/hostmeta"
	"github.com/coder/websocket"
)

// subprotocol is the name that RFC 7395 §3.1 has for it.
const subprotocol = "xmpp"

// A Dialer connects to a server's WebSocket endpoint; its Connect goes into xmpp.Options.Transport. The zero value asks the
// domain where that is.
type Dialer struct {
	// URL is the endpoint: "wss://example.com/xmpp-websocket". Empty: what the JID's domain names in its host-meta documents
	// (XEP-0156), asked with each connection. See the package comment on ws:.
	URL string
	// Header is added to the HTTP request of the handshake: Origin, Authorization or a Cookie, where somebody in front of the
	// server wants one. It must not change while the Dialer is in use. It goes to no server but that of URL.
	Header http.Header
}

var (
	errOtherKind   = errors.New("the server sends us to another kind of endpoint, which this transport does not speak")
	errDowngrade   = errors.New("the server sends us from wss: to ws:, where nothing is secret (RFC 7395 §3.6.1)")
	errPlain       = errors.New("nothing is secret over ws:; use wss:, or set Options.AllowPlaintext if the network is trusted and this is meant")
	errSubprotocol = errors.New("the server at this URL does not speak XMPP: it did not choose the subprotocol (RFC 7395 §3.1)")
)

// Connect makes a connection for xmpp.Options.Transport, which has the meaning of the arguments. Of o it heeds TLS, Dial,
// Resolver, AllowPlaintext and Limits; one message may have Limits.AnswerBytes. Without a Dial of the user's the proxy
// is used that the environment names (http.ProxyFromEnvironment). An error is an *xmpp.DialError,
// the first where there are several endpoints.
func (d Dialer) Connect(ctx context.Context, account jid.JID, o *xmpp.Options, uri string) (net.Conn, error) {
	t := web.Way{TLS: o.TLS, Dial: o.Dial, Resolver: o.Resolver}.Transport()
	defer t.CloseIdleConnections()
	list, err := d.endpoints(ctx, t, account, o, uri)
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		c, failed := d.try(ctx, t, e, o, len(list))
		if failed == nil {
			return c, nil
		}
		err = cmp.Or(err, failed) // of the first
	}
	return nil, err
}

// endpointTimeout is how long one of several endpoints is waited for.
const endpointTimeout = 8 * time.Second

// try connects to one of n endpoints; one that hangs leaves time for the others.
func (d Dialer) try(ctx context.Context, t http.RoundTripper, url string, o *xmpp.Options, n int) (net.Conn, error) {
	if n > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, endpointTimeout)
		defer cancel()
	}
	return d.connect(ctx, t, url, o)
}

// endpoints are the URLs to try: where the server has sent us, or else ours, or else what the domain names.
func (d Dialer) endpoints(ctx context.Context, t http.RoundTripper, account jid.JID, o *xmpp.Options, uri string) ([]string, error) {
	var ours bool // URL is secure, or what stands in for it
	switch d.URL {
	case "":
		ours = true
	default:
		_, secure, err := web.Parse(d.URL, "wss", "ws")
		if err == nil && !secure && !o.AllowPlaintext {
			err = errPlain
		}
		if ours = secure; err != nil {
			return nil, &xmpp.DialError{Step: xmpp.StepTLS, Addr: d.URL, Err: err}
		}
	}
	switch {
	case uri != "":
		return []string{uri}, accept(uri, ours)
	case d.URL != "":
		return []string{d.URL}, nil
	}
	found, err := hostmeta.Lookup(ctx, account.Host(), &http.Client{Transport: t})
	if err == nil && len(found.WebSocket) == 0 {
		err = hostmeta.ErrNone
	}
	if err != nil {
		return nil, &xmpp.DialError{Step: xmpp.StepDNS, Addr: account.Domainpart(), Err: err}
	}
	return found.WebSocket, nil
}

// accept judges where a server sends us.
//
// RFC 7395 §3.6.1, §6: never to a place that is less secure.
func accept(uri string, ours bool) error {
	_, secure, err := web.Parse(uri, "wss", "ws")
	switch {
	case err != nil:
		err = fmt.Errorf("%w: %w", errOtherKind, err)
	case ours && !secure:
		err = errDowngrade
	default:
		return nil
	}
	return &xmpp.DialError{Step: xmpp.StepStream, Addr: uri, Err: err}
}

// connect runs the handshake with one endpoint.
func (d Dialer) connect(ctx context.Context, t http.RoundTripper, url string, o *xmpp.Options) (net.Conn, error) {
	var under net.Conn
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { under = i.Conn }})
	options := &websocket.DialOptions{
		HTTPClient:   &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		Subprotocols: []string{subprotocol},
	}
	if url == d.URL {
		options.HTTPHeader = d.Header
	}
	ws, resp, err := websocket.Dial(ctx, url, options)
	if err != nil {
		return nil, failure(url, resp, err)
	}
	if ws.Subprotocol() != subprotocol { // RFC 7395 §3.1: then it MUST be closed
		_ = ws.CloseNow()
		return nil, failure(url, resp, errSubprotocol)
	}
	var state tls.ConnectionState
	if resp.TLS != nil {
		state = *resp.TLS
	}
	return newConn(ws, under, state, url, o), nil
}

// failure says at which step it failed: behind a response of HTTP, the connection stood.
func failure(url string, resp *http.Response, err error) error {
	var cert *tls.CertificateVerificationError
	step := xmpp.StepTCP
	switch {
	case errors.As(err, &cert):
		step = xmpp.StepTLS
	case resp != nil:
		step = xmpp.StepStream
	}
	return &xmpp.DialError{Step: step, Addr: url, Err: err}
}
