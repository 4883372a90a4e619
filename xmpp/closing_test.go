package xmpp_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

// awaitClose reads until the client has closed its stream, and returns all that it said.
func (p *peer) awaitClose() string {
	var said strings.Builder
	buf := make([]byte, 4096)
	for !strings.HasSuffix(said.String(), streamClose) {
		n, err := p.conn.Read(buf)
		said.Write(buf[:n])
		if err != nil {
			break
		}
	}
	return said.String()
}

// The closing handshake of RFC 6120 §4.4: after our </stream:stream> nothing more is sent, whatever comes; what comes is
// read until the server has closed its side, or for CloseTimeout; and none of it is a failure.
func TestClosingHandshake(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(p *peer) // what the server does once it has read our end
		took time.Duration // how long Close takes; CloseTimeout is 5 s
	}{
		{"answered at once", func(p *peer) { p.say(streamClose) }, 0},
		{"answered late", func(p *peer) { elapse(3 * time.Second); p.say(streamClose) }, 3 * time.Second},
		{"answered too late", func(p *peer) { elapse(7 * time.Second); _, _ = io.WriteString(p.conn, streamClose) }, 5 * time.Second},
		{"never answered", func(*peer) {}, 5 * time.Second},
		{"the connection is closed", func(p *peer) { p.conn.Close() }, 0},
		{"stanzas, then the end", func(p *peer) {
			p.say(chatOf("too late") + requestOf("r1", "get", versionQuery) + "<presence from='a@b'/>")
			elapse(time.Second)
			p.say(streamClose)
		}, time.Second},
		{"stanzas without end", func(p *peer) {
			for {
				elapse(100 * time.Millisecond)
				if _, err := io.WriteString(p.conn, chatOf("still here")); err != nil {
					return
				}
			}
		}, 5 * time.Second},
		{"a stanza that can't be read", func(p *peer) { p.say("<iq from='@' type='get' id='x'/>" + streamClose) }, 0},
		{"a stream error", func(p *peer) { p.say(streamConflict) }, 0},
		{"what is no XML", func(p *peer) { _, _ = io.WriteString(p.conn, "<a></b>") }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := openDeaf(t, nil, bindFeature)
				inbox := s.Messages(t.Context())
				afterwards := make(chan string, 1)
				go func() {
					said := p.awaitClose()
					go func() {
						rest, _ := io.ReadAll(p.conn) // until one side closes it
						afterwards <- string(rest)
					}()
					if said == streamClose {
						c.do(p)
					}
				}()
				start := time.Now()
				require.NoError(t, s.Close())
				require.Equal(t, c.took, time.Since(start))
				require.NoError(t, s.Err())
				_, open := <-inbox
				require.False(t, open, "nothing is handed over any more")
				require.Empty(t, <-afterwards)
				require.ErrorIs(t, s.Send(t.Context(), &stanza.Presence{}), xmpp.ErrClosed)
				elapse(time.Minute)
				require.Zero(t, goroutines(t))
			})
		})
	}
}

// What the server acknowledges after our end counts (XEP-0198 §4): Deliver that waits is told.
func TestClosingHandshakeAcknowledges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openDeaf(t, nil, bindFeature+smFeature)
		said := make(chan string, 1)
		go func() { said <- p.awaitClose() }()
		p.say("<enabled xmlns='urn:xmpp:sm:3'/>")
		delivered := make(chan error, 1)
		go func() { delivered <- s.Deliver(context.Background(), &stanza.Message{To: romeo, Body: "at last"}) }()
		synctest.Wait()
		closed := make(chan error, 1)
		go func() { closed <- s.Close() }()
		require.Contains(t, <-said, "at last")
		p.say("<a xmlns='urn:xmpp:sm:3' h='1'/>")
		synctest.Wait()
		require.Len(t, delivered, 1)
		require.NoError(t, <-delivered)
		p.say(streamClose)
		require.NoError(t, <-closed)
	})
}

// When the server closes its side first, it gets what we still have to say, and our end (RFC 6120 §4.4: it waits for that),
// unless it takes no bytes for CloseTimeout.
func TestServerClosesWhileWeAreSpeaking(t *testing.T) {
	for _, c := range []struct {
		name    string
		listens time.Duration // after which the server reads on; negative: never
		took    time.Duration
	}{
		{"it listens", 3 * time.Second, 3 * time.Second},
		{"it does not", -1, 5 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := openDeaf(t, nil, bindFeature)
				for _, body := range []string{"first", "second"} {
					ctx, cancel := context.WithTimeout(t.Context(), slice)
					require.NoError(t, s.Send(ctx, &stanza.Message{To: romeo, Body: body}))
					cancel()
				}
				p.say(streamClose)
				start := time.Now()
				if c.listens > 0 {
					elapse(c.listens)
					p.listen()
					for _, body := range []string{"first", "second"} {
						require.Equal(t, body, p.hearStanza().(*stanza.Message).Body)
					}
					<-p.ended
					require.ErrorIs(t, p.err, io.EOF, "our end")
				}
				<-s.Done()
				require.Equal(t, c.took, time.Since(start))
				require.ErrorIs(t, s.Err(), xmpp.ErrPeerClosed)
				elapse(time.Minute)
				require.Zero(t, goroutines(t))
			})
		})
	}
}
