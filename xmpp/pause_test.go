package xmpp_test

import (
	"context"
	"io"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// While the reader is paused, the connection is kept alive (RFC 6120 §4.6.1), and a server that answers is not dead.
func TestPausedReaderKeepsTheConnectionAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openDeaf(t, &xmpp.Options{Limits: xmpp.Limits{LaneSoft: 1}}, bindFeature)
		s.Messages(t.Context())
		p.say(chatOf("one"))
		sent := p.record()
		for range 60 {
			elapse(70 * time.Second) // Keepalive, and pauseNote to notice it
			require.NotEmpty(t, sent.text())
			p.say(" ")
		}
		require.NoError(t, s.Err())
	})
}

// SECURITY S20: a paused reader notices, too, that its server is gone, although that left much to read behind.
func TestSecurityS20PausedReaderNoticesTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, &xmpp.Options{Limits: xmpp.Limits{LaneSoft: 8 << 10}})
		inbox := s.Messages(t.Context())
		start := time.Now()
		f := p.flood(lot) // and then nothing more, ever
		require.Less(t, f.settled(), lot)
		<-s.Done()
		require.ErrorIs(t, s.Err(), xmpp.ErrPeerSilent)
		require.LessOrEqual(t, time.Since(start), 2*time.Minute+30*time.Second, "2 Keepalive + DeadAfter")
		for i := range lot {
			require.Equal(t, strconv.Itoa(i), (<-inbox).Body, "what it had said is there all the same")
		}
	})
}

// What is read to see whether the server is there never comes near what would end the session.
func TestPausedReaderKeepsItsLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, &xmpp.Options{Limits: xmpp.Limits{LaneSoft: 8 << 10, LaneHard: 64 << 10, StanzaBytes: 2048}})
		inbox := s.Messages(t.Context())
		f := p.flood(lot)
		seen := f.settled()
		for range 60 {
			elapse(time.Minute)
			now := f.settled()
			require.LessOrEqual(t, (now-seen)*512, 32<<10)
			seen = now
		}
		require.Less(t, seen, lot)
		require.NoError(t, s.Err())
		for i := range lot {
			require.Equal(t, strconv.Itoa(i), (<-inbox).Body)
		}
	})
}

// Promise 3, of what waits for an acknowledgement: it may stand behind what the reader would not read.
func TestDeliverInsideAHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openManaged(t, &xmpp.Options{Limits: xmpp.Limits{LaneSoft: 8 << 10}})
		delivered := make(chan error, 1)
		xmpp.OnMessage(s, func(ctx context.Context, m *stanza.Message) error {
			delivered <- s.Deliver(ctx, m.Reply("heard"))
			return nil
		}, stanza.Headline)
		inbox := s.Messages(t.Context(), stanza.Chat)
		p.say(`<message from='romeo@example.net/orchard' type='headline'/>`)
		require.Equal(t, "message", p.hear().Name().Local)
		require.Equal(t, lot, p.flood(lot).settled())
		require.Empty(t, delivered)
		p.say("<a xmlns='urn:xmpp:sm:3' h='1'/>")
		require.NoError(t, <-delivered)
		for i := range lot {
			require.Equal(t, strconv.Itoa(i), (<-inbox).Body)
		}
		require.Less(t, p.flood(lot).settled(), lot, "and then the reader waits again")
	})
}

// The same of a Send that waits until the server has acknowledged what is kept.
func TestSendInsideAHandlerWithoutRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openManaged(t, &xmpp.Options{Limits: xmpp.Limits{LaneSoft: 8 << 10}})
		ctx, cancel := context.WithCancel(t.Context())
		count := 0
		go func() {
			for s.Send(ctx, &stanza.Message{To: romeo, Body: "much"}) == nil {
				count++
			}
		}()
		synctest.Wait() // there is no more room
		cancel()
		synctest.Wait()
		require.Greater(t, count, lot)
		sent := make(chan error, 1)
		xmpp.OnMessage(s, func(ctx context.Context, m *stanza.Message) error {
			sent <- s.Send(ctx, m.Reply("heard"))
			return nil
		}, stanza.Headline)
		p.say(`<message from='romeo@example.net/orchard' type='headline'/>`)
		require.Equal(t, lot, p.flood(lot).settled())
		require.Empty(t, sent)
		p.say("<a xmlns='urn:xmpp:sm:3' h='%d'/>", count)
		require.NoError(t, <-sent)
	})
}

// SECURITY S15: a server that asks and does not listen to the answers fills nobody's memory: it's not listened to either.
func TestSecurityS15AnswersThatNobodyTakes(t *testing.T) {
	for _, c := range []struct{ name, features, enabled, ask string }{
		{"malformed requests", bindFeature, "", `<iq type='get' id='x'/>`},
		{"requests for acknowledgement", bindFeature + smFeature, "<enabled xmlns='urn:xmpp:sm:3'/>", `<r xmlns='urn:xmpp:sm:3'/>`},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := openDeaf(t, &xmpp.Options{Keepalive: -1, DeadAfter: time.Hour}, c.features)
				p.say("%s", c.enabled)
				var asked int
				go func() {
					for range 10000 {
						if _, err := io.WriteString(p.conn, c.ask); err != nil {
							return
						}
						asked++
					}
				}()
				elapse(time.Minute)
				before := asked
				require.Greater(t, before, 100)
				require.Less(t, before, 4096, "it's told to wait after 64 KiB of answers, which are longer than the question")
				elapse(time.Minute)
				synctest.Wait()
				require.Equal(t, before, asked)
				require.NoError(t, s.Err())

				go func() { _, _ = io.Copy(io.Discard, p.conn) }() // the server listens after all
				synctest.Wait()
				require.Equal(t, 10000, asked)
				require.NoError(t, s.Err())
			})
		})
	}
}

// SECURITY S15: answers that a server takes and never acknowledges are not kept for ever.
func TestSecurityS15AnswersThatNobodyAcknowledges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openManaged(t, &xmpp.Options{Keepalive: -1})
		for range 1 << 16 {
			if s.Err() != nil {
				break
			}
			_, _ = io.WriteString(p.conn, `<iq type='get' id='x'/>`)
			for len(p.heard) > 0 {
				<-p.heard
			}
		}
		<-s.Done()
		require.ErrorIs(t, s.Err(), xmpp.PolicyViolation)
		assert.ErrorContains(t, s.Err(), "acknowledged")
	})
}

// A call that was given up is none that the reader reads on for.
func TestGivenUpCallKeepsNoReaderGoing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, &xmpp.Options{Limits: xmpp.Limits{LaneSoft: 8 << 10}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := s.Do(ctx, &stanza.IQ{Type: stanza.Get, To: romeo, Payload: stanza.Payload(version{})})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		s.Messages(t.Context())
		require.Less(t, p.flood(lot).settled(), lot)
	})
}
