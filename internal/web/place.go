package web

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Kind of endpoint has two schemes in URLs.
type Kind struct {
	Secure, Plain string // "wss" and "ws", "https" and "http"
}

// The kinds of endpoint at which a stream is served.
var (
	WebSocket = Kind{Secure: "wss", Plain: "ws"}
	BOSH      = Kind{Secure: "https", Plain: "http"}
)

var (
	errOtherKind = errors.New("the server sends us to another kind of endpoint, which this transport does not speak")
	errDowngrade = errors.New("the server sends us to where nothing is secret")
	errPlain     = errors.New("set Options.AllowPlaintext if the network is trusted and this is meant")
)

// A PlaceError says why nobody may be asked at a place.
type PlaceError struct {
	Step string // of the dialing: "tls", "dns" or "stream"
	Addr string // the URL; with "dns", ""
	Err  error
}

func (e *PlaceError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *PlaceError) Unwrap() error { return e.Err }

// Endpoints are the URLs to try: sent, where a server has sent us, or else own, or else what lookup finds; "" is none. A plain own
// one has to be allowed, and from a secure one, or one that was found, nobody is sent to a plain one. An error is a *PlaceError.
//
// RFC 7395 §3.6.1, §6: never to a place that is less secure.
func (k Kind) Endpoints(own, sent string, allowPlain bool, lookup func() ([]string, error)) ([]string, error) {
	secure := true // own is, or what stands in for it
	if own != "" {
		var err error
		if _, secure, err = Parse(own, k.Secure, k.Plain); err == nil && !secure && !allowPlain {
			err = fmt.Errorf("nothing is secret over %s:; use %s:, or %w", k.Plain, k.Secure, errPlain)
		}
		if err != nil {
			return nil, &PlaceError{Step: "tls", Addr: own, Err: err}
		}
	}
	switch {
	case sent != "":
		if err := k.accept(sent, secure); err != nil {
			return nil, &PlaceError{Step: "stream", Addr: sent, Err: err}
		}
		return []string{sent}, nil
	case own != "":
		return []string{own}, nil
	}
	list, err := lookup()
	if err != nil {
		return nil, &PlaceError{Step: "dns", Err: err}
	}
	return list, nil
}

// accept judges where a server sends us from a place that is secure, or not.
func (k Kind) accept(sent string, from bool) error {
	switch _, secure, err := Parse(sent, k.Secure, k.Plain); {
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
