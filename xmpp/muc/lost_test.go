package muc

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// A Deliver whose session ends before the room has spoken returns when the room is back: with the message where the room has kept it, else with why
// that is open.
func TestDeliverAcrossALostSession(t *testing.T) {
	for _, arrives := range []bool{true, false} {
		bubble(t, noSM(), func(t *testing.T, srv *xmpptest.Server) {
			require.NoError(t, srv.Room("garden").Make(nil))
			r := join(t, srv, running(t, srv, "alice", nil), "alice", nil)
			defer srv.Intercept(func(_ jid.JID, xml string) bool {
				if !strings.Contains(xml, "<body>mine") {
					return false
				}
				srv.DropConns()
				return !arrives
			})()
			type result struct {
				m   *Message
				err error
			}
			got := make(chan result, 1)
			go func() {
				m, err := r.Deliver(context.Background(), &stanza.Message{Body: "mine"})
				got <- result{m, err}
			}()
			elapse(2 * time.Minute)
			require.True(t, r.Joined())
			require.Len(t, got, 1, "arrives: %v", arrives)
			res := <-got
			if arrives {
				require.NoError(t, res.err)
				require.Equal(t, "mine", res.m.Body)
			} else {
				require.Error(t, res.err)
			}
			_, err := r.Deliver(t.Context(), &stanza.Message{Body: "next"})
			require.NoError(t, err)
		})
	}
}

// What is said just when the session ends is said when the room is back.
func TestSayAsTheSessionEnds(t *testing.T) {
	bubble(t, noSM(), func(t *testing.T, srv *xmpptest.Server) {
		require.NoError(t, srv.Room("garden").Make(nil))
		c := running(t, srv, "alice", nil)
		r := join(t, srv, c, "alice", nil)
		heard := visitor(t, srv, "bob", nil).Messages(t.Context())
		events := r.Events(t.Context())
		take(t, events, 2)
		for i := range 10 {
			s, err := c.Session(t.Context())
			require.NoError(t, err)
			srv.CloseStream("alice", "reset")
			<-s.Done()
			require.NoError(t, r.Say(t.Context(), fmt.Sprint(i)))
			elapse(time.Minute)
			require.Equal(t, fmt.Sprint(i), take(t, heard, 1)[0].Body)
			happened := take(t, events, 4)
			require.IsType(t, Away{}, happened[0])
			require.Equal(t, Back{}, happened[1])
			require.Equal(t, fmt.Sprint(i), happened[3].(*Message).Body)
			none(t, events)
		}
	})
}

// What is to be delivered while we're away is sent in the next stay, and so waits for that; what was sent in the last one is not waited for when
// the room has told what it has.
func TestDeliverWhileAway(t *testing.T) {
	bubble(t, noSM(), func(t *testing.T, srv *xmpptest.Server) {
		require.NoError(t, srv.Room("garden").Make(nil))
		r := join(t, srv, running(t, srv, "alice", nil), "alice", nil)
		srv.CloseStream("alice", "reset")
		synctest.Wait()
		require.False(t, r.Joined())
		m, err := r.Deliver(t.Context(), &stanza.Message{ID: "1", Body: "later"})
		require.NoError(t, err)
		require.Equal(t, "later", m.Body)
		d := &delivery{result: make(chan outcome, 1)}
		r.sent(d, r.stay)
		require.Empty(t, d.result)
		r.sent(d, r.stay-1)
		require.ErrorIs(t, (<-d.result).err, xmpp.ErrUnknownDelivery)
	})
}

// Two that wait under one id would take each other's answers; what can't be sent at all is told at once.
func TestDeliverWhatCannotBe(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		require.NoError(t, srv.Room("garden").Make(nil))
		r := join(t, srv, running(t, srv, "alice", nil), "alice", nil)
		defer srv.Intercept(func(_ jid.JID, xml string) bool { return strings.Contains(xml, "<body>swallowed") })()
		ctx, cancel := context.WithCancel(t.Context())
		first := make(chan error, 1)
		go func() {
			_, err := r.Deliver(ctx, &stanza.Message{ID: "1", Body: "swallowed"})
			first <- err
		}()
		synctest.Wait()
		_, err := r.Deliver(t.Context(), &stanza.Message{ID: "1", Body: "x"})
		require.ErrorContains(t, err, `"1"`)
		cancel()
		require.ErrorIs(t, <-first, context.Canceled)
		_, err = r.Deliver(t.Context(), &stanza.Message{ID: "1", Body: "x"})
		require.NoError(t, err)
		begun := time.Now()
		require.Error(t, r.Say(t.Context(), "\x00"))
		require.Zero(t, time.Since(begun))
		require.Empty(t, r.waiting)
	})
}
