package xmpp

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fakeDNS answers as written down, after a delay. What is not written down does not exist.
type fakeDNS struct {
	srv   map[string]fakeSRV   // by the whole name asked for
	hosts map[string]fakeHosts // by network and name: "ip6 xmpp.example.net."

	mu    sync.Mutex // protects asked
	asked []string
}

type fakeSRV struct {
	records []*net.SRV
	name    string
	err     error
	after   time.Duration
}

type fakeHosts struct {
	addrs []string
	err   error
	after time.Duration
}

// never is the delay of a server that does not answer.
const never = 1000 * time.Hour

var (
	errServFail = &net.DNSError{Err: "server misbehaving", Name: "example.net", IsTemporary: true}
	errTimeout  = &net.DNSError{Err: "i/o timeout", Name: "example.net", IsTimeout: true, IsTemporary: true}
)

func errNoSuchHost(name string) error {
	return &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (f *fakeDNS) wait(ctx context.Context, question string, d time.Duration) error {
	f.mu.Lock()
	f.asked = append(f.asked, question)
	f.mu.Unlock()
	if d == 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *fakeDNS) LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error) {
	name = "_" + service + "._" + proto + "." + name
	a, ok := f.srv[name]
	if err := f.wait(ctx, name, a.after); err != nil {
		return "", nil, err
	}
	if !ok {
		return "", nil, errNoSuchHost(name)
	}
	return a.name, a.records, a.err
}

func (f *fakeDNS) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	a, ok := f.hosts[network+" "+host]
	if err := f.wait(ctx, network+" "+host, a.after); err != nil {
		return nil, err
	}
	if !ok {
		return nil, errNoSuchHost(host)
	}
	var ips []netip.Addr
	for _, s := range a.addrs {
		ips = append(ips, netip.MustParseAddr(s))
	}
	return ips, a.err
}

const (
	xmppsName = "_xmpps-client._tcp.example.net."
	xmppName  = "_xmpp-client._tcp.example.net."
)

// oneSRV is an answer with one record.
func oneSRV(host string, port uint16) fakeSRV {
	return fakeSRV{records: []*net.SRV{{Target: host, Port: port}}}
}

// show writes targets as a person would: host:port, and tls for direct TLS.
func show(targets []target) string {
	var b strings.Builder
	for i, t := range targets {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t.String())
		if t.direct {
			b.WriteString("/tls")
		}
	}
	return b.String()
}

