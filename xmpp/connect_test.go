package xmpp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fakeNet is a network in which each address answers as written down; the others refuse
// after a millisecond.
type fakeNet struct {
	start time.Time
	hosts map[string]fakeHost

	mu    sync.Mutex // protects all below
	dials []string   // "address +milliseconds"
	conns []*fakeConn
}

type fakeHost struct {
	after time.Duration
	err   error
	deaf  bool // does not heed its context
}

type fakeConn struct {
	net.Conn
	addr   string
	mu     sync.Mutex // protects closed
	closed int
}

func (c *fakeConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed++
	return nil
}

func (c *fakeConn) closedTimes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

func (n *fakeNet) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	n.mu.Lock()
	n.dials = append(n.dials, fmt.Sprintf("%s +%d", addr, time.Since(n.start).Milliseconds()))
	n.mu.Unlock()
	h, ok := n.hosts[addr]
	if !ok {
		h.after = time.Millisecond
		h.err = &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	done := ctx.Done()
	if h.deaf {
		done = nil
	}
	select {
	case <-time.After(h.after):
	case <-done:
		return nil, &net.OpError{Op: "dial", Net: network, Err: ctx.Err()}
	}
	if h.err != nil {
		return nil, h.err
	}
	c := &fakeConn{addr: addr}
	n.mu.Lock()
	n.conns = append(n.conns, c)
	n.mu.Unlock()
	return c, nil
}

// log returns what was dialled when.
func (n *fakeNet) log() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.dials, ", ")
}

// raced is a connector with the default dialer's ways on a fake network.
func raced(n *fakeNet, dns *fakeDNS, targets ...target) *connector {
	n.start = time.Now()
	c := newConnector(nil, dns, targets)
	c.dial = n.dial
	return c
}

var (
	hostA = target{host: "a.example.net", port: 5222, srv: true}
	hostB = target{host: "b.example.net", port: 443, direct: true, srv: true}
	twin  = map[string]fakeHosts{
		"ip6 a.example.net.": {addrs: []string{"2001:db8::1", "2001:db8::2", "2001:db8::3"}},
		"ip4 a.example.net.": {addrs: []string{"192.0.2.1", "192.0.2.2"}},
	}
)

