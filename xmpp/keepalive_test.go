package xmpp_test

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// When nothing has arrived for Keepalive, the server is asked for a sign of life; any will do, and then all begins anew.
func TestKeepaliveAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		for _, answer := range []string{
			`<iq type='result' id='%[1]s' from='example.net'/>`,
			`<iq type='error' id='%[1]s' from='example.net'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
			` %.0[1]s`,
			`<message>%.0[1]s</message>`,
		} {
			start := time.Now()
			ping := p.hearIQ()
			require.Equal(t, time.Minute, time.Since(start))
			require.Equal(t, stanza.Get, ping.Type)
			require.True(t, ping.Payload.Is("urn:xmpp:ping", "ping"))
			require.Equal(t, network, ping.To)
			elapse(29 * time.Second)
			p.say(answer, ping.ID)
			synctest.Wait()
			require.NoError(t, s.Err(), answer)
		}
	})
}

// A server that says when it takes a connection for idle (XEP-0478) hears of us in half that time, or when Keepalive has passed
// if that is sooner; nobody can make us talk without end.
func TestKeepaliveWithinIdleSeconds(t *testing.T) {
	for _, c := range []struct {
		idle string
		keep time.Duration
		want time.Duration
	}{
		{"40", 0, 20 * time.Second},
		{"1800", 0, time.Minute},
		{"1", 0, 5 * time.Second},
		{"1", time.Second, time.Second},
		{"9223372036854775807", 0, time.Minute},
	} {
		t.Run(c.idle, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, p := openDeaf(t, &xmpp.Options{Keepalive: c.keep}, bindFeature+"<limits xmlns='urn:xmpp:stream-limits:0'><idle-seconds>"+c.idle+"</idle-seconds></limits>")
				p.listen()
				start := time.Now()
				p.hearIQ()
				require.Equal(t, c.want, time.Since(start))
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s, p := openDeaf(t, &xmpp.Options{Keepalive: -1}, bindFeature+"<limits xmlns='urn:xmpp:stream-limits:0'><idle-seconds>40</idle-seconds></limits>")
		heard := make(chan struct{})
		go func() { defer close(heard); _, _ = p.conn.Read(make([]byte, 1)) }()
		elapse(time.Hour)
		select {
		case <-heard:
			t.Error("never means never")
		default:
		}
		require.NoError(t, s.Err())
		p.conn.Close()
		<-heard
	})
}

// SECURITY S20: a server that says nothing any more is noticed after Keepalive + DeadAfter, and every call returns.
func TestSecurityS20SilentServer(t *testing.T) {
	for _, c := range []struct {
		name             string
		keepalive, dead  time.Duration
		features, answer string
		want             time.Duration
	}{
		{"defaults", 0, 0, bindFeature, "", 90 * time.Second},
		{"as told", 10 * time.Second, 5 * time.Second, bindFeature, "", 15 * time.Second},
		// The request is to be acknowledged, and that is owed at once.
		{"under stream management", 0, 0, bindFeature + smFeature, "<enabled xmlns='urn:xmpp:sm:3'/>", 30 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			underAttack(t, &xmpp.Options{Keepalive: c.keepalive, DeadAfter: c.dead}, c.features, func(t *testing.T, s *target) {
				if c.answer != "" {
					s.hear()
					s.say(c.answer)
				}
				results := make(chan error, 1)
				inbox := s.session.Messages(t.Context())
				start := time.Now()
				go func() {
					_, err := s.Do(context.Background(), &stanza.IQ{Type: stanza.Get, To: romeo, Payload: stanza.Payload(version{})})
					results <- err
				}()
				<-s.session.Done()
				require.Equal(t, c.want, time.Since(start))
				require.ErrorIs(t, s.session.Err(), xmpp.ErrPeerSilent)
				require.ErrorIs(t, <-results, xmpp.ErrPeerSilent)
				_, ok := <-inbox
				require.False(t, ok)
			})
		})
	}
}

// The same on a real server behind TLS whose packets are dropped, without a FIN.
func TestSecurityS20FrozenNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		s := srv.Session(t, "alice", nil)
		elapse(10*time.Minute + time.Second) // not when a question is just on its way
		require.NoError(t, s.Err(), "the server answers")
		srv.Freeze()
		start := time.Now()
		require.NoError(t, s.Send(t.Context(), &stanza.Message{To: s.JID().Bare(), Body: "into the void"}))
		<-s.Done()
		require.ErrorIs(t, s.Err(), xmpp.ErrPeerSilent)
		require.Equal(t, 30*time.Second, time.Since(start), "DeadAfter: the server owes an acknowledgement")
		srv.Thaw()
	})
}

// When we've sent nothing for Keepalive, a space goes out, although the server talks (RFC 6120 §4.6.1).
func TestKeepaliveSpaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openDeaf(t, &xmpp.Options{Keepalive: time.Minute}, bindFeature)
		sent := p.record()
		s.Messages(t.Context(), stanza.GroupChat)
		for range 6 {
			elapse(30 * time.Second)
			p.say(chatOf("news"))
		}
		require.Equal(t, "   ", sent.text())

		for range 6 { // we talk: there is no need
			elapse(30 * time.Second)
			p.say(chatOf("news"))
			require.NoError(t, s.Send(t.Context(), &stanza.Presence{}))
		}
		require.NotContains(t, sent.text(), " ")
	})
}

// A negative Keepalive is none.
func TestNoKeepalive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openDeaf(t, &xmpp.Options{Keepalive: -1}, bindFeature)
		sent := p.record()
		elapse(24 * time.Hour)
		p.say(" ")
		require.Empty(t, sent.text())
		require.NoError(t, s.Err())
	})
}

// An acknowledgement that stays out shows a dead server, too, sooner than silence does; and it's asked for again before.
func TestSecurityS20NoAcknowledgement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := openManaged(t, nil)
		start := time.Now()
		err := s.Deliver(context.Background(), &stanza.Message{To: romeo, Body: "is anybody there?"})
		require.ErrorIs(t, err, xmpp.ErrUnknownDelivery)
		require.ErrorIs(t, err, xmpp.ErrPeerSilent)
		require.Equal(t, 30*time.Second, time.Since(start))
		require.ErrorIs(t, s.Err(), xmpp.ErrPeerSilent)
	})
}

// A server that says a little now and then is not dead, even if it answers nothing.
func TestAnyByteIsASignOfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openDeaf(t, nil, bindFeature)
		go func() { _, _ = io.Copy(io.Discard, p.conn) }()
		for range 100 {
			elapse(89 * time.Second)
			p.say(" ")
		}
		synctest.Wait()
		require.NoError(t, s.Err())
	})
}
