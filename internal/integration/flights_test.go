package integration

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
	"github.com/stretchr/testify/require"
)

// A journey is a kind of server and a way to it.
type journey struct {
	server       string // as the table has it
	how          string // likewise
	o            xmpptest.Options
	resource     string
	first, later int // flights
}

const (
	modern = "XEP-0388 with tokens"
	plain  = "RFC 6120 with SCRAM"

	overDirectTLS = "direct TLS"
	overSTARTTLS  = "STARTTLS"
	overWebSocket = "WebSocket"
	inTheClear    = "no TLS"
)

func (j *journey) String() string { return j.server + ", " + j.how }

// journeys are the rows of the table in the documentation of package xmpp, in its order.
var journeys = []journey{
	{modern, overDirectTLS, xmpptest.Options{SASL2: &xmpptest.SASL2{}}, "", 4, 2},
	{modern, overSTARTTLS, xmpptest.Options{SASL2: &xmpptest.SASL2{}}, "", 6, 3},
	{modern, overWebSocket, xmpptest.Options{SASL2: &xmpptest.SASL2{}}, "", 5, 3},
	{"XEP-0388 without tokens", overDirectTLS, xmpptest.Options{SASL2: &xmpptest.SASL2{FAST: []string{}}}, "", 4, 3},
	{"XEP-0388, a resource by name", overDirectTLS, xmpptest.Options{SASL2: &xmpptest.SASL2{}}, "/phone", 5, 3},
	{plain, overDirectTLS, xmpptest.Options{}, "", 6, 4},
	{plain, overSTARTTLS, xmpptest.Options{}, "", 8, 5},
	{plain, overWebSocket, xmpptest.Options{}, "", 7, 5},
	{plain, inTheClear, xmpptest.Options{StartTLS: xmpptest.Off}, "", 5, 3},
	{"RFC 6120 with PLAIN", overDirectTLS, xmpptest.Options{Mechanisms: []string{"PLAIN"}}, "", 5, 4},
}

// flights are those of a login, from the first byte to a session that is bound, TLS included. Every answer takes a second, and
// nothing else takes any time.
func (j *journey) flights(t *testing.T, srv *xmpptest.Server, store xmpp.Store) int {
	o := srv.Options("alice")
	o.Store, o.AllowPlaintext, o.DirectTLS = store, j.how == inTheClear, j.how == overDirectTLS
	switch j.how {
	case overDirectTLS:
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

// TestFlights is the table in the documentation of package xmpp, which says what is measured here.
func TestFlights(t *testing.T) {
	var table []string
	all := slices.Clone(journeys)
	for _, j := range journeys[:1] { // what the lines below the table say
		j.o.TLSVersion, j.server = tls.VersionTLS12, "TLS 1.2"
		j.first, j.later = j.first+1, j.later+1
		all = append(all, j)
		j.o.TLSVersion, j.server = 0, "rotated tokens"
		j.o.SASL2, j.first, j.later = &xmpptest.SASL2{Rotate: true}, j.first-1, j.later-1
		all = append(all, j)
	}
	for i, j := range all {
		t.Run(j.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j.o.InMemory = true
				srv, store := xmpptest.NewServerWith(t, &j.o), xmpp.FileStore(t.TempDir())
				for _, want := range []int{j.first, j.later, j.later} {
					require.Equal(t, want, j.flights(t, srv, store))
				}
			})
		})
		if i < len(journeys) {
			table = append(table, fmt.Sprintf("//\t%-46s%d%11d", &j, j.first, j.later))
		}
	}
	doc, err := os.ReadFile("../../xmpp/doc.go")
	require.NoError(t, err)
	_, found, _ := strings.Cut(string(doc), "first login   later\n")
	found, _, _ = strings.Cut(found, "\n//\n")
	require.Equal(t, strings.Join(table, "\n"), found)
}
