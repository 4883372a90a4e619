package xmpp_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

// A request from a channel is answered once, with Reply or with Fail.
func TestRequestIsAnsweredOnce(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(ctx context.Context, r *xmpp.Request) error
		typ    stanza.IQType
		cond   stanza.Condition
	}{
		{"Reply", func(ctx context.Context, r *xmpp.Request) error { return r.Reply(ctx, version{Name: "bot"}) }, stanza.Result, ""},
		{"Fail with a condition", func(ctx context.Context, r *xmpp.Request) error { return r.Fail(ctx, stanza.Forbidden) }, stanza.IQError, stanza.Forbidden},
		{"Fail with another error", func(ctx context.Context, r *xmpp.Request) error { return r.Fail(ctx, errors.New("secret")) }, stanza.IQError, stanza.InternalServerError},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := open(t, nil)
				requests := s.IQs(t.Context())
				p.say(requestOf("r1", "set", versionQuery))
				r := <-requests
				require.Equal(t, "r1", r.IQ.ID)
				require.Equal(t, romeo, r.IQ.From)
				require.Error(t, r.Reply(t.Context(), make(chan int)), "no XML")
				require.NoError(t, c.answer(t.Context(), r), "after that, it may still be answered")
				require.ErrorIs(t, r.Reply(t.Context(), nil), xmpp.ErrAnswered)
				require.ErrorIs(t, r.Fail(t.Context(), stanza.BadRequest), xmpp.ErrAnswered)
				answer := p.hearIQ()
				require.Equal(t, "r1", answer.ID)
				require.Equal(t, c.typ, answer.Type)
				if c.cond != "" {
					require.Equal(t, c.cond, answer.Error.Condition)
					require.Empty(t, answer.Error.Text)
				}
				elapse(time.Hour) // the time for an answer passes
				for len(p.heard) > 0 {
					require.NotEqual(t, "r1", p.hearIQ().ID, "a second answer")
				}
			})
		})
	}
}

// One that is taken and not answered is answered for its taker, after the stated time.
func TestRequestThatIsNotAnsweredInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, &xmpp.Options{RequestTimeout: 20 * time.Second})
		requests := s.IQs(t.Context())
		start := time.Now()
		p.say(requestOf("r1", "get", versionQuery))
		r := <-requests
		answer := p.hearIQ()
		require.Equal(t, 20*time.Second, time.Since(start))
		require.Equal(t, "r1", answer.ID)
		require.ErrorIs(t, answer.Error, stanza.InternalServerError)
		require.ErrorIs(t, r.Reply(t.Context(), nil), xmpp.ErrAnswered)
	})
}

// So is one that nobody takes from its channel: its sender does not wait for ever.
func TestRequestThatIsNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, &xmpp.Options{RequestTimeout: 20 * time.Second})
		ctx, cancel := context.WithCancel(t.Context())
		requests := s.IQs(ctx)
		p.say(requestOf("late", "get", versionQuery))
		answer := p.hearIQ()
		require.Equal(t, "late", answer.ID)
		require.ErrorIs(t, answer.Error, stanza.InternalServerError)
		require.ErrorIs(t, (<-requests).Reply(t.Context(), nil), xmpp.ErrAnswered)

		p.say(requestOf("gone", "get", versionQuery))
		synctest.Wait()
		cancel()
		answer = p.hearIQ()
		require.Equal(t, "gone", answer.ID)
		require.ErrorIs(t, answer.Error, stanza.ServiceUnavailable, "its channel has closed: there is no handler any more")
		_, ok := <-requests
		require.False(t, ok)
	})
}

// A request that is still unanswered when the session ends can't be answered, and says so.
func TestRequestAfterTheEnd(t *testing.T) {
	forEachEnding(t, func(t *testing.T, e ending) {
		s, p := open(t, nil)
		requests := s.IQs(t.Context())
		p.say(requestOf("taken", "get", versionQuery))
		r := <-requests
		e.end(s, p)
		synctest.Wait()
		require.ErrorIs(t, r.Reply(context.Background(), nil), e.call)
		_, ok := <-requests
		require.False(t, ok)
	})
}

// Close drops a request that was not taken; it's answered at most once, and nothing hangs.
func TestRequestNotTakenBeforeClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		requests := s.IQs(t.Context())
		p.say(requestOf("one", "get", versionQuery) + requestOf("two", "get", versionQuery))
		synctest.Wait()
		start := time.Now()
		require.NoError(t, s.Close())
		require.Zero(t, time.Since(start))
		_, ok := <-requests
		require.False(t, ok)
		<-p.ended
		answers := map[string]int{}
		for len(p.heard) > 0 {
			answers[p.hearIQ().ID]++
		}
		for id, n := range answers {
			require.Equal(t, 1, n, id)
		}
		elapse(time.Hour) // no timer of a request is left
	})
}

// Patterns say which requests a channel gets; handlers that are more specific come first.
func TestIQsOfPatterns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		xmpp.OnGet(s, func(context.Context, *stanza.IQ, version) (any, error) { return version{Name: "handler"}, nil })
		patterns := []xmpp.Pattern{{Type: "set"}, {Space: "jabber:iq:version"}}
		requests := s.IQs(t.Context(), patterns...)
		require.Equal(t, []xmpp.Pattern{{Type: "set"}, {Space: "jabber:iq:version"}}, patterns, "the caller's list is its own")
		p.say(requestOf("h", "get", versionQuery))
		require.Equal(t, "h", p.hearIQ().ID)
		p.say(requestOf("c1", "set", `<x xmlns='urn:x'/>`) + requestOf("n", "get", `<x xmlns='urn:x'/>`) + requestOf("c2", "set", versionQuery))
		for _, id := range []string{"c1", "c2"} {
			r := <-requests
			require.Equal(t, id, r.IQ.ID)
			require.NoError(t, r.Reply(t.Context(), nil))
		}
		got := []string{p.hearIQ().ID, p.hearIQ().ID, p.hearIQ().ID}
		require.ElementsMatch(t, []string{"c1", "n", "c2"}, got)
	})
}
