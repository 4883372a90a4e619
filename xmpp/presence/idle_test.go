package presence_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/internal/specexample"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/presence"
	"github.com/canto-im/canto/xmpp/stamp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAway holds what we are when idle, of what was set and what Options.Away says.
func TestAway(t *testing.T) {
	one, other := []stanza.Element{stanza.Payload(ping{})}, []stanza.Element{stanza.Payload(pong{})}
	german, french := []stanza.Text{{Lang: "de", Value: "da"}}, []stanza.Text{{Lang: "fr", Value: "là"}}
	for name, c := range map[string]struct {
		set  stanza.Presence
		away *stanza.Presence
		want stanza.Presence
	}{
		"online":             {stanza.Presence{}, nil, stanza.Presence{Show: stanza.Away}},
		"free for chat":      {stanza.Presence{Show: stanza.FreeForChat}, nil, stanza.Presence{Show: stanza.Away}},
		"busy":               {stanza.Presence{Show: stanza.DoNotDisturb}, nil, stanza.Presence{Show: stanza.DoNotDisturb}},
		"away for longer":    {stanza.Presence{Show: stanza.ExtendedAway}, nil, stanza.Presence{Show: stanza.ExtendedAway}},
		"gone":               {stanza.Presence{Type: stanza.Unavailable}, nil, stanza.Presence{Type: stanza.Unavailable}},
		"what was set stays": {stanza.Presence{Status: "a", Statuses: german, Priority: 3, Payloads: one}, nil, stanza.Presence{Show: stanza.Away, Status: "a", Statuses: german, Priority: 3, Payloads: one}},
		"all its own": {stanza.Presence{Status: "a", Statuses: german, Priority: 3, Payloads: one},
			&stanza.Presence{Show: stanza.ExtendedAway, Status: "b", Priority: -1, Payloads: other},
			stanza.Presence{Show: stanza.ExtendedAway, Status: "b", Priority: -1, Payloads: other}},
		"its own in French": {stanza.Presence{Status: "a", Statuses: german}, &stanza.Presence{Statuses: french}, stanza.Presence{Statuses: french}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, _ *xmpptest.Server, alice *xmpp.Session, _ func() string) {
				k := keep(t, alice, &presence.Options{Presence: &c.set, Away: c.away, Idle: time.Minute})
				assert.Equal(t, &c.set, k.Current())
				elapse(time.Minute)
				synctest.Wait()
				assert.Equal(t, &c.want, k.Current())
			})
		})
	}
}

type pong struct {
	XMLName struct{} `xml:"urn:x pong"`
}

// TestNoIdle holds that without Options.Idle nobody becomes away.
func TestNoIdle(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *xmpptest.Server, alice *xmpp.Session, seen func() string) {
		k := keep(t, alice, nil)
		assert.Equal(t, "///0", seen())
		require.NoError(t, k.Active(t.Context()))
		elapse(24 * time.Hour)
		assert.Equal(t, "nothing", seen())
	})
}

// TestClosedKeeper holds that idle time ends with the Keeper.
func TestClosedKeeper(t *testing.T) {
	for _, active := range []bool{false, true} {
		inBubble(t, func(t *testing.T, _ *xmpptest.Server, alice *xmpp.Session, _ func() string) {
			k, err := presence.Keep(t.Context(), alice, &presence.Options{Idle: time.Minute})
			require.NoError(t, err)
			k.Close()
			if active {
				require.NoError(t, k.Active(t.Context()))
			}
			elapse(time.Hour)
			assert.Equal(t, stanza.Online, k.Current().Show)
		})
	}
}

// TestKeepFails holds that of a Keep which has failed nothing is left: no presence, no timer, no handler, no later session.
func TestKeepFails(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *xmpptest.Server, _ *xmpp.Session, seen func() string) {
		c, sessions, stop := client(t, srv)
		defer stop()
		<-sessions
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		k, err := presence.Keep(gone, c, &presence.Options{Idle: time.Minute})
		assert.ErrorIs(t, err, context.Canceled)
		assert.Nil(t, k)
		elapse(time.Hour)
		srv.CloseStream("alice", "system-shutdown")
		<-sessions
		elapse(time.Hour)
		assert.Equal(t, "nothing", seen())
	})
}

