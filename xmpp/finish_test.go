package xmpp

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// The end of a session may find two dispatchers on their way, one that goes to rest and one that was started to finish.
func TestFinishTwice(t *testing.T) {
	s := newSession(&link{}, (*Options)(nil).withDefaults(), nil, nil)
	ch := s.Messages(t.Context())
	s.finish()
	s.finish()
	_, open := <-ch
	require.False(t, open)
}

// A session whose reader ends it is not suspended by a write that fails meanwhile: the Client would try to resume what a
// stream error has ended.
func TestLeavingIsNotSuspended(t *testing.T) {
	for _, leaving := range []bool{false, true} {
		l := newLink(deaf{}, (*Options)(nil).withDefaults(), "")
		s := newSession(l, (*Options)(nil).withDefaults(), nil, make(chan error, 1))
		s.stream.resumable, s.leaving = true, leaving
		require.True(t, s.suspend(l, ErrPeerSilent))
		require.Equal(t, !leaving, s.suspended)
		require.Len(t, s.keeper, map[bool]int{false: 1, true: 0}[leaving])
	}
}

// deaf is a connection that can be closed.
type deaf struct{ net.Conn }

func (deaf) Close() error { return nil }
