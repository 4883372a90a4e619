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
		r := replacedWhileItConnects(t, srv)
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

// TestWrongGuess: what a server makes of a request that came before it had spoken (for TLS, a login, the binding), and whether
// it's asked again in peace.
func TestWrongGuess(t *testing.T) {
	const (
		again   = "is asked again"
		patient = "is asked again, and from then on waited for"
		failed  = "is not asked again"
	)
	modern := &xmpptest.SASL2{}
	for _, phase := range []struct {
		name   string
		header int // which stream header it follows
		sasl2  *xmpptest.SASL2
	}{
		{"TLS", 1, modern},
		{"login", 2, modern},
		{"binding", 3, nil},
	} {
		for _, c := range []struct {
			name, instead, only string
			want                string
		}{
			{"silence", "", "", patient},
			{"a stream error", "<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>" + streamClose, "", patient},
			{"a refusal", "<stream:features/><failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" + streamClose, "TLS", patient},
			{"the end of the stream", streamClose, "", again},
			{"something else", "<a xmlns='urn:b'/>", "", again},
			{"what is no XML", "<a b>", "", failed},
		} {
			if c.only != "" && !strings.Contains(c.only, phase.name) {
				continue
			}
			t.Run(phase.name+"/"+c.name, func(t *testing.T) {
				perform(t, xmpptest.Options{SASL2: phase.sasl2, Tamper: func(e xmpptest.Exchange) string {
					switch {
					case e.Conn != 2 || e.Header != phase.header || e.Step == xmpptest.StepHeader:
						return e.XML
					case e.Step == xmpptest.StepFeatures:
						return c.instead
					}
					return "" // what it says to the request
				}}, func(t *testing.T, srv *xmpptest.Server) {
					store := xmpp.FileStore(t.TempDir())
					login(t, srv, &xmpp.Options{Store: store})
					o := srv.Options("alice")
					o.Store = store
					s, err := xmpp.Dial(t.Context(), srv.JID("alice"), o)
					if c.want == failed {
						require.Error(t, err)
						require.EqualValues(t, 2, srv.Stats().Conns)
						return
					}
					require.NoError(t, err)
					require.NoError(t, s.Close())
					require.EqualValues(t, 3, srv.Stats().Conns)
					b, _, err := store.Load(t.Context(), "login alice@canto.test")
					require.NoError(t, err)
					require.Equal(t, c.want == patient, strings.Contains(string(b), `"patient":true`))
				})
			})
		}
	}
}

// TestRedirectOnAGuess: a server that sends us elsewhere was not guessed wrong.
func TestRedirectOnAGuess(t *testing.T) {
	perform(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
		o := srv.Options("alice")
		o.Store = xmpp.FileStore(t.TempDir())
		usual, dialled := o.Dial, []string(nil)
		o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if dialled = append(dialled, addr); len(dialled) == 3 {
				srv.Redirect("")
			}
			return usual(ctx, network, o.Addr)
		}
		for range 2 {
			s, err := xmpp.Dial(t.Context(), srv.JID("alice"), o)
			require.NoError(t, err)
			require.NoError(t, s.Close())
			srv.Redirect("elsewhere.test:5222")
		}
		require.Equal(t, []string{o.Addr, o.Addr, "elsewhere.test:5222"}, dialled)
	})
}