// RFC 8305 §4, §5: the families take turns, an attempt starts 250 ms after the one before or when that fails.
func TestConnectRaces(t *testing.T) {
	const ms = time.Millisecond
	slow := fakeHosts{addrs: []string{"2001:db8::1"}, after: 40 * ms}
	slower := fakeHosts{addrs: []string{"2001:db8::1"}, after: 60 * ms}
	silent := fakeHosts{after: never}
	v4 := fakeHosts{addrs: []string{"192.0.2.1"}}
	tests := []struct {
		name  string
		dns   map[string]fakeHosts
		hosts map[string]fakeHost
		want  string // the address that wins
		after time.Duration
		dials string
	}{
		{"first wins", twin, map[string]fakeHost{"[2001:db8::1]:5222": {after: 249 * ms}, "192.0.2.1:5222": {}},
			"[2001:db8::1]:5222", 249 * ms, "[2001:db8::1]:5222 +0"},
		{"second wins", twin, map[string]fakeHost{"[2001:db8::1]:5222": {after: never}, "192.0.2.1:5222": {after: ms}},
			"192.0.2.1:5222", 251 * ms, "[2001:db8::1]:5222 +0, 192.0.2.1:5222 +250"},
		{"first wins late", twin, map[string]fakeHost{"[2001:db8::1]:5222": {after: 300 * ms}, "192.0.2.1:5222": {after: never}},
			"[2001:db8::1]:5222", 300 * ms, "[2001:db8::1]:5222 +0, 192.0.2.1:5222 +250"},
		{"all are tried", twin, map[string]fakeHost{
			"[2001:db8::1]:5222": {after: never}, "192.0.2.1:5222": {after: never}, "[2001:db8::2]:5222": {after: never},
			"192.0.2.2:5222": {after: never}, "[2001:db8::3]:5222": {after: 5 * ms},
		}, "[2001:db8::3]:5222", 1005 * ms,
			"[2001:db8::1]:5222 +0, 192.0.2.1:5222 +250, [2001:db8::2]:5222 +500, 192.0.2.2:5222 +750, [2001:db8::3]:5222 +1000"},
		{"a failure makes way at once", twin, map[string]fakeHost{"192.0.2.1:5222": {after: never}, "[2001:db8::2]:5222": {}},
			"[2001:db8::2]:5222", 251 * ms, "[2001:db8::1]:5222 +0, 192.0.2.1:5222 +1, [2001:db8::2]:5222 +251"},

		{"one family", map[string]fakeHosts{"ip4 a.example.net.": v4}, map[string]fakeHost{"192.0.2.1:5222": {}},
			"192.0.2.1:5222", 0, "192.0.2.1:5222 +0"},
		{"IPv6 known a little later", map[string]fakeHosts{"ip4 a.example.net.": v4, "ip6 a.example.net.": slow},
			map[string]fakeHost{"[2001:db8::1]:5222": {}}, "[2001:db8::1]:5222", 40 * ms, "[2001:db8::1]:5222 +40"},
		{"IPv6 known too late", map[string]fakeHosts{"ip4 a.example.net.": v4, "ip6 a.example.net.": slower},
			map[string]fakeHost{"192.0.2.1:5222": {after: 5 * ms}}, "192.0.2.1:5222", 55 * ms, "192.0.2.1:5222 +50"},
		{"IPv6 joins in", map[string]fakeHosts{"ip4 a.example.net.": v4, "ip6 a.example.net.": slower},
			map[string]fakeHost{"192.0.2.1:5222": {after: never}, "[2001:db8::1]:5222": {}},
			"[2001:db8::1]:5222", 300 * ms, "192.0.2.1:5222 +50, [2001:db8::1]:5222 +300"},
		{"IPv6 unanswered", map[string]fakeHosts{"ip4 a.example.net.": v4, "ip6 a.example.net.": silent},
			map[string]fakeHost{"192.0.2.1:5222": {}}, "192.0.2.1:5222", 50 * ms, "192.0.2.1:5222 +50"},
		{"IPv4 unanswered", map[string]fakeHosts{"ip6 a.example.net.": slow, "ip4 a.example.net.": silent},
			map[string]fakeHost{"[2001:db8::1]:5222": {}}, "[2001:db8::1]:5222", 40 * ms, "[2001:db8::1]:5222 +40"},
		{"an address twice", map[string]fakeHosts{"ip4 a.example.net.": {addrs: []string{"192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"}}},
			map[string]fakeHost{"192.0.2.2:5222": {}}, "192.0.2.2:5222", ms, "192.0.2.1:5222 +0, 192.0.2.2:5222 +1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &fakeNet{hosts: tt.hosts}
				c := raced(n, &fakeDNS{hosts: tt.dns}, hostA)
				conn, got, err := c.next(t.Context())
				require.NoError(t, err)
				assert.Equal(t, tt.after, time.Since(n.start))
				assert.Equal(t, hostA, got)
				assert.Equal(t, tt.want, conn.(*fakeConn).addr)
				assert.Equal(t, tt.dials, n.log())
				synctest.Wait() // and no goroutine is left: synctest would complain
				assert.Zero(t, conn.(*fakeConn).closedTimes(), "the winner is the caller's")
			})
		})
	}
}

// An attempt that succeeds after another has won is closed, once.
func TestConnectClosesLosers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &fakeNet{hosts: map[string]fakeHost{
			"[2001:db8::1]:5222": {after: time.Second, deaf: true}, "192.0.2.1:5222": {after: 10 * time.Millisecond},
		}}
		conn, _, err := raced(n, &fakeDNS{hosts: twin}, hostA).next(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "192.0.2.1:5222", conn.(*fakeConn).addr)
		assert.Equal(t, 260*time.Millisecond, time.Since(n.start), "the loser is not waited for")
		<-time.After(time.Second)
		synctest.Wait()
		require.Len(t, n.conns, 2)
		assert.Zero(t, n.conns[0].closedTimes())
		assert.Equal(t, "[2001:db8::1]:5222", n.conns[1].addr)
		assert.Equal(t, 1, n.conns[1].closedTimes())
	})
}

