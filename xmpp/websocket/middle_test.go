package websocket_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/xmpp"
	transport "github.com/canto-im/canto/xmpp/websocket"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

// relay takes what the client says to the server, and back, through change.
func relay(t *testing.T, srv *xmpptest.Server, change func(msg []byte) []byte) (url string) {
	h, _ := upgrade(t, func(p *peer) error {
		to := &http.Client{Transport: &http.Transport{TLSClientConfig: srv.Options("mallory").TLS}}
		defer to.CloseIdleConnections()
		behind, _, err := websocket.Dial(p.ctx, srv.WebSocketURL(), &websocket.DialOptions{HTTPClient: to, Subprotocols: []string{"xmpp"}})
		if err != nil {
			return err
		}
		up := make(chan struct{})
		go func() {
			defer close(up)
			pipe(p, p.Conn, behind, func(msg []byte) []byte { return msg })
		}()
		pipe(p, behind, p.Conn, change)
		<-up
		return nil
	})
	return listen(t, srv.Domain().String(), h)
}

func pipe(p *peer, from, to *websocket.Conn, change func(msg []byte) []byte) {
	defer func() { _ = to.CloseNow() }()
	for {
		kind, msg, err := from.Read(p.ctx)
		if err != nil {
			return
		}
		if err := to.Write(p.ctx, kind, change(msg)); err != nil {
			return
		}
	}
}

// TestSecurityS11WebSocketMiddle: who sits in between with a certificate that is good can't log in as us: the login is bound to
// the connection, and that bindings were taken out of the offer is noticed.
func TestSecurityS11WebSocketMiddle(t *testing.T) {
	for name, c := range map[string]struct {
		o      xmpptest.Options
		change func(msg []byte) []byte
		want   error
	}{
		"relayed":             {xmpptest.Options{}, func(msg []byte) []byte { return msg }, sasl.NotAuthorized},
		"mechanisms stripped": {xmpptest.Options{}, strip(plus), sasl.ErrDowngrade}, // XEP-0440: the types tell
		"bindings stripped":   {xmpptest.Options{}, strip(plus, types), sasl.NotAuthorized},
		"with XEP-0474":       {xmpptest.Options{DowngradeProtection: true}, strip(best), sasl.ErrDowngrade},
		"over XEP-0388":       {xmpptest.Options{SASL2: &xmpptest.SASL2{}}, strip(plus, types), sasl.NotAuthorized},
	} {
		t.Run(name, func(t *testing.T) {
			srv := xmpptest.NewServerWith(t, &c.o)
			o := srv.Options("alice")
			o.Transport = dialer(relay(t, srv, c.change))
			_, err := xmpp.Dial(within(t), srv.JID("alice"), o)
			requireStep(t, xmpp.StepAuth, err)
			require.ErrorIs(t, err, c.want)
			require.Zero(t, srv.Stats().Logins)
		})
	}
}

var (
	best  = regexp.MustCompile(`<mechanism>SCRAM-SHA-512[A-Z-]*</mechanism>`)
	plus  = regexp.MustCompile(`<mechanism>[0-9A-Z-]+-PLUS</mechanism>`)
	types = regexp.MustCompile(`<sasl-channel-binding.*</sasl-channel-binding>`)
)

// strip takes something out of an offer.
func strip(what ...*regexp.Regexp) func(msg []byte) []byte {
	return func(msg []byte) []byte {
		for _, r := range what {
			msg = r.ReplaceAll(msg, nil)
		}
		return msg
	}
}

// TestSecurityS11WebSocketUnbound: a client that is told that its TLS does not end at the server says that it can't bind (RFC 5802 §6),
// and gets in through whoever is in between; but not with less than the account was seen to have, unless that is permitted, nor past
// XEP-0474.
func TestSecurityS11WebSocketUnbound(t *testing.T) {
	for name, c := range map[string]struct {
		o      xmpptest.Options
		change func(msg []byte) []byte
		known  bool
		want   error
	}{
		"relayed":             {xmpptest.Options{}, strip(), false, nil},
		"bindings stripped":   {xmpptest.Options{}, strip(plus, types), false, nil}, // of no use to it
		"bound before":        {xmpptest.Options{}, strip(), true, sasl.ErrDowngrade},
		"stripped, XEP-0474":  {xmpptest.Options{DowngradeProtection: true}, strip(best), false, sasl.ErrDowngrade},
		"vouched for":         {xmpptest.Options{DowngradeProtection: true}, strip(), true, nil},
		"stripped, and bound": {xmpptest.Options{DowngradeProtection: true}, strip(plus), true, sasl.ErrDowngrade},
	} {
		t.Run(name, func(t *testing.T) {
			srv := xmpptest.NewServerWith(t, &c.o)
			o := srv.Options("alice")
			o.Store = xmpp.FileStore(t.TempDir())
			if c.known {
				s := srv.Session(t, "alice", o)
				require.NotEmpty(t, s.ConnectionState().ChannelBinding)
			}
			o.Transport = transport.Dialer{URL: relay(t, srv, c.change), Unbound: true}.Connect
			s, err := xmpp.Dial(within(t), srv.JID("alice"), o)
			if c.want != nil {
				requireStep(t, xmpp.StepAuth, err)
				require.ErrorIs(t, err, c.want)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "SCRAM-SHA-512", s.ConnectionState().Mechanism)
			require.NoError(t, s.Close())
		})
	}
}
