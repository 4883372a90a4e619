package xmpp_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// TestConflictWithOurselves: a connection is given up after the request for the resource was said on it, at whatever step of the
// login. What was said may arrive later, and then the server ends the session that has it by now with a conflict: that is
// ourselves, once. Without such a connection a conflict is somebody else, and Run ends.
func TestConflictWithOurselves(t *testing.T) {
	for name, tt := range map[string]struct {
		sasl2  *xmpptest.SASL2
		silent xmpptest.Step // where the answer gets lost, in the second login
		nth    int32         // of its kind in that login
		ghost  bool
	}{
		"after the request, asked in its turn":    {silent: xmpptest.StepBind, nth: 1, ghost: true},
		"after the request behind the header":     {silent: xmpptest.StepHeader, nth: 3, ghost: true},
		"after the request that is in the login":  {sasl2: &xmpptest.SASL2{}, silent: xmpptest.StepSuccess, nth: 1, ghost: true},
		"before it":                               {silent: xmpptest.StepChallenge, nth: 1},
		"before it, and all is said in one login": {sasl2: &xmpptest.SASL2{}, silent: xmpptest.StepHeader, nth: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var left atomic.Int32
				srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, Without: []string{"sm"}, SASL2: tt.sasl2,
					Tamper: func(e xmpptest.Exchange) string {
						if e.Step == tt.silent && left.Load() > 0 && left.Add(-1) == 0 {
							return " "
						}
						return e.XML
					}})
				bot := xmpp.NewClient(srv.JID("alice/r"), srv.Options("alice"))
				states := bot.State(t.Context())
				next := func(kind xmpp.StateKind) {
					t.Helper()
					for st := range states {
						if st.Kind == kind {
							return
						}
					}
				}
				r := run(t, bot)
				next(xmpp.Online)
				left.Store(tt.nth)
				srv.DropConns()
				next(xmpp.Online)
				require.Zero(t, left.Load(), "the answer got lost")
				elapse(time.Second)
				srv.CloseStream("alice", "conflict")
				if tt.ghost {
					next(xmpp.Online)
					elapse(time.Second)
					srv.CloseStream("alice", "conflict")
				}
				require.ErrorIs(t, <-r.err, xmpp.Conflict)
			})
		})
	}
}
