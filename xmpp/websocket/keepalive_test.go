package websocket_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// TestKeepalive: a client that only listens gives a sign of life, and it's no white space, which the server would not take: a
// request of XEP-0198 or XEP-0199.
func TestKeepalive(t *testing.T) {
	t.Attr("conformance", "7395-3.8-1 7395-3.8-2")
	for want, without := range map[string][]string{"ping": {"sm"}, "r": nil} {
		t.Run(want, func(t *testing.T) {
			in(t, xmpptest.Options{Without: without}, func(t *testing.T, srv *xmpptest.Server) {
				s := srv.Session(t, "alice", over(srv, "alice"))
				synctest.Wait()
				before := len(srv.Transcript("alice"))
				for range 3 { // the server talks, so that it need not be asked for a sign of life
					elapse(40 * time.Second)
					require.NoError(t, srv.Inject("alice", "<message/>"))
				}
				synctest.Wait()
				said := srv.Transcript("alice")[before:]
				require.NotEmpty(t, said)
				for _, e := range said {
					require.Contains(t, e.XML, "<"+want)
				}
				require.NoError(t, s.Close())
			})
		})
	}
}

// TestPing: a ping of the layer below is answered (RFC 6455 §5.5.3).
func TestPing(t *testing.T) {
	t.Attr("conformance", "7395-3.8-3")
	url, done := play(t, login, func(p *peer) error {
		read := p.CloseRead(p.ctx)
		err := p.Ping(p.ctx)
		_ = p.CloseNow()
		<-read.Done()
		return err
	})
	s := enter(t, url)
	require.NoError(t, outcome(t, done))
	require.Error(t, ended(t, s))
}

// elapse lets the time of the bubble go on; outside of a bubble (testing/synctest) a test must not call it.
func elapse(d time.Duration) { <-time.After(d) }
