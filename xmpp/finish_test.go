package xmpp

import (
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