func TestResolve(t *testing.T) {
	t.Attr("conformance", "stream-fqdn-resolution 6120-3.2.1-1 6120-3.2.1-2 6120-3.2.1-3 6120-3.2.2-1")
	denied := oneSRV(".", 0)
	malformed := fakeSRV{name: xmppName, err: &net.DNSError{Err: "DNS response contained records which contain invalid names", Name: xmppName}}
	tests := []struct {
		name   string
		srv    map[string]fakeSRV
		domain string
		want   string
		fails  []string // what the error says
	}{
		{name: "both services, by priority", srv: map[string]fakeSRV{
			xmppsName: {records: []*net.SRV{{Target: "b.example.net.", Port: 443, Priority: 10}}},
			xmppName: {records: []*net.SRV{
				{Target: "c.example.net.", Port: 5222, Priority: 20},
				{Target: "a.example.net.", Port: 5222, Priority: 5},
			}},
		}, want: "a.example.net:5222 b.example.net:443/tls c.example.net:5222"},
		{name: "direct TLS first among equals", srv: map[string]fakeSRV{
			xmppsName: oneSRV("a.example.net.", 5223), xmppName: oneSRV("a.example.net.", 5222),
		}, want: "a.example.net:5223/tls a.example.net:5222"},
		{name: "the same place named twice", srv: map[string]fakeSRV{
			xmppName: {records: []*net.SRV{
				{Target: "a.example.net.", Port: 5222, Priority: 1}, {Target: "a.example.net.", Port: 5222, Priority: 2},
			}},
		}, want: "a.example.net:5222"},
		{name: "no records", want: "example.net:5222"},
		{name: "final dot", domain: "example.net.", want: "example.net:5222"},
		{name: "unqualified name", domain: "myserver", want: "myserver:5222"},

		// RFC 6120 §3.2.1 (3), XEP-0368 §5
		{name: "direct TLS denied", srv: map[string]fakeSRV{xmppsName: denied, xmppName: oneSRV("a.example.net.", 5222)},
			want: "a.example.net:5222"},
		{name: "STARTTLS denied", srv: map[string]fakeSRV{xmppsName: oneSRV("a.example.net.", 5223), xmppName: denied},
			want: "a.example.net:5223/tls"},
		{name: "both denied", srv: map[string]fakeSRV{xmppsName: denied, xmppName: denied}, fails: []string{"has no XMPP service"}},
		{name: "one denied, no other", srv: map[string]fakeSRV{xmppsName: denied}, fails: []string{"has no XMPP service"}},
		{name: "other denied, no one", srv: map[string]fakeSRV{xmppName: denied}, fails: []string{"has no XMPP service"}},
		{name: "denied twice over", srv: map[string]fakeSRV{xmppName: {records: []*net.SRV{{Target: "."}, {Target: "."}}}},
			fails: []string{"has no XMPP service"}},
		{name: "denied in passing", srv: map[string]fakeSRV{xmppName: {records: []*net.SRV{{Target: "."}, {Target: "a.example.net.", Port: 1}}}},
			want: "a.example.net:1"},
		{name: "denied, and malformed", srv: map[string]fakeSRV{xmppName: {records: []*net.SRV{{Target: "."}, {Target: "a b.", Port: 1}}}},
			fails: []string{`"a b.", port 1`}},
		{name: "one denied, other unknown", srv: map[string]fakeSRV{xmppsName: denied, xmppName: {err: errServFail}},
			fails: []string{"other service is declared not to be available", "_xmpp-client._tcp.example.net: the DNS server failed"}},

		// What can't be asked for or connected to.
		{name: "malformed names are passed over", srv: map[string]fakeSRV{xmppName: {records: []*net.SRV{
			{Target: "", Port: 1}, {Target: "a b.", Port: 1}, {Target: "192.0.2.1.", Port: 1}, {Target: "x\n.", Port: 1}, {Target: "..", Port: 1},
			{Target: "-a.net.", Port: 1}, {Target: strings.Repeat("a", 64) + ".", Port: 1}, {Target: strings.Repeat("a.", 127) + "a.", Port: 1},
			{Target: "zero.example.net.", Port: 0}, {Target: "xn--bcher-kva._a.example.net", Port: 7},
		}}}, want: "xn--bcher-kva._a.example.net:7"},
		{name: "malformed names alone", srv: map[string]fakeSRV{xmppName: oneSRV("a\x1b[2Jb.", 5222)},
			fails: []string{`"a\x1b[2Jb."`, "not a host"}},
		{name: "malformed names that net.Resolver took out", srv: map[string]fakeSRV{xmppName: malformed}, fails: []string{"invalid names"}},
		{name: "some taken out", srv: map[string]fakeSRV{xmppName: {records: []*net.SRV{{Target: "a.example.net.", Port: 5222}}, err: malformed.err}},
			want: "a.example.net:5222"},
		{name: "a port of 0 is no port", srv: map[string]fakeSRV{xmppName: oneSRV("a.example.net.", 0)}, fails: []string{"port 0"}},

		// RFC 6120 §3.2.1 (9): no answer is no reason to give up.
		{name: "server failure", srv: map[string]fakeSRV{xmppsName: {err: errServFail}, xmppName: {err: errServFail}}, want: "example.net:5222"},
		{name: "server failure for one", srv: map[string]fakeSRV{xmppsName: {err: errServFail}, xmppName: oneSRV("a.example.net.", 5222)},
			want: "a.example.net:5222"},

		// What needs no DNS.
		{name: "IPv4", domain: "192.0.2.1", want: "192.0.2.1:5222"},
		{name: "IPv6 as in a JID", domain: "[2001:db8::1]", want: "[2001:db8::1]:5222"},
		{name: "IPv6 as from jid.Host", domain: "2001:db8::1", want: "[2001:db8::1]:5222"},
		{name: "localhost", domain: "localhost", want: "localhost:5222"},
		{name: "below localhost", domain: "chat.LOCALHOST", want: "chat.LOCALHOST:5222"},

		{name: "no host", domain: "exa mple\x00", fails: []string{`"exa mple\x00"`}},
		{name: "U-labels", domain: "bücher.example", fails: []string{`"bücher.example"`}},
		{name: "IPv4 in brackets", domain: "[192.0.2.1]", fails: []string{`"[192.0.2.1]"`}},
		{name: "numbers", domain: "192.0.2.1.5", fails: []string{`"192.0.2.1.5"`}},
		{name: "nothing", domain: ".", fails: []string{`"."`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dns := &fakeDNS{srv: tt.srv}
			if tt.domain == "" {
				tt.domain = "example.net"
			}
			targets, err := resolve(t.Context(), dns, tt.domain)
			if tt.fails == nil {
				require.NoError(t, err)
				assert.Equal(t, tt.want, show(targets))
				return
			}
			require.Error(t, err)
			assert.Empty(t, targets)
			for _, text := range tt.fails {
				assert.ErrorContains(t, err, text)
			}
			assert.NotContains(t, err.Error(), "\x1b")
		})
	}
}

