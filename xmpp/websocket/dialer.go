package websocket

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"

	"github.com/canto-im/canto/internal/endpoint"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
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
	// Unbound says that the TLS connection to URL does not end at the server, so that no login can be bound to it (RFC 5929): a proxy in
	// front ends it. Then the client is one that does not support channel binding, and says so (RFC 5802 §6). It gives away that a
	// server in between is noticed at the first login; what the account was seen to have, and XEP-0474, protect later ones (see
	// xmpp.Options.AllowDowngrade). ejabberd 24 lets nobody in without.
	Unbound bool
}

var errSubprotocol = errors.New("the server at this URL does not speak XMPP: it did not choose the subprotocol (RFC 7395 §3.1)")

// Connect makes a connection for xmpp.Options.Transport, which has the meaning of the arguments. Of o it heeds TLS, Dial,
// Resolver, AllowPlaintext and Limits; one message may have Limits.AnswerBytes. Without a Dial of the user's the proxy
// is used that the environment names (http.ProxyFromEnvironment). An error is an *xmpp.DialError,
// the first where there are several endpoints.
func (d Dialer) Connect(ctx context.Context, account jid.JID, o *xmpp.Options, uri string) (net.Conn, error) {
	t := endpoint.Way{TLS: o.TLS, Dial: o.Dial, Resolver: o.Resolver}.Transport()
	defer t.CloseIdleConnections()
	list, err := endpoint.WebSocket.Find(ctx, account, d.URL, uri, o.AllowPlaintext, t)
	if err != nil {
		return nil, err
	}
	return endpoint.First(ctx, list, func(ctx context.Context, url string) (net.Conn, error) { return d.connect(ctx, t, url, o) })
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
	return newConn(ws, under, state, d.Unbound, url, o), nil
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
