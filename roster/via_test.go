package roster_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A bare client is a Client that does not send by itself.
type bareClient struct{ *xmpp.Client }

var errBare = errors.New("not through the Client")

func (bareClient) Send(context.Context, stanza.Stanza) error             { return errBare }
func (bareClient) Do(context.Context, *stanza.IQ) (*stanza.IQ, error)    { return nil, errBare }
func (c bareClient) Deliver(ctx context.Context, st stanza.Stanza) error { return c.Send(ctx, st) }

// TestWhatAHandlerSends holds that in a handler the roster uses the session that the handler serves, for which a Client may be
// waiting; and the Client everywhere else, also in a late handler of a session that has ended.
func TestWhatAHandlerSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		c := xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
		sessions := make(chan *xmpp.Session, 10)
		c.Online = func(_ context.Context, s *xmpp.Session) error { sessions <- s; return nil }
		r := open(t, bareClient{c})
		busy, free, done := make(chan struct{}), make(chan struct{}), make(chan []error, 1)
		bob := srv.JID("bob")
		calls := func(ctx context.Context) []error {
			return []error{r.Subscribe(ctx, bob), r.Set(ctx, roster.Item{JID: bob, Name: "Bob"})}
		}
		xmpp.OnMessage(c, func(ctx context.Context, m *stanza.Message) error {
			if m.Body == "late" {
				close(busy)
				<-free
			}
			done <- calls(ctx)
			return nil
		})
		run(t, c)
		<-sessions
		require.NoError(t, srv.Inject("alice", "<message from='x@y.test'/>"))
		assert.Equal(t, []error{nil, nil}, <-done, "in a handler")
		for _, err := range calls(t.Context()) {
			assert.ErrorIs(t, err, errBare, "elsewhere")
		}
		require.NoError(t, srv.Inject("alice", "<message from='x@y.test'><body>late</body></message>"))
		<-busy
		srv.CloseStream("alice", "system-shutdown")
		<-sessions
		close(free)
		for _, err := range <-done {
			assert.ErrorIs(t, err, errBare, "in a handler of the session before")
		}
	})
}
