package xmpp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// TestRFC6120OverTCP: the stream is bound to a TCP connection to where the domain's server is.
func TestRFC6120OverTCP(t *testing.T) {
	t.Attr("conformance", "stream-tcp-binding 6120-3.1-1")
	srv := xmpptest.NewServer(t)
	var conn net.Conn
	o := srv.Options("alice")
	o.Dial = func(ctx context.Context, network, addr string) (c net.Conn, err error) {
		require.Equal(t, "tcp", strings.TrimRight(network, "46"))
		require.Equal(t, srv.Addr(), addr)
		conn, err = new(net.Dialer).DialContext(ctx, network, addr)
		return conn, err
	}
	s, err := xmpp.Dial(t.Context(), srv.JID("alice"), o)
	require.NoError(t, err)
	require.IsType(t, &net.TCPConn{}, conn)
	require.NoError(t, s.Close())
	_, err = conn.Read(make([]byte, 1))
	require.ErrorIs(t, err, net.ErrClosed, "and the connection ends with it")
}

// failing counts the attempts to connect, in the bubble's time, and lets none succeed.
type failing struct {
	mu sync.Mutex
	at []time.Time
}

func (f *failing) Dial(context.Context, string, string) (net.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = append(f.at, time.Now())
	return nil, errors.New("nobody there")
}

// TestRFC6120Reconnect: a connection that is terminated is made again, first after less than a second at a moment of
// chance, then after ever longer ones (RFC 6120 §3.3).
func TestRFC6120Reconnect(t *testing.T) {
	t.Attr("conformance", "stream-reconnect 6120-3.3-1 6120-3.3-2")
	firsts := map[time.Duration]bool{}
	for range 8 {
		synctest.Test(t, func(t *testing.T) {
			srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, Without: []string{"sm"}})
			o := srv.Options("alice")
			var f failing
			dials := 0
			o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				if dials++; dials == 1 {
					return srv.Dial(ctx, network, addr)
				}
				return f.Dial(ctx, network, addr)
			}
			c := xmpp.NewClient(srv.JID("alice"), o)
			online := make(chan struct{}, 1)
			c.Online = func(context.Context, *xmpp.Session) error { online <- struct{}{}; return nil }
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- c.Run(ctx) }()
			<-online
			elapse(time.Minute)
			begin := time.Now()
			srv.DropConns()
			elapse(10 * time.Minute)
			stop()
			require.NoError(t, <-ended)

			require.Greater(t, len(f.at), 8)
			require.Less(t, len(f.at), 30)
			first := f.at[0].Sub(begin)
			require.LessOrEqual(t, first, 60*time.Second, "RFC 6120 §3.3: between 0 and 60 seconds")
			firsts[first] = true
			longest := time.Duration(0)
			for i, at := range f.at[1:] {
				wait := at.Sub(f.at[i])
				require.LessOrEqual(t, wait, time.Minute)
				if i < 5 { // 2, 4, 8, 16, 32 seconds, each less at most a half
					require.GreaterOrEqual(t, wait, time.Second<<i)
					require.LessOrEqual(t, wait, time.Second<<(i+1))
				}
				longest = max(longest, wait)
			}
			require.Greater(t, longest, 30*time.Second)
		})
	}
	require.Greater(t, len(firsts), 4, "no two clients come back at the same moment")
}

// TestRFC6120TLSResumption: a Client that comes back resumes its TLS session (RFC 6120 §3.3).
func TestRFC6120TLSResumption(t *testing.T) {
	t.Attr("conformance", "6120-3.3-3")
	srv := xmpptest.NewServerWith(t, &xmpptest.Options{
		Without: []string{"sm"},
		TLSConfig: func(c *tls.Config) {
			c.SessionTicketsDisabled = false
			c.SetSessionTicketKeys([][32]byte{{1}}) // the same for all connections
		},
	})
	c := xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
	online := make(chan *xmpp.Session, 2)
	c.Online = func(_ context.Context, s *xmpp.Session) error { online <- s; return nil }
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	require.False(t, (<-online).ConnectionState().TLS.DidResume)
	srv.DropConns()
	require.True(t, (<-online).ConnectionState().TLS.DidResume)
	stop()
	require.NoError(t, <-ended)
}

