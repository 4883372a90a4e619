package muc

import (
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

func TestRegister(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		alice, bob := visitor(t, srv, "alice", nil), visitor(t, srv, "bob", nil)
		nick, err := bob.ReservedNick(t.Context())
		require.NoError(t, err)
		require.Empty(t, nick)
		filled := false
		require.NoError(t, bob.Register(t.Context(), "robert", func(f *form.Form) error {
			filled = f.Value("muc#register_roomnick") == "robert"
			return nil
		}))
		require.True(t, filled)
		nick, err = bob.ReservedNick(t.Context())
		require.NoError(t, err)
		require.Equal(t, "robert", nick)
		synctest.Wait()
		self, _ := bob.Self()
		require.Equal(t, Member, self.Affiliation)
		require.ErrorIs(t, alice.SetNick(t.Context(), "robert"), stanza.Conflict)
		require.NoError(t, bob.Unregister(t.Context()))
		nick, err = bob.ReservedNick(t.Context())
		require.NoError(t, err)
		require.Empty(t, nick)
		_, err = Manage(alice.hub.e, srv.JID("nobody")).ReservedNick(t.Context())
		require.NoError(t, err)
	})
}
