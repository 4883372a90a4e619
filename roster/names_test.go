package roster_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestNamesDecideNothing holds that who may push, who is available, who is asked about and who is answered is decided by
// address: another contact with bob's name, who says that this is his nickname (XEP-0172), gets nothing of what is bob's (RFC
// 8266 §1.1, §6.1).
func TestNamesDecideNothing(t *testing.T) {
	t.Attr("conformance", "8266-1.1-1 8266-6.1-1")
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		alice, bob, eve := newParty(t, srv, "alice"), srv.JID("bob"), srv.JID("eve")
		says := func(xml string) {
			require.NoError(t, srv.Inject("alice", xml))
			synctest.Wait()
		}
		says("<iq type='set' id='p1'>" + queryOf("<item jid='bob@canto.test' name='alice@canto.test' subscription='both'/>") + "</iq>")
		says("<iq type='set' id='p2'>" + queryOf("<item jid='eve@canto.test' name='alice@canto.test'/>") + "</iq>")
		var asked []roster.Request
		require.NoError(t, alice.HandleRequests(t.Context(), roster.Ask, func(_ context.Context, rq roster.Request) error {
			asked = append(asked, rq)
			return nil
		}))

		const nick = "<nick xmlns='http://jabber.org/protocol/nick'>alice@canto.test</nick>"
		says("<presence from='eve@canto.test/x'>" + nick + "</presence>")
		assert.Nil(t, alice.Best(bob))
		says("<presence from='eve@canto.test' type='subscribe'>" + nick + "</presence>")
		require.Len(t, asked, 1, "bob's subscription is not hers")
		assert.Equal(t, eve, asked[0].From)
		assert.Equal(t, roster.State{Subscription: roster.Both}, alice.State(bob))
		assert.Equal(t, roster.State{Subscription: roster.None, PendingIn: true}, alice.State(eve))
		says("<presence from='bob@canto.test' type='subscribe'>" + nick + "</presence>")
		assert.Len(t, asked, 1, "granted already")
		says("<iq from='eve@canto.test' type='set' id='p3'>" + queryOf("<item jid='mallory@canto.test' name='alice@canto.test' subscription='both'/>") + "</iq>")
		assert.Equal(t, 2, alice.Len(), "a push of hers")
		assert.Empty(t, heard(t, srv, func(e stanza.Element) bool { return e.Attr("type") == "subscribed" }))
	})
}
