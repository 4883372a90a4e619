package hostmeta

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// What a server may make us do for one lookup.
const (
	maxBytes     = 64 << 10         // of a document
	maxRedirects = 3                // followed for each
	timeout      = 10 * time.Second // for each
)

// ErrNone is returned where the documents of a domain name no endpoint.
var ErrNone = errors.New("hostmeta: the domain names no WebSocket and no BOSH endpoint")

// Lookup asks the domain, a DNS name in A-labels or an IP address, for its endpoints: host-meta in XRD first, which every
// domain that takes part has, and host-meta.json where that does not help (XEP-0156 §2.2). A nil client means
// http.DefaultTransport with its certificate checks. Nothing but HTTPS is spoken, whatever the client's CheckRedirect says.
//
// Each of the two takes 10 seconds at most. An error is ErrNone where a document was read and names no endpoint; else it says
// what went wrong with both.
func Lookup(ctx context.Context, domain string, client *http.Client) (*Endpoints, error) {
	var c http.Client
	if client != nil {
		c = *client
	}
	c.CheckRedirect = checkRedirect
	base := "https://" + host(domain) + "/.well-known/host-meta"
	xrd, err := fetch(ctx, &c, base, ParseXRD)
	if err == nil && !xrd.none() {
		return xrd, nil
	}
	jrd, jsonErr := fetch(ctx, &c, base+".json", ParseJRD)
	switch {
	case jsonErr == nil && !jrd.none():
		return jrd, nil
	case err == nil || jsonErr == nil:
		return nil, fmt.Errorf("%w (%s)", ErrNone, base)
	}
	return nil, fmt.Errorf("hostmeta: %w; %w", err, jsonErr)
}

// host is the domain as it stands in a URL.
func host(domain string) string {
	if ip := net.ParseIP(strings.Trim(domain, "[]")); ip != nil && ip.To4() == nil {
		return "[" + ip.String() + "]"
	}
	return domain
}

var errInsecure = errors.New("it leads away from HTTPS (XEP-0156 §2.2)")

func checkRedirect(req *http.Request, via []*http.Request) error {
	switch {
	case req.URL.Scheme != "https":
		return errInsecure
	case len(via) > maxRedirects:
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	return nil
}

// fetch gets one document.
func fetch(ctx context.Context, c *http.Client, url string, parse func([]byte) (*Endpoints, error)) (*Endpoints, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, err // it names the URL
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %q", url, resp.Status)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	if len(b) > maxBytes {
		return nil, fmt.Errorf("%s has more than %d bytes", url, maxBytes)
	}
	found, err := parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	return found, nil
}
