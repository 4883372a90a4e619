package xmpp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"
)

// errNoMoreTargets ends the walk over the targets: connector.reasons says what was wrong with each.
var errNoMoreTargets = errors.New("no more hosts to try")

// attemptTimeout bounds one attempt to connect to one address with our own dialer, which would else wait for as long as
// the operating system likes (minutes). A caller's Dial has its own idea of that.
const attemptTimeout = 30 * time.Second

// A connector hands out connections to the targets, one after another, for as long as the taker finds fault with them:
// a TLS or stream failure at one address leads on to the next. It's not safe for concurrent use.
type connector struct {
	dial     func(ctx context.Context, network, addr string) (net.Conn, error)
	resolver resolver // nil: dial is the caller's and gets names as they are
	targets  []target // not begun yet
	current  *candidates
	failed   []error
}

// newConnector walks over targets. A nil dial means net.Dialer with the addresses that r knows, raced as RFC 8305 says;
// a dial of the caller's gets host:port unresolved, so that a SOCKS or Tor proxy can resolve it.
func newConnector(dial func(ctx context.Context, network, addr string) (net.Conn, error), r resolver, targets []target) *connector {
	if dial != nil {
		return &connector{dial: dial, targets: targets}
	}
	return &connector{dial: boundedDial, resolver: r, targets: targets}
}

// boundedDial connects to an IP address within attemptTimeout.
func boundedDial(ctx context.Context, network, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: attemptTimeout}
	return d.DialContext(ctx, network, addr)
}

// next returns the next connection and the target it leads to: first to the remaining addresses of the target that the
// last one led to, then to the next target. It returns errNoMoreTargets when all have been tried; when ctx ends, an error
// that wraps the cause and says what had failed or hung until then. The connection is the caller's to close.
func (c *connector) next(ctx context.Context) (net.Conn, target, error) {
	for {
		if c.current == nil {
			if len(c.targets) == 0 {
				return nil, target{}, errNoMoreTargets
			}
			c.begin(c.targets[0])
			c.targets = c.targets[1:]
		}
		conn, err := c.race(ctx)
		if conn != nil {
			return conn, c.current.target, nil
		}
		if err != nil {
			return nil, c.current.target, err
		}
		c.current = nil
	}
}

// begin turns to t.
func (c *connector) begin(t target) {
	if t.why != nil {
		c.failed = append(c.failed, t.why)
	}
	c.current = &candidates{target: t}
	if c.resolver == nil {
		c.current.add(0, t.String())
		return
	}
	if ip, err := netip.ParseAddr(t.host); err == nil {
		c.current.add(familyOf(ip), netip.AddrPortFrom(ip, t.port).String())
		return
	}
	c.current.unknown = []int{ipv6, ipv4}
}

// fail notes what was wrong with a connection that next returned.
func (c *connector) fail(addr string, err error) {
	c.failed = append(c.failed, &attemptError{target: c.current.target, addr: addr, err: err})
}

// reasons returns all that has failed so far as one error, nil when nothing has.
func (c *connector) reasons() error { return joinReasons(slices.Clone(c.failed)) }

// An attemptError says which address failed how.
type attemptError struct {
	target target
	addr   string
	err    error
}

// Error names the address, the host it belongs to, and the kind of connection.
func (e *attemptError) Error() string {
	err := e.err
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		err = op.Err // the rest of the text names the address once more
	}
	kind := "STARTTLS"
	if e.target.direct {
		kind = "direct TLS"
	}
	if e.addr == e.target.String() {
		return fmt.Sprintf("%s (%s): %v", e.addr, kind, err)
	}
	return fmt.Sprintf("%s (%s, %s): %v", e.addr, e.target, kind, err)
}

// Unwrap returns what the dialer or the taker said.
func (e *attemptError) Unwrap() error { return e.err }
