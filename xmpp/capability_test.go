package xmpp_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOnSessionOfASession(t *testing.T) {
	srv := xmpptest.NewServer(t)
	s := srv.Session(t, "alice", nil)
	var begun *xmpp.Session
	ended := make(chan struct{})
	_, err := xmpp.OnSession(t.Context(), s, func(_ context.Context, s *xmpp.Session) (func(), error) {
		begun = s
		return func() { close(ended) }, nil
	})
	require.NoError(t, err)
	assert.Same(t, s, begun, "at once")
	srv.DropConns()
	<-ended
	<-s.Done()

	failed := errors.New("no")
	_, err = xmpp.OnSession(t.Context(), srv.Session(t, "alice", nil), func(context.Context, *xmpp.Session) (func(), error) { return nil, failed })
	assert.ErrorIs(t, err, failed)
}

// stranger is an Endpoint of the program's own, which package xmpp knows nothing of.
type stranger struct{ xmpp.Endpoint }

// wrapper is a Client with something added.
type wrapper struct{ *xmpp.Client }

func TestOnSessionNeedsAnEndpointOfOurs(t *testing.T) {
	begin := func(context.Context, *xmpp.Session) (func(), error) { return nil, nil }
	logger := slog.New(slog.DiscardHandler)
	c := xmpp.NewClient(juliet, &xmpp.Options{Store: xmpp.FileStore(t.TempDir()), Logger: logger})
	_, err := xmpp.OnSession(t.Context(), stranger{c}, begin)
	assert.ErrorContains(t, err, "stranger")
	assert.NotNil(t, xmpp.StoreOf(stranger{c}))
	assert.False(t, xmpp.LoggerOf(stranger{c}).Enabled(t.Context(), slog.LevelError), "nobody is to be told")
	assert.Same(t, logger, xmpp.LoggerOf(wrapper{c}))
	remove, err := xmpp.OnSession(t.Context(), wrapper{c}, begin)
	require.NoError(t, err)
	remove()
	_, err = xmpp.StoreOf(c).Save(t.Context(), "test", []byte("x"), 0)
	require.NoError(t, err)
	v, _, err := xmpp.StoreOf(wrapper{c}).Load(t.Context(), "test")
	require.NoError(t, err)
	assert.Equal(t, "x", string(v))
	assert.Nil(t, xmpp.SessionFrom(t.Context()))
}

// TestOnSessionComesFirst holds the order: capabilities in the order of their registration, while what the server says waits,
// then Online; and all of it for fresh sessions alone.
func TestOnSessionComesFirst(t *testing.T) {
	srv := xmpptest.NewServer(t)
	c := xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
	steps := make(chan string, 100)
	note := func(format string, args ...any) { steps <- fmt.Sprintf(format, args...) }
	capability := func(name string) func() {
		remove, err := xmpp.OnSession(t.Context(), c, func(ctx context.Context, s *xmpp.Session) (func(), error) {
			if err := srv.Inject("alice", fmt.Sprintf("<message from='x@y.test'><body>%s</body></message>", name)); err != nil {
				return nil, err
			}
			_, err := xmpp.Get[stanza.Element](ctx, s, srv.Domain(), pinging{})
			note("%s begins: %v", name, err)
			return func() { note("%s ends", name) }, nil
		})
		require.NoError(t, err)
		return remove
	}
	capability("one")
	removeTwo := capability("two")
	c.Online = func(_ context.Context, s *xmpp.Session) error { note("online"); return nil }
	xmpp.OnMessage(c, func(ctx context.Context, m *stanza.Message) error {
		if xmpp.SessionFrom(ctx) == nil {
			return errors.New("which session?")
		}
		note("message %s", m.Body)
		return nil
	})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	take := func(n int) (list []string) {
		for range n {
			list = append(list, <-steps)
		}
		return list
	}
	first := take(5)
	assert.Equal(t, []string{"one begins: <nil>", "two begins: <nil>"}, first[:2])
	assert.ElementsMatch(t, []string{"online", "message one", "message two"}, first[2:])

	states := c.State(ctx)
	<-states // the present one
	srv.DropConns()
	for st := range states {
		if st.Kind == xmpp.Resumed {
			break
		}
	}
	assert.Empty(t, steps, "nothing begins when a stream is resumed")

	removeTwo()
	srv.CloseStream("alice", "system-shutdown")
	again := take(4)
	assert.Subset(t, again, []string{"one ends", "one begins: <nil>", "online", "message one"})
	stop()
	require.NoError(t, <-done)
	assert.Equal(t, "one ends", <-steps)
}

// TestLossBeforeOnlineReturns cuts the connection while Online, or a capability, waits for an answer: nobody would resume the
// stream for it, so the session ends, the call returns, and the next session serves.
func TestLossBeforeOnlineReturns(t *testing.T) {
	for _, where := range []string{"Online", "OnSession"} {
		t.Run(where, func(t *testing.T) {
			srv := xmpptest.NewServer(t)
			c := xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
			var cut atomic.Bool
			srv.Intercept(func(_ jid.JID, xml string) bool {
				if strings.Contains(xml, "urn:xmpp:ping") && cut.CompareAndSwap(false, true) {
					srv.DropConns()
					return true
				}
				return false
			})
			answers := make(chan error, 2)
			ask := func(ctx context.Context, s *xmpp.Session) error {
				_, err := xmpp.Get[stanza.Element](ctx, s, srv.Domain(), pinging{})
				answers <- err
				return err
			}
			if where == "Online" {
				c.Online = ask
			} else {
				_, err := xmpp.OnSession(t.Context(), c, func(ctx context.Context, s *xmpp.Session) (func(), error) { return nil, ask(ctx, s) })
				require.NoError(t, err)
			}
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- c.Run(ctx) }()
			assert.Error(t, <-answers)
			assert.NoError(t, <-answers)
			stop()
			assert.NoError(t, <-done)
		})
	}
}

// TestEndAfterAFailedBegin holds that what a begin has returned beside its error is called at the end of a session that goes
// on all the same, and that it's forgotten where nothing was registered.
func TestEndAfterAFailedBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed := errors.New("no")
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		c := xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
		ended, online := make(chan jid.JID, 10), make(chan *xmpp.Session, 10)
		begin := func(_ context.Context, s *xmpp.Session) (func(), error) { return func() { ended <- s.JID() }, failed }
		remove, err := xmpp.OnSession(t.Context(), c, begin)
		require.NoError(t, err, "there is no session yet")
		c.Online = func(_ context.Context, s *xmpp.Session) error { online <- s; return nil }
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Run(ctx) }()
		first := <-online
		srv.CloseStream("alice", "system-shutdown")
		assert.Equal(t, first.JID(), <-ended)
		second := <-online

		_, err = xmpp.OnSession(t.Context(), c, begin)
		assert.ErrorIs(t, err, failed)
		_, err = xmpp.OnSession(t.Context(), second, begin)
		assert.ErrorIs(t, err, failed)
		remove()
		stop()
		require.NoError(t, <-done)
		synctest.Wait()
		assert.Empty(t, ended, "neither those that were not registered nor the one that was removed")
	})
}

// pinging is XEP-0199.
type pinging struct {
	XMLName struct{} `xml:"urn:xmpp:ping ping"`
}
