package xmpp_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

// A target is a bound endpoint of either kind that a test plays an attack against.
type target struct {
	xmpp.Endpoint
	*peer
	session  *xmpp.Session // a Client's first one
	messages func(ctx context.Context, types ...stanza.MessageType) <-chan *stanza.Message
	close    func() // ends what messages returns, once what was received was taken
}

// underAttack runs f against a Session and against a Client, each in a bubble of its own, whose server listens.
func underAttack(t *testing.T, o *xmpp.Options, features string, f func(t *testing.T, s *target)) {
	for name, begin := range map[string]func(*testing.T, *xmpp.Options, string) *target{"Session": sessionUnderAttack, "Client": clientUnderAttack} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := begin(t, o, features)
				s.listen()
				f(t, s)
			})
		})
	}
}

func sessionUnderAttack(t *testing.T, o *xmpp.Options, features string) *target {
	s, p := openDeaf(t, o, features)
	return &target{s, p, s, s.Messages, func() {}}
}

// clientUnderAttack is a Client that finds no second connection.
func clientUnderAttack(t *testing.T, o *xmpp.Options, features string) *target {
	o = inClear(o)
	ours, theirs := net.Pipe()
	p := newPeer(t, theirs)
	first := true
	o.Addr = "server.example:5222"
	o.Dial = func(context.Context, string, string) (net.Conn, error) {
		if !first {
			return nil, errNoRoute
		}
		first = false
		return ours, nil
	}
	played := make(chan error, 1)
	go func() { played <- p.login(features) }()
	c := xmpp.NewClient(juliet, o)
	r := run(t, c)
	s, err := c.Session(t.Context())
	require.NoError(t, err)
	require.NoError(t, <-played)
	t.Cleanup(func() {
		theirs.Close()
		r.stop()
	})
	return &target{c, p, s, c.Messages, func() { elapse(time.Second); r.stop() }}
}

// manage lets the server agree to stream management, which it must have offered.
func (s *target) manage() {
	s.t.Helper()
	require.Equal(s.t, "enable", s.hear().Name().Local)
	s.say("<enabled xmlns='urn:xmpp:sm:3'/>")
}

// goesOn requires that the session takes a message as if nothing had been.
func (s *target) goesOn() {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	inbox := s.messages(ctx, stanza.Headline)
	s.say(`<message from='%s' type='headline'><body>next</body></message>`, romeo)
	require.Equal(s.t, "next", (<-inbox).Body)
	require.NoError(s.t, s.session.Err())
}
