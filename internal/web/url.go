package web

import (
	"errors"
	"fmt"
	"net/url"
)

// maxURL bounds the length of a URL that a server may send.
const maxURL = 2048

// Parse reads an absolute URL that has one of two schemes, secure ("wss", "https") or plain ("ws", "http"), and no more than
// a host, a path and a query. It reports whether the scheme is the secure one.
func Parse(s, secure, plain string) (u *url.URL, isSecure bool, err error) {
	if len(s) > maxURL {
		return nil, false, fmt.Errorf("the URL %.64q… has more than %d bytes", s, maxURL)
	}
	u, err = url.Parse(s)
	switch {
	case err != nil:
		return nil, false, fmt.Errorf("%q is no URL: %w", s, errors.Unwrap(err))
	case u.Scheme != secure && u.Scheme != plain:
		return nil, false, fmt.Errorf("the scheme of %q is not %s", s, secure)
	case u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Opaque != "":
		return nil, false, fmt.Errorf("%q is more, or less, than host, path and query", s)
	}
	return u, u.Scheme == secure, nil
}
