package muc

import (
	"testing"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// What a room answers to our having given up is no answer to the next attempt.
func TestJoinAgain(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		s := srv.Session(t, "alice", nil)
		for range 3 {
			_, err := Join(t.Context(), s, in(srv, "alice"), &Options{MustExist: true})
			require.ErrorIs(t, err, stanza.ItemNotFound)
			r, err := Join(t.Context(), s, in(srv, "alice"), nil)
			require.NoError(t, err)
			require.NoError(t, r.Leave(t.Context()))
		}
	})
}
