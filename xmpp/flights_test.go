package xmpp_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/websocket"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A journey is a kind of server and a way to it.
type journey struct {
	name         string // as the table of doc.go has it
	o            xmpptest.Options
	how          way
	resource     string
	first, later int // flights
}

type way int

const (
	directTLS way = iota
	startTLS
	inTheClear
	overWebSocket
)

// journeys are the rows of the table in doc.go, in its order.
var journeys = []journey{
	{"XEP-0388 with tokens, direct TLS", xmpptest.Options{SASL2: &xmpptest.SASL2{}}, directTLS, "", 4, 2},
	{"XEP-0388 with tokens, STARTTLS", xmpptest.Options{SASL2: &xmpptest.SASL2{}}, startTLS, "", 6, 3},
	{"XEP-0388 with tokens, WebSocket", xmpptest.Options{SASL2: &xmpptest.SASL2{}}, overWebSocket, "", 5, 3},
	{"XEP-0388 without tokens, direct TLS", xmpptest.Options{SASL2: &xmpptest.SASL2{FAST: []string{}}}, directTLS, "", 4, 3},
	{"XEP-0388, a resource asked for by name", xmpptest.Options{SASL2: &xmpptest.SASL2{}}, directTLS, "/phone", 5, 3},
	{"RFC 6120 with SCRAM, direct TLS", xmpptest.Options{}, directTLS, "", 6, 4},
	{"RFC 6120 with SCRAM, STARTTLS", xmpptest.Options{}, startTLS, "", 8, 5},
	{"RFC 6120 with SCRAM, WebSocket", xmpptest.Options{}, overWebSocket, "", 7, 5},
	{"RFC 6120 with SCRAM, no TLS", xmpptest.Options{StartTLS: xmpptest.Off}, inTheClear, "", 5, 3},
	{"RFC 6120 with PLAIN, direct TLS", xmpptest.Options{Mechanisms: []string{"PLAIN"}}, directTLS, "", 5, 4},
}

// flights are those of a login, from the first byte to a session that is bound, TLS included. Every answer takes a second, and
// nothing else takes any time.
func (j *journey) flights(t *testing.T, srv *xmpptest.Server, store xmpp.Store) int {
	o := srv.Options("alice")
	o.Store, o.AllowPlaintext, o.DirectTLS = store, j.how == inTheClear, j.how == directTLS
	switch j.how {
	case directTLS:
		o.Dial = func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			srv.ServeTLS(theirs)
			return ours, nil
		}
	case overWebSocket:
		o.Dial, o.Transport = srv.DialWeb, websocket.Dialer{URL: srv.WebSocketURL()}.Connect
	}
	var took time.Duration
	srv.Delay(time.Second)
	start := time.Now()
	o.Setup = func(*xmpp.Session) { took = time.Since(start) }
	s, err := xmpp.Dial(t.Context(), srv.JID("alice"+j.resource), o)
	require.NoError(t, err)
	srv.Delay(0)
	require.NoError(t, s.Close())
	require.Zero(t, took%time.Second)
	return int(took / time.Second)
}

// TestFlights is the table of doc.go, which says what is measured here.
func TestFlights(t *testing.T) {
	var table []string
	all := slices.Clone(journeys)
	for _, j := range journeys[:1] { // what the lines below the table say
		j.o.TLSVersion, j.name = tls.VersionTLS12, j.name+" 1.2"
		j.first, j.later = j.first+1, j.later+1
		all = append(all, j)
		j.o.TLSVersion, j.name = 0, "rotated tokens"
		j.o.SASL2, j.first, j.later = &xmpptest.SASL2{Rotate: true}, j.first-1, j.later-1
		all = append(all, j)
	}
	for i, j := range all {
		t.Run(j.name, func(t *testing.T) {
			perform(t, j.o, func(t *testing.T, srv *xmpptest.Server) {
				store := xmpp.FileStore(t.TempDir())
				for _, want := range []int{j.first, j.later, j.later} {
					require.Equal(t, want, j.flights(t, srv, store))
				}
			})
		})
		if i < len(journeys) {
			table = append(table, fmt.Sprintf("//\t%-46s%d%11d", j.name, j.first, j.later))
		}
	}
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	_, found, _ := strings.Cut(string(doc), "first login   later\n")
	found, _, _ = strings.Cut(found, "\n//\n")
	require.Equal(t, strings.Join(table, "\n"), found)
}

