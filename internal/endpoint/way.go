package endpoint

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// maxHeader bounds what a server may say before the body of a response.
const maxHeader = 64 << 10

// A Way is how connections are made: what the options of a session say of it.
type Way struct {
	TLS      *tls.Config // completed, with the check of certificates in it
	Dial     func(ctx context.Context, network, addr string) (net.Conn, error)
	Resolver *net.Resolver
}

// Transport returns a transport for HTTP/1.1 that goes that way. Without a Dial, the proxy that the environment names is used
// (http.ProxyFromEnvironment). It keeps idle connections: CloseIdleConnections gives them up.
func (w Way) Transport() *http.Transport {
	t := &http.Transport{
		DialContext:            w.Dial,
		TLSClientConfig:        w.TLS,
		MaxResponseHeaderBytes: maxHeader,
		IdleConnTimeout:        time.Minute,
	}
	if w.Dial == nil {
		d := &net.Dialer{Resolver: w.Resolver}
		t.DialContext, t.Proxy = d.DialContext, http.ProxyFromEnvironment
	}
	return t
}