// The taker finds fault with every connection: it gets all of them, each once, losers of earlier races too.
func TestConnectGoesOnToEveryAddressOfEveryTarget(t *testing.T) {
	t.Attr("conformance", "stream-fqdn-resolution 6120-13.9.2-1")
	synctest.Test(t, func(t *testing.T) {
		n := &fakeNet{hosts: map[string]fakeHost{
			"[2001:db8::1]:5222": {after: 300 * time.Millisecond}, "192.0.2.1:5222": {after: 10 * time.Millisecond},
			"[2001:db8::2]:5222": {}, "[2001:db8::9]:443": {},
		}}
		dns := &fakeDNS{hosts: map[string]fakeHosts{
			"ip6 a.example.net.": {addrs: []string{"2001:db8::1", "2001:db8::2", "2001:db8::3"}},
			"ip4 a.example.net.": {addrs: []string{"192.0.2.1", "192.0.2.2"}},
			"ip6 b.example.net.": {addrs: []string{"2001:db8::9"}},
			"ip4 b.example.net.": {err: errServFail, after: 1},
		}}
		c := raced(n, dns, hostA, hostB)
		var got []string
		for {
			conn, at, err := c.next(t.Context())
			if err != nil {
				require.ErrorIs(t, err, errNoMoreTargets)
				break
			}
			addr := conn.(*fakeConn).addr
			got = append(got, at.String()+" "+addr)
			c.fail(addr, errors.New("a wrong certificate"))
		}
		assert.Equal(t, []string{
			"a.example.net:5222 192.0.2.1:5222", "a.example.net:5222 [2001:db8::2]:5222",
			"a.example.net:5222 [2001:db8::1]:5222", "b.example.net:443 [2001:db8::9]:443",
		}, got)
		_, _, err := c.next(t.Context())
		require.ErrorIs(t, err, errNoMoreTargets, "the end is the end")

		assert.Equal(t, strings.Join([]string{
			"192.0.2.1:5222 (a.example.net:5222, STARTTLS): a wrong certificate",
			"192.0.2.2:5222 (a.example.net:5222, STARTTLS): connect: connection refused",
			"[2001:db8::2]:5222 (a.example.net:5222, STARTTLS): a wrong certificate",
			"[2001:db8::3]:5222 (a.example.net:5222, STARTTLS): connect: connection refused",
			"[2001:db8::1]:5222 (a.example.net:5222, STARTTLS): a wrong certificate",
			"[2001:db8::9]:443 (b.example.net:443, direct TLS): a wrong certificate",
			"looking up IPv4 addresses of b.example.net: the DNS server failed (such as SERVFAIL): lookup example.net: server misbehaving",
		}, "; "), c.reasons().Error())
	})
}

// The second race has addresses already: it does not wait for what DNS still owes.
func TestConnectGoesOnWhileDNSIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &fakeNet{hosts: map[string]fakeHost{"[2001:db8::1]:5222": {}, "[2001:db8::2]:5222": {}}}
		c := raced(n, &fakeDNS{hosts: map[string]fakeHosts{
			"ip6 a.example.net.": {addrs: []string{"2001:db8::1", "2001:db8::2"}}, "ip4 a.example.net.": {after: never},
		}}, hostA)
		for _, want := range []string{"[2001:db8::1]:5222", "[2001:db8::2]:5222"} {
			conn, _, err := c.next(t.Context())
			require.NoError(t, err)
			assert.Equal(t, want, conn.(*fakeConn).addr)
		}
		assert.Zero(t, time.Since(n.start))
	})
}

func TestConnectReasons(t *testing.T) {
	tests := []struct {
		name   string
		dns    map[string]fakeHosts
		target target
		want   string
	}{
		{"no such host", nil, hostA,
			"looking up addresses of a.example.net: no such name or no such record (NXDOMAIN or an empty answer): lookup a.example.net.: no such host"},
		{"both lookups fail", map[string]fakeHosts{"ip6 a.example.net.": {err: errServFail}, "ip4 a.example.net.": {err: errTimeout, after: 1}}, hostA,
			"looking up IPv6 addresses of a.example.net: the DNS server failed (such as SERVFAIL): lookup example.net: server misbehaving; " +
				"looking up IPv4 addresses of a.example.net: no answer from DNS in time: lookup example.net: i/o timeout"},
		{"one family refuses", map[string]fakeHosts{"ip4 a.example.net.": {addrs: []string{"192.0.2.1"}}}, hostA,
			"192.0.2.1:5222 (a.example.net:5222, STARTTLS): connect: connection refused"},
		{"address", nil, target{host: "192.0.2.7", port: 5222}, "192.0.2.7:5222 (STARTTLS): connect: connection refused"},
		{"IPv6 address", nil, target{host: "2001:db8::7", port: 5223, direct: true}, "[2001:db8::7]:5223 (direct TLS): connect: connection refused"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := raced(&fakeNet{}, &fakeDNS{hosts: tt.dns}, tt.target)
				_, _, err := c.next(t.Context())
				require.ErrorIs(t, err, errNoMoreTargets)
				assert.EqualError(t, c.reasons(), tt.want)
			})
		})
	}
	c := raced(&fakeNet{}, &fakeDNS{})
	_, _, err := c.next(t.Context())
	require.ErrorIs(t, err, errNoMoreTargets)
	require.NoError(t, c.reasons())

	c = raced(&fakeNet{}, &fakeDNS{}, target{host: "192.0.2.7", port: 5222})
	_, _, err = c.next(t.Context())
	require.ErrorIs(t, err, errNoMoreTargets)
	require.ErrorIs(t, c.reasons(), syscall.ECONNREFUSED)
}

