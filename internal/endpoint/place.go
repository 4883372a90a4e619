package endpoint

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/canto-im/canto/internal/web"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/hostmeta"
)

// A Kind of endpoint has two schemes in URLs.
type Kind struct {
	Secure, Plain string // "wss" and "ws", "https" and "http"
	of            func(*hostmeta.Endpoints) []string
}

// The kinds of endpoint at which a stream is served.
var (
	WebSocket = Kind{Secure: "wss", Plain: "ws", of: func(e *hostmeta.Endpoints) []string { return e.WebSocket }}
	BOSH      = Kind{Secure: "https", Plain: "http", of: func(e *hostmeta.Endpoints) []string { return e.BOSH }}
)

var (
	errOtherKind = errors.New("the server sends us to another kind of endpoint, which this transport does not speak")
	errDowngrade = errors.New("the server sends us to where nothing is secret")
	errPlain     = errors.New("set Options.AllowPlaintext if the network is trusted and this is meant")
)

// Find returns the URLs to try: sent, where a server has sent us, or else own, or else what the account's domain names, asked over
// rt; "" is none. A plain own one has to be allowed, and from a secure one, or one that was found, nobody is sent to a plain one. An
// error is an *xmpp.DialError.
//
// RFC 7395 §3.6.1, §6: never to a place that is less secure.
func (k Kind) Find(ctx context.Context, account jid.JID, own, sent string, allowPlain bool, rt http.RoundTripper) ([]string, error) {
	secure := true // own is, or what stands in for it
	if own != "" {
		var err error
		if _, secure, err = k.Parse(own); err == nil && !secure && !allowPlain {
			err = fmt.Errorf("nothing is secret over %s:; use %s:, or %w", k.Plain, k.Secure, errPlain)
		}
		if err != nil {
			return nil, &xmpp.DialError{Step: xmpp.StepTLS, Addr: own, Err: err}
		}
	}
	switch {
	case sent != "":
		if err := k.accept(sent, secure); err != nil {
			return nil, &xmpp.DialError{Step: xmpp.StepStream, Addr: sent, Err: err}
		}
		return []string{sent}, nil
	case own != "":
		return []string{own}, nil
	}
	list, err := k.discover(ctx, account, rt)
	if err != nil {
		return nil, &xmpp.DialError{Step: xmpp.StepDNS, Addr: account.Domainpart(), Err: err}
	}
	return list, nil
}

// Parse reads the URL of an endpoint, and reports whether it's a secure one.
func (k Kind) Parse(s string) (u *url.URL, secure bool, err error) {
	return web.Parse(s, k.Secure, k.Plain)
}

// discover asks the domain for its endpoints.
func (k Kind) discover(ctx context.Context, account jid.JID, rt http.RoundTripper) ([]string, error) {
	found, err := hostmeta.Lookup(ctx, account.Host(), &http.Client{Transport: rt})
	if err != nil {
		return nil, err
	}
	list := k.of(found)
	if len(list) == 0 {
		return nil, hostmeta.ErrNone
	}
	return list, nil
}

// accept judges where a server sends us from a place that is secure, or not.
func (k Kind) accept(sent string, from bool) error {
	switch _, secure, err := k.Parse(sent); {
	case err != nil:
		return fmt.Errorf("%w: %w", errOtherKind, err)
	case from && !secure:
		return fmt.Errorf("%w, from %s: to %s: (RFC 7395 §3.6.1)", errDowngrade, k.Secure, k.Plain)
	}
	return nil
}

// patience is how long one of several endpoints is waited for.
const patience = 8 * time.Second

// First returns what try makes of the first endpoint of the list with which it succeeds, or the error with the first of all. One
// of several that hangs leaves time for the others.
func First[C any](ctx context.Context, list []string, try func(ctx context.Context, url string) (C, error)) (c C, err error) {
	for _, url := range list {
		got, failed := one(ctx, len(list), url, try)
		if failed == nil {
			return got, nil
		}
		if err == nil {
			err = failed
		}
	}
	return c, err
}

func one[C any](ctx context.Context, n int, url string, try func(ctx context.Context, url string) (C, error)) (C, error) {
	if n > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	return try(ctx, url)
}
