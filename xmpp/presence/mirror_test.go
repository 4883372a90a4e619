package presence_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/presence"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMirrorOfEveryPart holds that Mirror notices whatever part of what its source says is another, and nothing else.
func TestMirrorOfEveryPart(t *testing.T) {
	parts := []stanza.Presence{
		{}, {Type: stanza.Unavailable}, {Show: stanza.Away}, {Show: stanza.ExtendedAway}, {Status: "a"}, {Priority: 1},
		{Statuses: []stanza.Text{{Lang: "de", Value: "da"}}}, {Payloads: []stanza.Element{stanza.Payload(ping{})}},
		{Payloads: []stanza.Element{stanza.Payload(pong{})}},
	}
	inBubble(t, func(t *testing.T, _ *xmpptest.Server, alice *xmpp.Session, seen func() string) {
		k := keep(t, alice, nil)
		says := make(chan stanza.Presence, 1)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			done <- k.Mirror(ctx, time.Second, func(context.Context) (*stanza.Presence, error) { p := <-says; return &p, nil })
		}()
		for _, from := range parts {
			for _, to := range parts {
				says <- from
				elapse(time.Second)
				says <- to
				elapse(time.Second)
				for seen() != "nothing" {
				}
				assert.Equal(t, &to, k.Current())
			}
		}
		require.NoError(t, k.Set(t.Context(), &stanza.Presence{Status: "somebody else's"}))
		says <- parts[len(parts)-1]
		elapse(time.Second)
		assert.Equal(t, "somebody else's", k.Current().Status, "the source says nothing new")
		stop()
		says <- stanza.Presence{}
		assert.NoError(t, <-done)
	})
}

// TestMirrorThatCanNotSay holds which errors end Mirror: on a Session the first of sending, on a Client one that comes again while
// the session goes on; that of a source which has noticed the end of ctx is none.
func TestMirrorThatCanNotSay(t *testing.T) {
	bad := func(context.Context) (*stanza.Presence, error) { return &stanza.Presence{Type: stanza.Subscribe}, nil }
	inBubble(t, func(t *testing.T, srv *xmpptest.Server, alice *xmpp.Session, _ func() string) {
		c, sessions, stop := client(t, srv)
		defer stop()
		<-sessions
		for _, way := range []struct {
			on    xmpp.Endpoint
			takes time.Duration
		}{{alice, 0}, {c, time.Minute}} {
			k, err := presence.Keep(t.Context(), way.on, nil)
			require.NoError(t, err)
			begin := time.Now()
			assert.ErrorContains(t, k.Mirror(t.Context(), time.Minute, bad), "subscribe")
			assert.Equal(t, way.takes, time.Since(begin))

			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			assert.NoError(t, k.Mirror(ctx, time.Minute, func(ctx context.Context) (*stanza.Presence, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}))
			cancel()
			ctx, cancel = context.WithCancel(t.Context())
			assert.NoError(t, k.Mirror(ctx, time.Minute, func(context.Context) (*stanza.Presence, error) {
				cancel()
				return &stanza.Presence{Status: "too late"}, nil
			}))
			assert.Empty(t, k.Current().Status)
			k.Close()
		}
	})
}

// TestMirrorWithoutASession holds that on a Client that has no session Mirror goes on whatever its source says.
func TestMirrorWithoutASession(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *xmpptest.Server, _ *xmpp.Session, _ func() string) {
		k := keep(t, xmpp.NewClient(srv.JID("alice"), srv.Options("alice")), nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		asked := 0
		assert.NoError(t, k.Mirror(ctx, time.Minute, func(context.Context) (*stanza.Presence, error) {
			asked++
			return &stanza.Presence{Type: stanza.Subscribe}, nil
		}))
		assert.Equal(t, 61, asked, "at once and each minute of the hour")
	})
}

// TestMirrorEndsWhileItSays holds that a Mirror which is to end while the server does not take what it says has not failed.
func TestMirrorEndsWhileItSays(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *xmpptest.Server, alice *xmpp.Session, _ func() string) {
		k := keep(t, alice, nil)
		freeze(t, srv, alice)
		ctx, cancel := context.WithCancel(t.Context())
		mirrored := make(chan error, 1)
		go func() {
			mirrored <- k.Mirror(ctx, time.Minute, func(context.Context) (*stanza.Presence, error) {
				return &stanza.Presence{Status: "hello"}, nil
			})
		}()
		synctest.Wait()
		assert.Equal(t, "hello", k.Current().Status, "it's being said")
		assert.Empty(t, mirrored)
		begin := time.Now()
		cancel()
		assert.NoError(t, <-mirrored)
		assert.Zero(t, time.Since(begin), "at once")
		srv.Thaw()
	})
}