// TestWhatCanNotBeSent holds that the error of sending is that of the call, whoever was to be told.
func TestWhatCanNotBeSent(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *xmpptest.Server, alice *xmpp.Session, seen func() string) {
		k := keep(t, alice, &presence.Options{Idle: time.Minute})
		seen()
		require.NoError(t, k.Direct(t.Context(), srv.JID("carol")))
		require.NoError(t, k.Direct(t.Context(), srv.JID("dave")))
		for sent, want := range []string{"nothing", "/away/1/0", "/away/2/0"} {
			ctx := &fading{Context: t.Context(), left: sent}
			assert.ErrorIs(t, k.Set(ctx, &stanza.Presence{Show: stanza.Away, Status: string(rune('0' + sent))}), context.Canceled)
			assert.Equal(t, want, seen())
		}
		assert.ErrorIs(t, k.Undirect(&fading{Context: t.Context()}, srv.JID("dave")), context.Canceled)
		require.NoError(t, k.Set(t.Context(), &stanza.Presence{}))
		elapse(time.Minute)
		synctest.Wait()
		assert.ErrorIs(t, k.Active(&fading{Context: t.Context()}), context.Canceled)
	})
}

// fading is a context that is done after so many looks, each of which lets one stanza be sent.
type fading struct {
	context.Context
	left int
}

func (f *fading) Err() error {
	if f.left == 0 {
		return context.Canceled
	}
	f.left--
	return nil
}

func (f *fading) Value(key any) any { return nil }

// TestTellIdle holds that presence says since when nobody has done anything, where that is asked for, until somebody does (XEP-0319
// §2.1, §2.2), whatever else it says.
func TestTellIdle(t *testing.T) {
	for name, c := range map[string]struct {
		o    presence.Options
		told bool
	}{
		"online":                 {presence.Options{TellIdle: true}, true},
		"busy":                   {presence.Options{TellIdle: true, Presence: &stanza.Presence{Show: stanza.DoNotDisturb}}, true},
		"with payloads":          {presence.Options{TellIdle: true, Presence: &stanza.Presence{Payloads: []stanza.Element{stanza.Payload(ping{})}}}, true},
		"gone":                   {presence.Options{TellIdle: true, Presence: &stanza.Presence{Type: stanza.Unavailable}}, false},
		"that was not asked for": {presence.Options{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, _ *xmpptest.Server, alice *xmpp.Session, _ func() string) {
				c.o.Idle = time.Minute
				k := keep(t, alice, &c.o)
				elapse(30 * time.Second)
				began := time.Now().Truncate(time.Second)
				require.NoError(t, k.Active(t.Context()))
				assert.Equal(t, began, k.LastActive().Truncate(time.Second))
				before := k.Current()
				_, told := presence.IdleSince(before)
				assert.False(t, told, "nobody is idle yet")
				elapse(time.Minute)
				synctest.Wait()
				since, told := presence.IdleSince(k.Current())
				assert.Equal(t, c.told, told)
				if told {
					assert.True(t, began.Equal(since), since)
					assert.Len(t, k.Current().Payloads, len(before.Payloads)+1)
				}
				require.NoError(t, k.Active(t.Context()))
				assert.Equal(t, before, k.Current())
			})
		})
	}
}

// TestIdleSince holds what is read of presence: a moment, or nothing.
func TestIdleSince(t *testing.T) {
	specexample.Run(t, "testdata/xep0319.xml", map[string]specexample.Codec{
		"jabber:client presence": specexample.As[stanza.Presence](),
		"urn:xmpp:idle:1 idle":   specexample.As[presence.Idle](),
	}, nil)
	for raw, want := range map[string]time.Time{
		`<idle xmlns='urn:xmpp:idle:1' since='1969-07-20T21:56:15-05:00'/>`: time.Date(1969, 7, 21, 2, 56, 15, 0, time.UTC),
		`<idle xmlns='urn:xmpp:idle:1'/>`:                                   {},
		`<idle xmlns='urn:xmpp:idle:1' since='yesterday'/>`:                 {},
		`<idle xmlns='urn:x' since='1969-07-21T02:56:15Z'/>`:                {},
	} {
		e, err := stanza.ParseElement(raw)
		require.NoError(t, err)
		got, ok := presence.IdleSince(&stanza.Presence{Payloads: []stanza.Element{e}})
		assert.Equal(t, want, got, raw)
		assert.Equal(t, !want.IsZero(), ok, raw)
	}
}

// FuzzIdle reads any element as what presence says of idle time.
func FuzzIdle(f *testing.F) {
	f.Add(`<idle xmlns='urn:xmpp:idle:1' since='1969-07-21T02:56:15Z'/>`)
	f.Fuzz(func(t *testing.T, raw string) {
		e, err := stanza.ParseElement(raw)
		if err != nil {
			return
		}
		at, ok := presence.IdleSince(&stanza.Presence{Payloads: []stanza.Element{e}})
		if !ok {
			return
		}
		again, ok := presence.IdleSince(&stanza.Presence{Payloads: []stanza.Element{stanza.Payload(presence.Idle{Since: stamp.Time{Time: at}})}})
		if !ok || !again.Equal(at) {
			t.Errorf("%q is %v, and then %v", raw, at, again)
		}
	})
}
