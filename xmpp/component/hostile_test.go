package component_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/component"
	"github.com/stretchr/testify/require"
)

// SECURITY S12, S15: what no stream may carry, or is too much, ends it with the right error, which the server is told, and nothing of it
// is handed over.
func TestSecurityS12ComponentStreams(t *testing.T) {
	for _, c := range []struct {
		name, says string
		want       xmpp.StreamCondition
	}{
		{"no XML", `<message><body></message>`, xmpp.NotWellFormed},
		{"a comment", `<!-- x -->`, xmpp.RestrictedXML},
		{"a DTD", `<!DOCTYPE x [<!ENTITY a "b">]>`, xmpp.RestrictedXML},
		{"a foreign entity", `<message><body>&lol;</body></message>`, xmpp.RestrictedXML},
		{"an endless stanza", `<message><body>` + strings.Repeat("x", 5000), xmpp.PolicyViolation},
		{"an endless attribute", `<message a='` + strings.Repeat("x", 5000), xmpp.PolicyViolation},
		{"depth", `<message>` + strings.Repeat(`<a>`, 100), xmpp.PolicyViolation},
		{"a stanza between servers", `<message xmlns='jabber:server' from='a@b' to='plays.shakespeare.lit'/>`, xmpp.InvalidNamespace},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var sent strings.Builder
				conn, played := serve(t, opening+"> <handshake/>\n> "+c.says+"\n< <stream:error>*</stream:error>\n< </stream:stream>\n")
				o := clear()
				o.Limits = xmpp.Limits{StanzaBytes: 4096, Depth: 16}
				o.Trace = &xmpp.Trace{Sent: func(b []byte) { sent.Write(b) }}
				handed := 0
				o.Setup = func(s *xmpp.Session) {
					xmpp.OnMessage(s, func(context.Context, *stanza.Message) error { handed++; return nil })
				}
				s, err := component.NewSession(t.Context(), conn, plays, o)
				require.NoError(t, err)
				<-s.Done()
				require.ErrorIs(t, s.Err(), c.want)
				require.NoError(t, <-played)
				require.Contains(t, sent.String(), "<stream:error><"+string(c.want)+" ")
				require.Zero(t, handed)
			})
		})
	}
}

// A server that is too much, or nothing, before the handshake: the attempt ends, in time.
func TestHostileHandshakes(t *testing.T) {
	header, _, _ := strings.Cut(opening, "> <stream")
	for _, c := range []struct {
		name, script, says string
		within             time.Duration
	}{
		{"an endless header", header + "> <stream:stream a='" + strings.Repeat("x", 5000), "policy-violation", 0},
		{"an endless handshake", opening + "> <handshake>" + strings.Repeat("x", 5000), "policy-violation", 0},
		{"an endless error", opening + "> <stream:error>" + strings.Repeat("<x/>", 5000), "policy-violation", 0},
		{"silence at once", "silence 1h", "silent", 30 * time.Second},
		{"silence before the header", header + "silence 1h", "silent", 30 * time.Second},
		{"silence before the answer", opening + "silence 1h", "silent", 30 * time.Second},
		{"half an answer", opening + "> <handshake>\nsilence 1h", "silent", 30 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn, _ := serve(t, c.script)
				o := clear()
				o.Limits.StanzaBytes = 4096
				begin := time.Now()
				_, err := component.NewSession(t.Context(), conn, plays, o)
				require.ErrorContains(t, err, c.says)
				require.InDelta(t, c.within, time.Since(begin), float64(100*time.Millisecond), "but for the last words")
			})
		})
	}
}

// Promise 4: a component that does not take what it asked for is told so; what comes is bounded.
func TestSlowComponent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, s := connect(t)
		require.NoError(t, s.Close())
		o := srv.ComponentOptions(echo.String())
		o.Limits = xmpp.Limits{LaneSoft: 4 << 10, LaneHard: 16 << 10}
		s, err := component.Dial(t.Context(), echo, o)
		require.NoError(t, err)
		s.Messages(t.Context()) // that nobody reads
		alice := srv.Session(t, "alice", nil)
		alice.IQs(t.Context()) // nor answers
		asked := make(chan error, 1)
		go func() { // as long as a call waits, all is read: see Do
			_, err := s.Do(t.Context(), &stanza.IQ{Type: stanza.Get, To: alice.JID(), Payload: stanza.Payload(version{})})
			asked <- err
		}()
		for range 100 {
			require.NoError(t, alice.Send(t.Context(), &stanza.Message{To: echo, Body: strings.Repeat("x", 1000)}))
		}
		require.ErrorIs(t, <-asked, xmpp.ErrSlowConsumer)
		<-s.Done()
		require.ErrorIs(t, s.Err(), xmpp.ErrSlowConsumer)
	})
}
