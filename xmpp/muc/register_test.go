package muc

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/specexample"
	"github.com/canto-im/canto/jid"
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

// Who decides about members gets the form of XEP-0045 §9.9 from the room, and answers it; from an occupant it's a whisper.
func TestMembershipRequest(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *xmpptest.Server) {
		alice := visitor(t, srv, "alice", nil)
		events := alice.Events(t.Context())
		take(t, events, 1)
		asks := specexample.Get(t, "testdata/xep0045.xml", "151").Find(t, "jabber:x:data", "x")
		require.NoError(t, srv.Inject("alice", "<message from='"+alice.JID().String()+"/mallory'>"+asks+"</message>"))
		require.True(t, take(t, events, 1)[0].(*Message).Private)
		require.NoError(t, srv.Inject("alice", "<message from='"+alice.JID().String()+"'>"+asks+"</message>"))
		rq := take(t, events, 1)[0].(*Request)
		require.True(t, rq.Membership)
		require.Equal(t, "thirdwitch", rq.Nick)
		require.True(t, rq.JID.IsZero(), "the form does not say it")
		require.Equal(t, "hag66@witchesonline", rq.Form.Value("muc#register_email"))

		said := make(chan string, 2)
		defer srv.Intercept(func(_ jid.JID, xml string) bool {
			said <- xml
			return true
		})()
		for _, grant := range []bool{true, false} {
			require.NoError(t, alice.Answer(t.Context(), rq, grant))
			m := parsed[*stanza.Message](strings.Replace(take(t, said, 1)[0], "<message", "<message xmlns='jabber:client'", 1))
			require.Equal(t, alice.JID(), m.To)
			f, ok := stanza.Find[form.Form](m)
			require.True(t, ok)
			require.Equal(t, form.Answer, f.Type)
			require.Equal(t, ns.MUCRegister, f.FormType())
			got, err := form.Get[bool](f.Fields, "muc#register_allow")
			require.NoError(t, err)
			require.Equal(t, grant, got)
			require.Equal(t, "thirdwitch", f.Value("muc#register_roomnick"))
			require.Equal(t, "0", rq.Form.Value("muc#register_allow"), "what was asked stays as it is")
		}
	})
}