// TestRFC6120Conflict: who was put out by a conflict does not ask for the resource again (RFC 6120 §4.9.3.3): a Client
// stays away.
func TestRFC6120Conflict(t *testing.T) {
	t.Attr("conformance", "6120-4.9.3.3-1")
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		c := xmpp.NewClient(srv.JID("alice/desk"), srv.Options("alice"))
		online := make(chan struct{}, 1)
		c.Online = func(context.Context, *xmpp.Session) error { online <- struct{}{}; return nil }
		ended := make(chan error, 1)
		go func() { ended <- c.Run(t.Context()) }()
		<-online
		young := srv.Session(t, "alice/desk", nil)
		require.ErrorIs(t, <-ended, xmpp.Conflict)
		elapse(time.Hour)
		require.EqualValues(t, 2, srv.Stats().Binds)
		require.NoError(t, young.Err())
	})
}

// redirected is a server that is nowhere: each connection is told to go to another address.
type redirected struct {
	to   func(addr string) string // what the server at addr says; "": nothing, it's the one
	real func() (net.Conn, error)

	mu    sync.Mutex // protects asked
	asked []string
}

func (r *redirected) Dial(_ context.Context, _, addr string) (net.Conn, error) {
	r.mu.Lock()
	r.asked = append(r.asked, addr)
	r.mu.Unlock()
	where := r.to(addr)
	if where == "" {
		return r.real()
	}
	client, server := net.Pipe()
	go func() {
		defer server.Close()
		_ = (&xmpptest.Script{Text: `
< <stream:stream to='` + xmpptest.DefaultDomain + `' version='1.0'>
> <stream:stream from='` + xmpptest.DefaultDomain + `' id='1' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>
> <stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>` + where + `</see-other-host></stream:error></stream:stream>
< </stream:stream>`}).Play(server)
	}()
	return client, nil
}

// TestRFC6120SeeOtherHost is RFC 6120 §4.9.3.19: a redirect is followed to the same host at another port, to another host,
// and from there on; the same domain is asked for and verified there, and it does not go on for ever.
func TestRFC6120SeeOtherHost(t *testing.T) {
	t.Attr("conformance", "6120-4.9.3.19-2 6120-4.9.3.19-4 6120-4.9.3.19-5 6120-4.9.3.19-7")
	srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
	elsewhere := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, Domain: "other.test"})
	for name, c := range map[string]struct {
		hops  map[string]string
		srv   *xmpptest.Server
		asked string
		step  xmpp.Step // of the error; "": none
	}{
		"another port":   {map[string]string{"memory:5222": "memory:9222"}, srv, "memory:5222 memory:9222", ""},
		"another host":   {map[string]string{"memory:5222": "192.0.2.1:9222"}, srv, "memory:5222 192.0.2.1:9222", ""},
		"an IPv6 host":   {map[string]string{"memory:5222": "[2001:41D0:1:A49b::1]:9222"}, srv, "memory:5222 [2001:41d0:1:a49b::1]:9222", ""},
		"a host alone":   {map[string]string{"memory:5222": "localhost"}, srv, "memory:5222 localhost:5222", ""},
		"hosts in a row": {map[string]string{"memory:5222": "a.test:1", "a.test:1": "b.test:2"}, srv, "memory:5222 a.test:1 b.test:2", ""},
		"without end": {map[string]string{"memory:5222": "memory:1", "memory:1": "memory:5222"}, srv,
			"memory:5222 memory:1 memory:5222 memory:1 memory:5222", xmpp.StepStream},
		"a host of another domain": {map[string]string{"memory:5222": "other.test:5222"}, elsewhere, "memory:5222 other.test:5222", xmpp.StepTLS},
	} {
		t.Run(name, func(t *testing.T) {
			r := &redirected{
				to:   func(addr string) string { return c.hops[addr] },
				real: func() (net.Conn, error) { return c.srv.Dial(t.Context(), "tcp", "") },
			}
			o := srv.Options("alice")
			o.Dial = r.Dial
			s, err := xmpp.Dial(t.Context(), srv.JID("alice"), o)
			require.Equal(t, c.asked, strings.ToLower(strings.Join(r.asked, " ")))
			if c.step != "" {
				var dial *xmpp.DialError
				require.ErrorAs(t, err, &dial)
				if !errors.Is(err, xmpp.HostUnknown) { // said by the other server, before TLS
					require.Equal(t, c.step, dial.Step, "%v", err)
				}
				return
			}
			require.NoError(t, err)
			require.NoError(t, s.Close())
		})
	}
}

