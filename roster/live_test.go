package roster_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// soon bounds what takes milliseconds, and seconds on a busy machine.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func open(t testing.TB, e xmpp.Endpoint) *roster.Roster {
	t.Helper()
	r, err := roster.Open(soon(t), e)
	require.NoError(t, err)
	t.Cleanup(r.Close)
	return r
}

func next[T any](t testing.TB, ch <-chan T) T {
	t.Helper()
	select {
	case v, ok := <-ch:
		require.True(t, ok, "the channel is closed")
		return v
	case <-soon(t).Done():
		require.FailNow(t, "nothing comes")
		panic("not reached")
	}
}

// TestSetGetRemove holds that a caller reads its own writes, and that another session of the account sees them as pushes.
func TestSetGetRemove(t *testing.T) {
	t.Attr("conformance", "roster-get roster-set roster-push")
	srv := xmpptest.NewServer(t)
	mine := open(t, srv.Session(t, "alice", nil))
	other := open(t, srv.Session(t, "alice", nil))
	changes, bob := other.Changes(t.Context()), srv.JID("bob")

	require.NoError(t, mine.Set(soon(t), roster.Item{JID: bob, Name: "Bob <&>", Groups: []string{"Friends", "Work"}, Ask: true, Approved: true}))
	want := roster.Item{JID: bob, Name: "Bob <&>", Groups: []string{"Friends", "Work"}, Subscription: roster.None}
	got, ok := mine.Get(bob)
	assert.True(t, ok)
	assert.Equal(t, want, got)
	assert.Equal(t, []roster.Item{want}, slices.Collect(mine.All()))
	c := next(t, changes)
	assert.Equal(t, roster.Change{New: want}, c)
	assert.True(t, c.Added() && !c.Removed())

	require.NoError(t, other.Set(soon(t), roster.Item{JID: bob, Groups: []string{"Friends"}}))
	got, _ = other.Get(bob)
	assert.Empty(t, got.Name, "a set replaces the whole item: RFC 6121 §2.4.1")
	c = next(t, changes)
	assert.Equal(t, want, c.Old)
	assert.Equal(t, []string{"Friends"}, c.New.Groups)

	require.NoError(t, other.Remove(soon(t), bob))
	_, ok = other.Get(bob)
	assert.False(t, ok)
	assert.Zero(t, other.Len())
	c = next(t, changes)
	assert.True(t, c.Removed())
	assert.Equal(t, bob, c.JID())
}

// TestGetByAFullAddress holds that what has come from a contact finds it, and that an item of the full address comes first.
func TestGetByAFullAddress(t *testing.T) {
	srv := xmpptest.NewServer(t)
	r := open(t, srv.Session(t, "alice", nil))
	bob := srv.JID("bob")
	phone, err := bob.WithResource("phone")
	require.NoError(t, err)
	_, ok := r.Get(phone)
	assert.False(t, ok)
	require.NoError(t, r.Set(soon(t), roster.Item{JID: bob, Name: "Bob"}))
	it, ok := r.Get(phone)
	assert.True(t, ok)
	assert.Equal(t, bob, it.JID)
	require.NoError(t, r.Subscribe(soon(t), bob))
	for !r.State(bob).PendingOut {
		require.NoError(t, r.Fetch(soon(t)))
	}
	assert.Equal(t, r.State(bob), r.State(phone))
	require.NoError(t, r.Set(soon(t), roster.Item{JID: phone, Name: "Bob's phone"}))
	it, _ = r.Get(phone)
	assert.Equal(t, "Bob's phone", it.Name)
}

// TestErrorsOfSets holds that what the server refuses is the error of the call and changes nothing.
func TestErrorsOfSets(t *testing.T) {
	srv := xmpptest.NewServer(t)
	r := open(t, srv.Session(t, "alice", nil))
	bob := srv.JID("bob")
	for _, c := range []struct {
		name string
		call func() error
		want error
	}{
		{"ourselves", func() error { return r.Set(soon(t), roster.Item{JID: srv.JID("alice")}) }, stanza.NotAllowed},
		{"not there", func() error { return r.Remove(soon(t), bob) }, stanza.ItemNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.call()
			assert.ErrorIs(t, err, c.want)
			var se *stanza.Error
			assert.ErrorAs(t, err, &se)
			assert.Zero(t, r.Len())
		})
	}
	assert.Error(t, r.Set(soon(t), roster.Item{}), "no address")
	var se *stanza.Error
	err := r.Set(soon(t), roster.Item{JID: bob, Groups: []string{"a", ""}})
	assert.ErrorContains(t, err, "a group has no name")
	assert.False(t, errors.As(err, &se), "the server is not asked: RFC 6121 §2.3.3")
	assert.ErrorContains(t, r.Set(soon(t), roster.Item{JID: bob, Name: "\x00"}), "roster:")
}

// TestGroupNamedTwice holds that a group which is named twice is sent once (RFC 6121 §2.3.3), and shows once.
func TestGroupNamedTwice(t *testing.T) {
	srv := xmpptest.NewServer(t)
	r := open(t, srv.Session(t, "alice", nil))
	given := []string{"b", "a", "b", "a"}
	require.NoError(t, r.Set(soon(t), roster.Item{JID: srv.JID("bob"), Groups: given}))
	it, _ := r.Get(srv.JID("bob"))
	assert.Equal(t, []string{"b", "a"}, it.Groups)
	assert.Equal(t, []string{"b", "a", "b", "a"}, given, "the caller's")
}

