package xmpp_test

import (
	"context"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// bubble is the number of a bubble in the first line of a stack.
var bubble = regexp.MustCompile(`synctest bubble \d+`)

// goroutines counts the goroutines that package xmpp has started in this bubble, once nothing moves in it.
func goroutines(t *testing.T) (n int) {
	t.Helper()
	synctest.Wait()
	buf := make([]byte, 4<<20)
	all := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
	ours := bubble.FindString(all[0]) // the caller's comes first
	require.NotEmpty(t, ours)
	for _, stack := range all {
		head, _, _ := strings.Cut(stack, "\n")
		if bubble.FindString(head) == ours && strings.Contains(stack, "\ncreated by github.com/canto-im/canto/xmpp.") {
			n++
		}
	}
	return n
}

// Promise 2: one goroutine when idle, at most two when busy, none after Close.
func TestGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		require.Zero(t, goroutines(t))
		s, p := open(t, nil)
		require.Equal(t, 1, goroutines(t), "idle")

		release := make(chan struct{})
		xmpp.OnMessage(s, func(context.Context, *stanza.Message) error { <-release; return nil })
		channel := s.Presences(t.Context())
		require.Equal(t, 1, goroutines(t), "handlers and channels cost none")
		for range 100 {
			p.say(chatOf("work"))
		}
		answered := make(chan error, 10)
		for range cap(answered) {
			go func() { answered <- xmpp.Set(t.Context(), s, romeo, version{}) }()
		}
		require.Equal(t, 2, goroutines(t), "busy, with calls under way")

		close(release)
		for range cap(answered) {
			p.say(`<iq type='result' id='%s' from='%s'/>`, p.hearIQ().ID, romeo)
			require.NoError(t, <-answered)
		}
		require.Equal(t, 1, goroutines(t), "idle again")

		require.NoError(t, s.Close())
		require.Zero(t, goroutines(t), "closed")
		_, open := <-channel
		require.False(t, open)
	})
}

// The same over TLS, with a server that ends the session.
func TestGoroutinesOverTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		s := srv.Session(t, "alice", nil)
		require.Equal(t, 1, goroutines(t))
		srv.CloseStream("alice", "system-shutdown")
		<-s.Done()
		require.Zero(t, goroutines(t))
	})
}

// The reader never waits for user code: with a handler that never returns, answers are found, acknowledgements given, and
// the end is noticed.
func TestReaderDoesNotWaitForHandlers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openDeaf(t, nil, bindFeature+smFeature)
		p.listen()
		require.Equal(t, "enable", p.hear().Name().Local)
		p.say("<enabled xmlns='urn:xmpp:sm:3'/>")
		hang := make(chan struct{})
		defer close(hang)
		xmpp.OnMessage(s, func(context.Context, *stanza.Message) error { <-hang; return nil })
		p.say(chatOf("hang"))

		answered := make(chan error, 1)
		go func() { answered <- xmpp.Set(t.Context(), s, romeo, version{}) }()
		p.say(`<iq type='result' id='%s' from='%s'/>`, p.hearIQ().ID, romeo)
		require.NoError(t, <-answered)

		for range 2 { // ours for the server, its for us
			p.say("<r xmlns='urn:xmpp:sm:3'/>")
		}
		acks := 0
		for acks < 2 {
			if e := p.hear(); e.Name().Local == "a" {
				acks++
				require.Equal(t, "0", e.Attr("h"), "a stanza in a handler's hands is not yet handled")
			}
		}

		p.say(streamConflict)
		<-s.Done()
		require.ErrorIs(t, s.Err(), xmpp.Conflict)
	})
}