// TestRFC6120MandatoryToImplement is RFC 6120 §13.8 with the cipher suite of its day, and with what RFC 7590 has put in its
// place: each mechanism works on both, and versions of TLS and SSL before 1.2 on neither.
func TestRFC6120MandatoryToImplement(t *testing.T) {
	ours := newIssuer(t)
	cert := ours.issue(t, subject{dns: []string{xmpptest.DefaultDomain}, rsa: true})
	client := ours.issue(t, subject{addr: []string{"alice@" + xmpptest.DefaultDomain}})
	offer := func(version uint16, suites ...uint16) func(*tls.Config) {
		return func(c *tls.Config) {
			c.MinVersion, c.MaxVersion, c.CipherSuites, c.ClientCAs = tls.VersionTLS10, version, suites, ours.pool()
		}
	}
	for _, c := range []struct {
		name      string
		mechanism string
	}{
		{"security-mti-auth-scram security-mti-both-scram 6120-5.4.3.1-9 6120-6.3.4-5 6120-13.8.1-1 6120-13.8.3-1 with SCRAM-SHA-1", "SCRAM-SHA-1"},
		{"security-mti-auth-scram security-mti-both-scram 6120-13.8.1-1 6120-13.8.1-3 6120-13.8.3-1 5802-6.1-3 with SCRAM-SHA-1-PLUS", "SCRAM-SHA-1-PLUS"},
		{"security-mti-both-plain 6120-13.8.3-2 PLAIN", "PLAIN"},
		{"security-mti-both-external 6120-13.8.4-1 6120-5.4.3.1-4 EXTERNAL", "EXTERNAL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Attr("conformance", c.name)
			for _, suite := range []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256} {
				srv := xmpptest.NewServerWith(t, &xmpptest.Options{
					Certificate: &cert, TLSConfig: offer(tls.VersionTLS12, suite), Mechanisms: []string{c.mechanism}, ExternalAlways: true,
					HideBindings: true,
				})
				o := srv.Options("alice")
				o.TLS = &tls.Config{RootCAs: ours.pool(), Certificates: []tls.Certificate{client}}
				if suite == tls.TLS_RSA_WITH_AES_128_CBC_SHA { // crypto/tls has it, and wants to be asked
					o.TLS.CipherSuites = []uint16{suite}
				}
				if c.mechanism == "EXTERNAL" {
					o.SASL = []sasl.Mechanism{sasl.External("")}
				}
				s, err := xmpp.Dial(t.Context(), srv.JID("alice"), o)
				require.NoError(t, err)
				require.Equal(t, suite, s.ConnectionState().TLS.CipherSuite)
				require.Equal(t, c.mechanism, s.ConnectionState().Mechanism)
				require.NoError(t, s.Close())
			}
		})
	}
	t.Run("nothing older than TLS 1.2", func(t *testing.T) {
		t.Attr("conformance", "6120-13.9.5-1 7590-1-1")
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{Certificate: &cert, TLSConfig: offer(tls.VersionTLS11)})
		o := srv.Options("alice")
		o.TLS = &tls.Config{RootCAs: ours.pool(), MinVersion: tls.VersionTLS10}
		_, err := xmpp.Dial(t.Context(), srv.JID("alice"), o)
		var dial *xmpp.DialError
		require.ErrorAs(t, err, &dial)
		require.Equal(t, xmpp.StepTLS, dial.Step)
	})
}

// watched tells when the client's end is closed.
type watched struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
}

func (w *watched) Close() error {
	w.once.Do(func() { close(w.closed) })
	return w.Conn.Close()
}