func TestResolveAsksAbsoluteNames(t *testing.T) {
	dns := &fakeDNS{}
	_, err := resolve(t.Context(), dns, "example.net")
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{xmppsName, xmppName}, dns.asked)
	for _, domain := range []string{"localhost", "127.0.0.1", "[::1]"} {
		dns := &fakeDNS{}
		_, err := resolve(t.Context(), dns, domain)
		require.NoError(t, err)
		assert.Empty(t, dns.asked, domain)
	}
}

func TestResolveTellsWhetherItIsFinal(t *testing.T) {
	denied := oneSRV(".", 0)
	_, err := resolve(t.Context(), &fakeDNS{srv: map[string]fakeSRV{xmppName: denied}}, "example.net")
	require.ErrorIs(t, err, errNoService)
	_, err = resolve(t.Context(), &fakeDNS{srv: map[string]fakeSRV{xmppName: denied, xmppsName: {err: errServFail}}}, "example.net")
	require.NotErrorIs(t, err, errNoService)
	require.ErrorIs(t, err, error(errServFail))
}

// The fallback remembers what went wrong before, in case it goes wrong too.
func TestResolveFallbackKeepsItsReason(t *testing.T) {
	targets, err := resolve(t.Context(), &fakeDNS{srv: map[string]fakeSRV{xmppName: {err: errTimeout}}}, "example.net")
	require.NoError(t, err)
	require.Len(t, targets, 1)
	require.ErrorContains(t, targets[0].why, "SRV _xmpp-client._tcp.example.net: no answer from DNS in time")
	c := newConnector(nil, &fakeDNS{}, targets)
	_, _, err = c.next(t.Context())
	require.ErrorIs(t, err, errNoMoreTargets)
	require.ErrorContains(t, c.reasons(), "no answer from DNS in time")
	require.ErrorContains(t, c.reasons(), "addresses of example.net: no such name")
}

func TestLookupErrorTellsTheNameFromTheServer(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{errNoSuchHost("example.net"), "looking up x: no such name or no such record (NXDOMAIN or an empty answer): lookup example.net: no such host"},
		{errServFail, "looking up x: the DNS server failed (such as SERVFAIL): lookup example.net: server misbehaving"},
		{errTimeout, "looking up x: no answer from DNS in time: lookup example.net: i/o timeout"},
		{context.DeadlineExceeded, "looking up x: no answer from DNS in time: context deadline exceeded"},
		{context.Canceled, "looking up x: given up: context canceled"},
		{net.UnknownNetworkError("x"), "looking up x: not answered: unknown network x"},
	}
	for _, tt := range tests {
		err := &lookupError{"x", tt.err}
		assert.EqualError(t, err, tt.want)
		assert.ErrorIs(t, err, tt.err)
	}
}

func TestResolveWaitsForBothButNotForever(t *testing.T) {
	a, b := oneSRV("a.example.net.", 5222), oneSRV("b.example.net.", 5223)
	after := func(s fakeSRV, d time.Duration) fakeSRV { s.after = d; return s }
	tests := []struct {
		name string
		srv  map[string]fakeSRV
		want string
		took time.Duration
	}{
		{"in parallel", map[string]fakeSRV{xmppName: after(a, time.Second), xmppsName: after(b, time.Second)},
			"b.example.net:5223/tls a.example.net:5222", time.Second},
		{"late", map[string]fakeSRV{xmppName: a, xmppsName: after(b, srvGrace-1)},
			"b.example.net:5223/tls a.example.net:5222", srvGrace - 1},
		{"too late", map[string]fakeSRV{xmppName: after(a, time.Second), xmppsName: after(b, never)},
			"a.example.net:5222", time.Second + srvGrace},
		{"no record, and too late", map[string]fakeSRV{xmppsName: after(b, never)}, "example.net:5222", srvGrace},
		{"a failure is no answer", map[string]fakeSRV{xmppName: {err: errServFail}, xmppsName: after(b, time.Minute)},
			"b.example.net:5223/tls", time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				targets, err := resolve(t.Context(), &fakeDNS{srv: tt.srv}, "example.net")
				require.NoError(t, err)
				assert.Equal(t, tt.want, show(targets))
				assert.Equal(t, tt.took, time.Since(start))
			})
		})
	}
}

func TestResolveHeedsContext(t *testing.T) {
	silent := &fakeDNS{srv: map[string]fakeSRV{xmppName: {after: never}, xmppsName: {after: never}}}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := resolve(ctx, silent, "example.net")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "SRV records of example.net")
		assert.Equal(t, time.Second, time.Since(start))
	})
}
