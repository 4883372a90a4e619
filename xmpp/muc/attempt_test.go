package muc

import (
	"testing"
	"time"

	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// A session that is lost between the room's letting us in and our having made it what it is to be: Join and the next session each enter the room
// again, one after the other.
func TestJoinAcrossALostSession(t *testing.T) {
	bubble(t, noSM(), func(t *testing.T, srv *xmpptest.Server) {
		c := running(t, srv, "alice", nil)
		calls := 0
		configure := func(f *form.Form) error {
			if calls++; calls == 1 {
				s, err := c.Session(t.Context())
				require.NoError(t, err)
				srv.CloseStream("alice", "reset")
				<-s.Done()
			}
			return form.Set(f.Fields, "muc#roomconfig_roomname", "Garden")
		}
		joined := make(chan *Room, 1)
		go func() {
			r, err := Join(t.Context(), c, in(srv, "alice"), &Options{Configure: configure})
			require.NoError(t, err)
			joined <- r
		}()
		elapse(time.Minute)
		require.Len(t, joined, 1)
		r := <-joined
		require.True(t, r.Joined())
		there, err := srv.Room("garden").Occupants()
		require.NoError(t, err)
		require.Equal(t, []string{"alice"}, there)
		i, err := Lookup(t.Context(), c, r.JID())
		require.NoError(t, err)
		require.Equal(t, "Garden", i.Name)
		require.Equal(t, 2, calls)
	})
}