// TestMirrorEndsWithItsKeeper holds that Close ends Mirror, while it waits for its time and while it waits for its source.
func TestMirrorEndsWithItsKeeper(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *xmpptest.Server, alice *xmpp.Session, _ func() string) {
		for _, from := range []presence.Source{
			func(context.Context) (*stanza.Presence, error) { return &stanza.Presence{}, nil },
			func(ctx context.Context) (*stanza.Presence, error) { <-ctx.Done(); return nil, ctx.Err() },
		} {
			k, err := presence.Keep(t.Context(), alice, nil)
			require.NoError(t, err)
			ctx, stop := context.WithTimeout(t.Context(), time.Hour)
			begin := time.Now()
			time.AfterFunc(time.Second, k.Close)
			assert.NoError(t, k.Mirror(ctx, time.Minute, from))
			assert.Equal(t, time.Second, time.Since(begin))
			assert.NoError(t, k.Mirror(ctx, time.Minute, from), "closed already")
			assert.Equal(t, time.Second, time.Since(begin))
			stop()
		}
	})
}

// TestNothingAndNobody holds that nil presence and the zero address are errors, and that nothing is sent.
func TestNothingAndNobody(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *xmpptest.Server, alice *xmpp.Session, seen func() string) {
		k := keep(t, alice, nil)
		assert.Equal(t, "///0", seen())
		assert.ErrorContains(t, k.Set(t.Context(), nil), "nil")
		assert.ErrorContains(t, k.Direct(t.Context(), jid.JID{}), "address")
		assert.Empty(t, k.Directed())
		said := false
		assert.ErrorContains(t, k.Mirror(t.Context(), time.Minute, func(context.Context) (*stanza.Presence, error) {
			if said {
				return nil, nil
			}
			said = true
			return k.Current(), nil
		}), "nil")
		assert.Equal(t, "///0", seen(), "what Mirror has said at first")
		assert.Equal(t, "nothing", seen())
	})
}

// TestMirrorOutlivesASession holds that on a Client Mirror goes on when it has something to say just as the session has ended, and
// that the next session is told.
func TestMirrorOutlivesASession(t *testing.T) {
	srv := xmpptest.NewServer(t)
	c, sessions, stop := client(t, srv)
	defer stop()
	k := keep(t, c, nil)
	busy, free := make(chan struct{}), make(chan struct{})
	xmpp.OnMessage(c, func(context.Context, *stanza.Message) error { close(busy); <-free; return nil })
	first := <-sessions
	require.NoError(t, srv.Inject("alice", "<message from='x@y.test'/>"))
	<-busy // so that the Keeper does not hear yet that the session is over

	asked := 0
	source := func(context.Context) (*stanza.Presence, error) {
		if asked++; asked == 1 {
			srv.CloseStream("alice", "system-shutdown")
			<-first.Done()
		}
		return &stanza.Presence{Status: "said again"}, nil
	}
	mirrored := make(chan error, 1)
	go func() { mirrored <- k.Mirror(t.Context(), time.Millisecond, source) }()
	<-sessions
	close(free)
	_, err := srv.Await(t.Context(), func(e xmpptest.Entry) bool {
		el, err := stanza.ParseElement(e.XML)
		return err == nil && el.Child("", "status").Text() == "said again"
	})
	require.NoError(t, err)
	assert.Empty(t, mirrored, "Mirror goes on")
	k.Close()
	assert.NoError(t, <-mirrored)
}

func TestMirror(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *xmpptest.Server, alice *xmpp.Session, seen func() string) {
		k := keep(t, alice, nil)
		seen()
		path := filepath.Join(t.TempDir(), "status")
		write := func(text string) { require.NoError(t, os.WriteFile(path, []byte(text), 0o600)) }
		write("dnd in a meeting\n")
		mirrored := make(chan error, 1)
		go func() { mirrored <- k.Mirror(t.Context(), time.Minute, presence.File(path)) }()
		assert.Equal(t, "/dnd/in a meeting/0", seen())
		elapse(time.Hour)
		assert.Equal(t, "nothing", seen(), "nothing new")
		write("dnd in another one")
		elapse(time.Minute)
		assert.Equal(t, "/dnd/in another one/0", seen(), "the words alone")
		write("away in another one")
		elapse(time.Minute)
		assert.Equal(t, "/away/in another one/0", seen(), "the show alone")
		write("back")
		elapse(time.Minute)
		assert.Equal(t, "//back/0", seen())
		require.NoError(t, os.Remove(path))
		elapse(time.Minute)
		assert.ErrorIs(t, <-mirrored, os.ErrNotExist)

		ctx, stop := context.WithCancel(t.Context())
		go func() { mirrored <- k.Mirror(ctx, time.Minute, presence.File(os.DevNull)) }()
		synctest.Wait()
		stop()
		assert.NoError(t, <-mirrored)
		assert.Error(t, k.Mirror(t.Context(), 0, presence.File(path)))
		failed := errors.New("no idea")
		assert.ErrorIs(t, k.Mirror(t.Context(), time.Minute, func(context.Context) (*stanza.Presence, error) { return nil, failed }), failed)
	})
}