func TestGroups(t *testing.T) {
	srv := xmpptest.NewServer(t)
	r := open(t, srv.Session(t, "alice", nil))
	for name, groups := range map[string][]string{"a": {"x", "y"}, "b": {"y"}, "c": nil} {
		require.NoError(t, r.Set(soon(t), roster.Item{JID: srv.JID(name), Groups: groups}))
	}
	assert.Equal(t, []string{"x", "y"}, r.Groups())
	var in []string
	for it := range r.Group("y") {
		in = append(in, it.JID.Localpart())
	}
	assert.Equal(t, []string{"a", "b"}, in)
	for it := range r.Group("y") {
		assert.Equal(t, "a", it.JID.Localpart())
		break
	}
}

// TestSetInAHandler holds that a handler may change the roster: its push waits behind the handler.
func TestSetInAHandler(t *testing.T) {
	srv := xmpptest.NewServer(t)
	s := srv.Session(t, "alice", nil)
	r := open(t, s)
	done := make(chan error, 1)
	xmpp.OnMessage(s, func(ctx context.Context, m *stanza.Message) error {
		err := r.Set(ctx, roster.Item{JID: srv.JID("bob"), Name: m.Body})
		it, _ := r.Get(srv.JID("bob"))
		assert.Equal(t, m.Body, it.Name)
		done <- err
		return nil
	})
	require.NoError(t, s.Send(soon(t), &stanza.Message{To: s.JID(), Body: "Bob"}))
	require.NoError(t, next(t, done))
}

// TestEndOfTheSession holds that channels close with the session.
func TestEndOfTheSession(t *testing.T) {
	srv := xmpptest.NewServer(t)
	s := srv.Session(t, "alice", nil)
	r := open(t, s)
	changes, statuses := r.Changes(t.Context()), r.Watch(t.Context())
	waited := make(chan error, 1)
	go func() {
		_, err := r.Wait(t.Context(), srv.JID("bob"))
		waited <- err
	}()
	require.NoError(t, s.Close())
	_, open := <-changes
	assert.False(t, open)
	_, open = <-statuses
	assert.False(t, open)
	assert.ErrorIs(t, <-waited, roster.ErrClosed)
	assert.Error(t, r.Set(soon(t), roster.Item{JID: srv.JID("bob")}))
	assert.ErrorIs(t, r.Fetch(soon(t)), roster.ErrClosed)
	_, open = <-r.Changes(t.Context())
	assert.False(t, open)
}

// TestErrClosed holds that after Close, and after the end of the session with its cause, every method that asks returns ErrClosed.
func TestErrClosed(t *testing.T) {
	for name, c := range map[string]struct {
		end   func(*xmpptest.Server, *xmpp.Session, *roster.Roster)
		cause error
	}{
		"the roster is closed":       {func(_ *xmpptest.Server, _ *xmpp.Session, r *roster.Roster) { r.Close() }, roster.ErrClosed},
		"we have closed the session": {func(_ *xmpptest.Server, s *xmpp.Session, _ *roster.Roster) { s.Close() }, xmpp.ErrClosed},
		"the server has ended it": {func(srv *xmpptest.Server, _ *xmpp.Session, _ *roster.Roster) {
			srv.CloseStream("alice", "system-shutdown")
		}, xmpp.SystemShutdown},
		"the session, and then Close": {func(_ *xmpptest.Server, s *xmpp.Session, r *roster.Roster) { s.Close(); <-s.Done(); r.Close() }, xmpp.ErrClosed},
	} {
		t.Run(name, func(t *testing.T) {
			srv := xmpptest.NewServer(t)
			s := srv.Session(t, "alice", nil)
			r := open(t, s)
			bob := srv.JID("bob")
			c.end(srv, s, r)
			_, waited := r.Wait(soon(t), bob)
			for i, err := range []error{
				waited, r.Set(soon(t), roster.Item{JID: bob}), r.Remove(soon(t), bob), r.Fetch(soon(t)), r.Subscribe(soon(t), bob),
				r.Unsubscribe(soon(t), bob), r.Approve(soon(t), bob), r.PreApprove(soon(t), bob), r.Deny(soon(t), bob), r.Cancel(soon(t), bob),
			} {
				assert.ErrorIs(t, err, roster.ErrClosed, "%d", i)
				assert.ErrorIs(t, err, c.cause, "%d", i)
			}
			assert.Zero(t, r.Len())
		})
	}
}

// TestOpenAgain holds that an endpoint takes a roster again after Close.
func TestOpenAgain(t *testing.T) {
	srv := xmpptest.NewServer(t)
	s := srv.Session(t, "alice", nil)
	r, err := roster.Open(soon(t), s)
	require.NoError(t, err)
	said := func() (v any) {
		defer func() { v = recover() }()
		_, _ = roster.Open(soon(t), s)
		return nil
	}()
	assert.Contains(t, said, "roster: alice@canto.test has an open roster: use that one", "two would answer the same pushes")
	r.Close()
	open(t, s)
}

func TestOpenFails(t *testing.T) {
	srv := xmpptest.NewServerWith(t, &xmpptest.Options{Without: []string{"roster"}})
	s := srv.Session(t, "alice", nil)
	_, err := roster.Open(soon(t), s)
	assert.ErrorIs(t, err, stanza.ServiceUnavailable)
	_, err = roster.Open(soon(t), s)
	assert.ErrorIs(t, err, stanza.ServiceUnavailable, "nothing stays open")
}

// TestReadYourWritesQuickly holds that Get shows what Set has set, one after another, whatever pushes are still on their way.
func TestReadYourWritesQuickly(t *testing.T) {
	srv := xmpptest.NewServer(t)
	r := open(t, srv.Session(t, "alice", nil))
	for i := range 2_000 {
		name := fmt.Sprint(i)
		require.NoError(t, r.Set(soon(t), roster.Item{JID: srv.JID("bob"), Name: name}))
		it, _ := r.Get(srv.JID("bob"))
		require.Equal(t, name, it.Name)
	}
}
