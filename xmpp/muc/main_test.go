package muc

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/internal/leak"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { leak.Main(m) }

// elapse lets the time of the bubble go on, and what comes of that; outside of a bubble (testing/synctest) a test must not call it.
func elapse(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// bubble runs a test with a server in memory, on a clock of its own.
func bubble(t *testing.T, o *xmpptest.Options, f func(t *testing.T, srv *xmpptest.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var c xmpptest.Options
		if o != nil {
			c = *o
		}
		c.InMemory = true
		f(t, xmpptest.NewServerWith(t, &c))
	})
}

// in is the address of a nickname in the garden.
func in(srv *xmpptest.Server, nick string) jid.JID {
	at, err := srv.Room("garden").JID().WithResource(nick)
	if err != nil {
		panic(err)
	}
	return at
}

// join enters the garden and waits for what comes of that.
func join(t *testing.T, srv *xmpptest.Server, e xmpp.Endpoint, nick string, o *Options) *Room {
	t.Helper()
	r, err := Join(t.Context(), e, in(srv, nick), o)
	require.NoError(t, err)
	synctest.Wait()
	return r
}

// visitor is a session with its room.
func visitor(t *testing.T, srv *xmpptest.Server, user string, o *Options) *Room {
	t.Helper()
	return join(t, srv, srv.Session(t, user, nil), user, o)
}

// take reads n values from a channel that has them.
func take[T any](t *testing.T, ch <-chan T, n int) []T {
	t.Helper()
	var list []T
	for range n {
		select {
		case v, ok := <-ch:
			require.True(t, ok, "the channel is closed after %v", list)
			list = append(list, v)
		case <-time.After(time.Minute):
			require.Fail(t, "nothing more comes", "%v", list)
		}
	}
	return list
}

// none makes sure that a channel has nothing.
func none[T any](t *testing.T, ch <-chan T) {
	t.Helper()
	synctest.Wait()
	select {
	case v, ok := <-ch:
		require.False(t, ok, "%+v", v)
	default:
	}
}

// bodies are the texts of messages.
func bodies(list []*Message) []string {
	out := []string{}
	for _, m := range list {
		out = append(out, m.Body)
	}
	return out
}

// nicks are the names of the occupants.
func nicks(r *Room) []string {
	out := []string{}
	for o := range r.Occupants() {
		out = append(out, o.Nick)
	}
	return out
}

// running runs a client until the end of the test.
func running(t *testing.T, srv *xmpptest.Server, user string, o *xmpp.Options) *xmpp.Client {
	t.Helper()
	var with xmpp.Options
	if o != nil {
		with = *o
	}
	full := srv.Options(user)
	full.Store, full.Logger = with.Store, with.Logger
	c := xmpp.NewClient(srv.JID(user), full)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return c
}
