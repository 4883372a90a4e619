package hostmeta_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/xmpp/hostmeta"
	"github.com/stretchr/testify/require"
)

// A site is the web of a domain: what it answers by path.
type site map[string]http.HandlerFunc

func (s site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f := s[r.Host+r.URL.Path]; f != nil {
		f(w, r)
		return
	}
	http.NotFound(w, r)
}

// client goes to s for every name, over TLS as httptest has it: its certificate is for example.com.
func client(t *testing.T, s site) *http.Client {
	srv := httptest.NewTLSServer(s)
	t.Cleanup(srv.Close)
	c := srv.Client()
	c.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, srv.Listener.Addr().String())
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func says(doc string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, doc) }
}

func goes(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
}

const (
	pathXRD = "example.com/.well-known/host-meta"
	pathJRD = pathXRD + ".json"
)

func TestLookup(t *testing.T) {
	t.Attr("conformance", "0479-web-discovery")
	for name, s := range map[string]site{
		"XRD":                  {pathXRD: says(exampleXRD)},
		"JRD":                  {pathJRD: says(exampleJRD)},
		"XRD without":          {pathXRD: says(xrd("")), pathJRD: says(exampleJRD)},
		"XRD that is none":     {pathXRD: says("<html/>"), pathJRD: says(exampleJRD)},
		"redirected":           {pathXRD: goes("https://example.com/elsewhere"), "example.com/elsewhere": says(exampleXRD)},
		"to another, with TLS": {pathXRD: goes("https://www.example.com/"), "www.example.com/": says(exampleXRD)},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := hostmeta.Lookup(t.Context(), "example.com", client(t, s))
			require.NoError(t, err)
			require.Equal(t, example, got)
		})
	}
}

func TestLookupFinds(t *testing.T) {
	_, err := hostmeta.Lookup(t.Context(), "example.com", client(t, site{pathXRD: says(xrd("")), pathJRD: says("{}")}))
	require.ErrorIs(t, err, hostmeta.ErrNone)
	_, err = hostmeta.Lookup(t.Context(), "example.com", client(t, site{pathXRD: says(xrd(""))}))
	require.ErrorIs(t, err, hostmeta.ErrNone, "one of the two tells")
	_, err = hostmeta.Lookup(t.Context(), "example.com", client(t, site{}))
	require.NotErrorIs(t, err, hostmeta.ErrNone)
	require.ErrorContains(t, err, `https://example.com/.well-known/host-meta: "404 Not Found"`)
}

// TestSecurityS10HostMeta: what delegates to another host is read over HTTPS alone, from the domain of the account alone.
func TestSecurityS10HostMeta(t *testing.T) {
	t.Run("certificate of another", func(t *testing.T) {
		_, err := hostmeta.Lookup(t.Context(), "canto.test", client(t, site{"canto.test/.well-known/host-meta": says(exampleXRD)}))
		var cert *tls.CertificateVerificationError
		require.ErrorAs(t, err, &cert)
	})
	t.Run("redirect to HTTP", func(t *testing.T) {
		plain := httptest.NewServer(says(exampleXRD))
		defer plain.Close()
		c := client(t, site{pathXRD: goes(plain.URL), pathJRD: goes(plain.URL)})
		c.CheckRedirect = func(*http.Request, []*http.Request) error { return nil } // is of no matter
		_, err := hostmeta.Lookup(t.Context(), "example.com", c)
		require.ErrorContains(t, err, "it leads away from HTTPS")
	})
	t.Run("server in clear", func(t *testing.T) {
		plain := httptest.NewServer(says(exampleXRD))
		defer plain.Close()
		_, err := hostmeta.Lookup(t.Context(), plain.Listener.Addr().String(), plain.Client())
		require.ErrorContains(t, err, "HTTP response to HTTPS client")
	})
}

// TestSecurityS15HostMeta: an endless document, endless redirects, and silence have an end.
func TestSecurityS15HostMeta(t *testing.T) {
	endless := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := fmt.Fprint(w, strings.Repeat(" ", 4096)); err != nil {
				return
			}
		}
	}
	_, err := hostmeta.Lookup(t.Context(), "example.com", client(t, site{pathXRD: endless, pathJRD: endless}))
	require.ErrorContains(t, err, "has more than 65536 bytes")

	hops := 0
	loop := func(w http.ResponseWriter, r *http.Request) { hops++; goes("https://example.com"+r.URL.Path)(w, r) }
	_, err = hostmeta.Lookup(t.Context(), "example.com", client(t, site{pathXRD: loop, pathJRD: loop}))
	require.ErrorContains(t, err, "more than 3 redirects")
	require.Equal(t, 2*4, hops)
}

// TestLookupTimes: a server that says nothing is given 10 seconds for each document, and the caller's ctx ends all at once.
func TestLookupTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, context.Cause(r.Context())
		})}
		start := time.Now()
		_, err := hostmeta.Lookup(t.Context(), "example.com", silent)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 20*time.Second, time.Since(start))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		_, err = hostmeta.Lookup(ctx, "example.com", silent)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))
	})
}

// TestLookupHosts: what stands in the URL for a domain that is an address.
func TestLookupHosts(t *testing.T) {
	for domain, want := range map[string]string{"example.com": "example.com", "192.0.2.1": "192.0.2.1", "::1": "[::1]", "[2001:db8::1]": "[2001:db8::1]"} {
		var asked string
		c := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			asked = r.URL.Host
			return nil, fmt.Errorf("no")
		})}
		_, err := hostmeta.Lookup(t.Context(), domain, c)
		require.Error(t, err)
		require.Equal(t, want, asked)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