// However many addresses a name has, a bounded number is tried.
func TestConnectIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var many fakeHosts
		for i := range 250 {
			many.addrs = append(many.addrs, fmt.Sprintf("192.0.2.%d", i))
		}
		n := &fakeNet{}
		_, _, err := raced(n, &fakeDNS{hosts: map[string]fakeHosts{"ip4 a.example.net.": many}}, hostA).next(t.Context())
		require.ErrorIs(t, err, errNoMoreTargets)
		assert.Len(t, n.dials, maxAddresses)
	})
}

func TestConnectHeedsContext(t *testing.T) {
	gone := errors.New("the user has lost patience")
	tests := []struct {
		name string
		dns  map[string]fakeHosts
		want []string
	}{
		{"while DNS is silent", map[string]fakeHosts{"ip6 a.example.net.": {after: never}, "ip4 a.example.net.": {after: never}},
			[]string{"a.example.net:5222 (STARTTLS): the user has lost patience"}},
		{"while addresses are", map[string]fakeHosts{"ip6 a.example.net.": {addrs: []string{"2001:db8::1"}}, "ip4 a.example.net.": {addrs: []string{"192.0.2.1", "192.0.2.2"}}},
			[]string{
				"192.0.2.1:5222 (a.example.net:5222, STARTTLS): connect: connection refused",
				"[2001:db8::1]:5222 (a.example.net:5222, STARTTLS): the user has lost patience",
				"192.0.2.2:5222 (a.example.net:5222, STARTTLS): the user has lost patience",
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &fakeNet{hosts: map[string]fakeHost{"[2001:db8::1]:5222": {after: never}, "192.0.2.2:5222": {after: never}}}
				c := raced(n, &fakeDNS{hosts: tt.dns}, hostA, hostB)
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(2*time.Second, func() { cancel(gone) })
				conn, _, err := c.next(ctx)
				require.Nil(t, conn)
				require.ErrorIs(t, err, gone)
				assert.EqualError(t, err, strings.Join(tt.want, "; "))
				assert.Equal(t, 2*time.Second, time.Since(n.start), "at once")
				_, _, err = c.next(ctx)
				require.ErrorIs(t, err, gone)
			})
		})
	}
}

// A Dial of the caller's gets names, one at a time, and no DNS is asked.
func TestConnectWithDialOfTheCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &fakeNet{start: time.Now(), hosts: map[string]fakeHost{
			"a.example.net:5222": {after: 10 * time.Second, err: errors.New("the proxy says no")},
			"b.example.net:443":  {after: time.Second},
		}}
		c := newConnector(n.dial, nil, []target{hostA, hostB, {host: "2001:db8::1", port: 5222}})
		conn, at, err := c.next(t.Context())
		require.NoError(t, err)
		assert.Equal(t, hostB, at)
		assert.Equal(t, "b.example.net:443", conn.(*fakeConn).addr)
		_, _, err = c.next(t.Context())
		require.ErrorIs(t, err, errNoMoreTargets)
		assert.Equal(t, "a.example.net:5222 +0, b.example.net:443 +10000, [2001:db8::1]:5222 +11000", n.log())
		assert.ErrorContains(t, c.reasons(), "a.example.net:5222 (STARTTLS): the proxy says no")
	})
}

// A Dial that does not heed its context can't hold up the caller, and its connection is closed when it comes after all.
func TestConnectWithADialThatIgnoresContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &fakeNet{start: time.Now(), hosts: map[string]fakeHost{"a.example.net:5222": {after: time.Hour, deaf: true}}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err := newConnector(n.dial, nil, []target{hostA}).next(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(n.start))
		<-time.After(time.Hour)
		synctest.Wait()
		require.Len(t, n.conns, 1)
		assert.Equal(t, 1, n.conns[0].closedTimes())
	})
}

func TestConnectWithADialThatReturnsNothing(t *testing.T) {
	nothing := func(context.Context, string, string) (net.Conn, error) { return nil, nil }
	c := newConnector(nothing, nil, []target{hostA})
	_, _, err := c.next(t.Context())
	require.ErrorIs(t, err, errNoMoreTargets)
	require.ErrorIs(t, c.reasons(), errNoConn)
}

// With net.Dialer and net.Resolver, on the loopback interface.
func TestConnectForReal(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	refuses := uint16(closed.Addr().(*net.TCPAddr).Port)
	require.NoError(t, closed.Close())

	c := newConnector(nil, net.DefaultResolver, []target{{host: "127.0.0.1", port: refuses}, {host: "localhost", port: port}})
	conn, at, err := c.next(t.Context())
	require.NoError(t, err, "%v", c.reasons())
	defer conn.Close()
	assert.Equal(t, "localhost", at.host)
	assert.Equal(t, l.Addr().String(), conn.RemoteAddr().String())
	require.ErrorIs(t, c.reasons(), syscall.ECONNREFUSED)
}