// TestRFC6120CloseTLS is RFC 6120 §4.4: after the stream, TLS is closed with close_notify, and the connection only when the
// server has sent its own, or not in time.
func TestRFC6120CloseTLS(t *testing.T) {
	t.Attr("conformance", "6120-4.4-1 6120-4.4-2 9266-4.1-2")
	for name, c := range map[string]struct {
		answers bool
		after   time.Duration // from the server's </stream:stream> to the end of the connection
	}{"a server that answers": {true, 300 * time.Millisecond}, "one that does not": {false, time.Second}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, server := net.Pipe()
				ours := &watched{Conn: client, closed: make(chan struct{})}
				var theirs *tls.Conn
				ready := make(chan struct{})
				go func() {
					cert, err := xmpptest.Certificate(xmpptest.CertSpec{Domains: []string{"im.example.com"}})
					if err == nil {
						theirs = tls.Server(server, &tls.Config{Certificates: []tls.Certificate{cert}, SessionTicketsDisabled: true})
						_ = (&xmpptest.Script{Text: strings.Split(imBound, "starttls\n")[1]}).Play(theirs)
					}
					close(ready)
				}()
				o := capuletOptions()
				o.DirectTLS, o.SASL = true, []sasl.Mechanism{sasl.Password("juliet", "r0m30myr0m30", nil)[5]}
				s, err := xmpp.NewSession(t.Context(), ours, capulet, o)
				require.NoError(t, err)
				<-ready
				closed := make(chan error, 1)
				go func() { closed <- s.Close() }()
				buf := make([]byte, 100)
				n, err := theirs.Read(buf)
				require.NoError(t, err)
				require.Equal(t, "</stream:stream>", string(buf[:n]))
				start := time.Now()
				_, err = io.WriteString(theirs, "</stream:stream>")
				require.NoError(t, err)
				_, err = theirs.Read(buf)
				require.ErrorIs(t, err, io.EOF, "close_notify, not a connection that is cut")
				if c.answers {
					elapse(c.after)
					select {
					case <-ours.closed:
						require.Fail(t, "the connection is closed before the server has closed TLS")
					default:
					}
					require.NoError(t, theirs.CloseWrite())
				}
				<-ours.closed
				require.Equal(t, c.after, time.Since(start))
				require.NoError(t, <-closed)
				server.Close()
			})
		})
	}
}

// TestRFC6120PreferenceOrder is the example of RFC 6120 §6.3.3: the client's order counts, and what is not on its list is
// not used.
func TestRFC6120PreferenceOrder(t *testing.T) {
	t.Attr("conformance", "6120-6.3.3-1 6120-6.3.3-2 6120-6.3.3-3 6120-6.3.3-4")
	var tried []string
	list := []sasl.Mechanism{named{"GSSAPI", &tried}, named{"SCRAM-SHA-1", &tried}}
	for _, offer := range []string{"PLAIN SCRAM-SHA-1 GSSAPI", "SCRAM-SHA-1 GSSAPI PLAIN"} {
		tried = nil
		synctest.Test(t, func(t *testing.T) {
			script := imTLS + "\n> " + imHeader + `<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>`
			for m := range strings.FieldsSeq(offer) {
				script += "<mechanism>" + m + "</mechanism>"
			}
			script += `</mechanisms></stream:features>
< <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='GSSAPI'/>
> <failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><invalid-mechanism/></failure>
< <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'/>
> <failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><invalid-mechanism/></failure>` + imClose
			o := capuletOptions()
			o.SASL = list
			_, played, err := enact(t, script, capulet, o)
			require.ErrorIs(t, err, sasl.InvalidMechanism)
			require.NoError(t, <-played)
			require.Equal(t, []string{"GSSAPI", "SCRAM-SHA-1"}, tried)
		})
	}
}

// named is a mechanism of that name that says nothing.
type named struct {
	name  string
	tried *[]string
}

func (m named) Name() string { return m.name }
func (m named) Start(context.Context, sasl.Conn) (sasl.Exchange, error) {
	*m.tried = append(*m.tried, m.name)
	return &parrot{}, nil
}

// TestRFC6120HeaderNamespaces: what a stream header declares holds for that stream alone (RFC 6120 §4.8.5).
func TestRFC6120HeaderNamespaces(t *testing.T) {
	t.Attr("conformance", "6120-4.8.5-5")
	synctest.Test(t, func(t *testing.T) {
		first, rest, ok := strings.Cut(imBound, imHeader)
		require.True(t, ok)
		script := first + strings.Replace(imHeader, "xmlns=", "xmlns:x='urn:x' xmlns=", 1) + rest
		s, played, err := enact(t, script+"\n> <message><x:y/></message>\n< <stream:error>*</stream:error>", capulet, capuletOptions())
		require.NoError(t, err)
		<-s.Done()
		require.ErrorIs(t, s.Err(), xmpp.NotWellFormed)
		require.NoError(t, <-played)
	})
}
