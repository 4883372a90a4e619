package xmpp_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// resumes counts the requests to resume that the server has heard from alice, alone or with a login.
func resumes(srv *xmpptest.Server) (n int) {
	for _, e := range srv.Transcript("") {
		n += strings.Count(e.XML, "<resume ")
	}
	return n
}

// TestStoppedBeforeItLogsIn: a process that is replaced while it connects (see TestStoppedWhileItConnects) does not send the
// login, either, that would bring its request to resume.
func TestStoppedBeforeItLogsIn(t *testing.T) {
	perform(t, xmpptest.Options{SASL2: &xmpptest.SASL2{}}, func(t *testing.T, srv *xmpptest.Server) {
		o := srv.Options("alice")
		o.Store = xmpp.FileStore(t.TempDir())
		usual, again := o.Dial, false
		o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if again {
				b, version, err := o.Store.Load(ctx, streamKey)
				require.NoError(t, err)
				_, err = o.Store.Save(ctx, streamKey, b, version)
				require.NoError(t, err)
			}
			again = true
			return usual(ctx, network, addr)
		}
		r := run(t, xmpp.NewClient(srv.JID("alice/bot"), o))
		elapse(time.Second)
		srv.DropConns()
		elapse(time.Minute)
		require.Zero(t, resumes(srv))
		require.ErrorIs(t, <-r.err, xmpp.ErrTakenOver)
	})
}

// TestResumeWithoutItsFeature: whether to ask for the old stream is decided by what the server offers; and where the request is
// out already, because the server had offered it the last time, its answer counts.
func TestResumeWithoutItsFeature(t *testing.T) {
	for name, c := range map[string]struct {
		forget   bool // what the server has offered the last time
		requests int
		state    xmpp.StateKind // after the loss
	}{
		"asked before the features": {false, 1, xmpp.Resumed},
		"not asked":                 {true, 0, xmpp.Online},
	} {
		t.Run(name, func(t *testing.T) {
			perform(t, xmpptest.Options{Tamper: func(e xmpptest.Exchange) string {
				if e.Conn > 1 && e.Step == xmpptest.StepFeatures && e.User != "" {
					return strings.ReplaceAll(e.XML, "<sm xmlns='urn:xmpp:sm:3'/>", "")
				}
				return e.XML
			}}, func(t *testing.T, srv *xmpptest.Server) {
				o := srv.Options("alice")
				o.Store = xmpp.FileStore(t.TempDir())
				a := enterWith(t, srv, "alice/bot", o)
				if c.forget {
					const key = "login alice@canto.test/bot"
					_, version, err := o.Store.Load(t.Context(), key)
					require.NoError(t, err)
					_, err = o.Store.Save(t.Context(), key, nil, version)
					require.NoError(t, err)
				}
				srv.DropConns()
				a.become(xmpp.Suspended, c.state)
				require.Equal(t, c.requests, resumes(srv))
				require.EqualValues(t, 2, srv.Stats().Conns)
			})
		})
	}
}

// TestResumeIsRefusedOnce: what was refused with the login is not asked for again before the binding.
func TestResumeIsRefusedOnce(t *testing.T) {
	perform(t, xmpptest.Options{SASL2: &xmpptest.SASL2{NoBind: true}}, func(t *testing.T, srv *xmpptest.Server) {
		a := enter(t, srv, "alice")
		srv.DropConns()
		a.become(xmpp.Suspended)
		synctest.Wait()
		require.Equal(t, 1, srv.ForgetSuspended("alice"))
		a.become(xmpp.Online)
		require.Equal(t, 1, resumes(srv))
	})
}