// TestGuessedWrong: a server that has changed since is asked again on a second connection, and the next time at once.
func TestGuessedWrong(t *testing.T) {
	for name, c := range map[string]struct {
		before, after xmpptest.Options
		conns         int64
		want          string // the mechanism
	}{
		"no more XEP-0388":       {xmpptest.Options{SASL2: &xmpptest.SASL2{}}, xmpptest.Options{}, 2, "SCRAM-SHA-512-PLUS"},
		"XEP-0388 now":           {xmpptest.Options{}, xmpptest.Options{SASL2: &xmpptest.SASL2{}}, 2, "SCRAM-SHA-512-PLUS"},
		"no more tokens":         {xmpptest.Options{SASL2: &xmpptest.SASL2{}}, xmpptest.Options{SASL2: &xmpptest.SASL2{FAST: []string{}}}, 1, "SCRAM-SHA-512-PLUS"},
		"no more binding":        {xmpptest.Options{SASL2: &xmpptest.SASL2{FAST: []string{}}}, xmpptest.Options{SASL2: &xmpptest.SASL2{FAST: []string{}, NoBind: true}}, 2, "SCRAM-SHA-512-PLUS"},
		"a further mechanism":    {xmpptest.Options{Mechanisms: strings.Fields("SCRAM-SHA-256-PLUS SCRAM-SHA-256")}, xmpptest.Options{}, 2, "SCRAM-SHA-512-PLUS"},
		"other channel bindings": {xmpptest.Options{SASL2: &xmpptest.SASL2{FAST: []string{}}, ChannelBindings: []string{"tls-server-end-point"}}, xmpptest.Options{SASL2: &xmpptest.SASL2{FAST: []string{}}}, 2, "SCRAM-SHA-512-PLUS"},
	} {
		t.Run(name, func(t *testing.T) {
			c.before.InMemory, c.after.InMemory = true, true
			store := xmpp.FileStore(t.TempDir())
			login(t, xmpptest.NewServerWith(t, &c.before), &xmpp.Options{Store: store})
			srv := xmpptest.NewServerWith(t, &c.after)
			state, _ := login(t, srv, &xmpp.Options{Store: store})
			assert.Equal(t, c.want, state.Mechanism)
			assert.Equal(t, c.conns, srv.Stats().Conns)
			login(t, srv, &xmpp.Options{Store: store})
			assert.Equal(t, c.conns+1, srv.Stats().Conns)
		})
	}
}

// TestGuessUnanswered: a server that does not answer what it's told too early is asked again in peace, and from then on always.
func TestGuessUnanswered(t *testing.T) {
	for name, c := range map[string]struct {
		instead string
	}{
		"silence":        {""},
		"a stream error": {"<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := modern(t, xmpptest.Options{Tamper: func(e xmpptest.Exchange) string {
					if e.Conn == 2 && e.Secure && e.Step == xmpptest.StepFeatures {
						return c.instead
					}
					if e.Conn == 2 && e.Step == xmpptest.StepSuccess {
						return ""
					}
					return e.XML
				}})
				store := xmpp.FileStore(t.TempDir())
				login(t, srv, &xmpp.Options{Store: store})
				state, _ := login(t, srv, &xmpp.Options{Store: store, DeadAfter: 5 * time.Second})
				assert.Equal(t, "HT-SHA-256-EXPR", state.Mechanism)
				assert.EqualValues(t, 3, srv.Stats().Conns)
				for range 2 {
					_, p := login(t, srv, &xmpp.Options{Store: store})
					require.Len(t, p.said(t, authenticateElement), 1)
					b, _, err := store.Load(t.Context(), "login alice@canto.test")
					require.NoError(t, err)
					assert.Contains(t, string(b), `"patient":true`)
				}
				assert.EqualValues(t, 5, srv.Stats().Conns)
			})
		})
	}
}

// TestSecurityS08NoPasswordOnAGuess: a mechanism that shows the password waits for the features of this very connection.
func TestSecurityS08NoPasswordOnAGuess(t *testing.T) {
	srv := modern(t, xmpptest.Options{Mechanisms: []string{"PLAIN"}, SASL2: &xmpptest.SASL2{FAST: []string{}}})
	store := xmpp.FileStore(t.TempDir())
	for range 2 {
		login(t, srv, &xmpp.Options{Store: store})
	}
	srv = modern(t, xmpptest.Options{Mechanisms: []string{"SCRAM-SHA-256-PLUS"}, SASL2: &xmpptest.SASL2{FAST: []string{}}})
	_, p := login(t, srv, &xmpp.Options{Store: store})
	assert.Len(t, p.said(t, authenticateElement), 1)
	assert.Contains(t, p.said(t, authenticateElement)[0], "SCRAM-SHA-256-PLUS")
	for _, e := range srv.Transcript("") {
		assert.NotContains(t, e.XML, "'PLAIN'")
	}
}
