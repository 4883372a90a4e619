package xmpp_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// slice is how exactly a Send keeps its deadline while the server takes no bytes.
const slice = 50 * time.Millisecond

// A ctx bounds Send although the server takes no bytes; when it goes on, the stream is whole: nothing is missing, cut or
// twice.
func TestSendHeedsItsContextWhileStalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const senders = 20
		s, p := openDeaf(t, &xmpp.Options{Limits: xmpp.Limits{SendBytes: 1000}}, bindFeature)
		results := make([]error, senders)
		for i := range senders {
			start := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			results[i] = s.Send(ctx, &stanza.Message{To: romeo, Body: strconv.Itoa(i), ID: fmt.Sprintf("%0100d", i)})
			cancel()
			require.LessOrEqual(t, time.Since(start), time.Second+slice)
			if results[i] != nil { // there is no room any more
				require.ErrorIs(t, results[i], context.DeadlineExceeded)
			} else if i == 0 {
				require.GreaterOrEqual(t, time.Since(start), time.Second, "the first one writes")
			}
		}
		require.NoError(t, s.Err())
		require.NoError(t, results[1])
		require.Error(t, results[senders-1])

		p.listen() // the server goes on
		for i, err := range results {
			if err == nil {
				require.Equal(t, strconv.Itoa(i), p.hearStanza().(*stanza.Message).Body)
			}
		}
		synctest.Wait()
		p.hearNothing()
		require.NoError(t, s.Send(t.Context(), &stanza.Message{To: romeo, Body: "again"}))
		require.Equal(t, "again", p.hearStanza().(*stanza.Message).Body)
		require.Equal(t, 1, goroutines(t), "nobody drains any more")
		require.NoError(t, s.Close())
	})
}

// Under TLS, too, where a write that times out would break the connection for ever.
func TestSendHeedsItsContextWhileStalledUnderTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		alice := srv.Session(t, "alice", nil)
		bob := srv.Session(t, "bob", nil)
		inbox := bob.Messages(t.Context())
		srv.Freeze()
		sent := 0
		for i := range 40 {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			start := time.Now()
			if alice.Send(ctx, &stanza.Message{To: bob.JID(), Body: strconv.Itoa(i)}) == nil {
				sent++
			}
			require.LessOrEqual(t, time.Since(start), 100*time.Millisecond+slice)
			cancel()
		}
		srv.Thaw()
		for i := range sent {
			require.Equal(t, strconv.Itoa(i), (<-inbox).Body)
		}
		require.NoError(t, alice.Close())
	})
}

// Without a ctx that ends, Send waits for as long as a server may take no bytes; then the connection is dead.
func TestStalledForTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := openDeaf(t, &xmpp.Options{DeadAfter: 20 * time.Second}, bindFeature)
		start := time.Now()
		err := s.Send(context.Background(), &stanza.Message{To: romeo, Body: "hello?"})
		require.ErrorIs(t, err, xmpp.ErrUnknownDelivery)
		require.ErrorIs(t, err, xmpp.ErrPeerSilent)
		require.InDelta(t, 20, time.Since(start).Seconds(), 2*slice.Seconds())
		<-s.Done()
		require.ErrorIs(t, s.Err(), xmpp.ErrPeerSilent)
	})
}

// What a sender has left behind is dead after the same time, and so is the session.
func TestStalledForTooLongWithoutASender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := openDeaf(t, &xmpp.Options{DeadAfter: 20 * time.Second, Keepalive: -1}, bindFeature)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.NoError(t, s.Send(ctx, &stanza.Message{To: romeo, Body: "hello?"}))
		start := time.Now()
		<-s.Done()
		require.ErrorIs(t, s.Err(), xmpp.ErrPeerSilent)
		require.InDelta(t, 20, time.Since(start).Seconds(), 2*slice.Seconds())
		require.Zero(t, goroutines(t))
	})
}

// A server that takes a byte now and then is slow, not dead.
func TestSlowIsNotStalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openDeaf(t, &xmpp.Options{DeadAfter: 20 * time.Second, Keepalive: -1}, bindFeature)
		sent := make(chan error, 1)
		go func() {
			sent <- s.Send(context.Background(), &stanza.Message{To: romeo, Body: "hello?"})
		}()
		buf := make([]byte, 1)
		for range 30 {
			elapse(19 * time.Second)
			_, err := p.conn.Read(buf)
			require.NoError(t, err)
		}
		go func() {
			for {
				if _, err := p.conn.Read(buf); err != nil {
					return
				}
			}
		}()
		require.NoError(t, <-sent)
	})
}
