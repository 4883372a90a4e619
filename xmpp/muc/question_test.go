package muc

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// However often a room says that something is different, or that we're not in it, one question at a time goes to it, and the last one is asked
// after the last such word.
func TestRoomIsAskedOneThingAtATime(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		require.NoError(t, srv.Room("garden").Make(nil))
		r := visitor(t, srv, "alice", nil)
		var pings, infos atomic.Int32
		defer srv.Intercept(func(_ jid.JID, xml string) bool {
			switch {
			case strings.Contains(xml, "urn:xmpp:ping"):
				pings.Add(1)
				return true
			case strings.Contains(xml, "disco#info"):
				infos.Add(1)
			}
			return false
		})()
		srv.Delay(time.Second)
		for range 200 {
			require.NoError(t, srv.Inject("alice", "<message from='"+r.JID().String()+"' type='groupchat'><x xmlns='http://jabber.org/protocol/muc#user'><status code='104'/></x></message>"+
				"<message from='"+r.JID().String()+"' type='error' id='x'><error type='cancel'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"))
		}
		elapse(30 * time.Second)
		require.EqualValues(t, 1, pings.Load())
		require.EqualValues(t, 2, infos.Load())
		elapse(2 * time.Minute)
		go r.ping()
		elapse(10 * time.Second)
		require.EqualValues(t, 2, pings.Load(), "that one has got no answer")
	})
}

// Presence that comes before the room was asked what it can do does not wait for that for ever.
func TestPresenceBeforeTheQuestion(t *testing.T) {
	r, err := newRoom(&hub{e: nobody{}}, srvless, nil)
	require.NoError(t, err)
	r.attempt = &attempt{nick: "thirdwitch", result: make(chan error, 1)}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r.awaitFeatures(ctx)
	require.NoError(t, ctx.Err())
}
