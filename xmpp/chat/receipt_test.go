package chat

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/disco"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestReceiptFor holds which messages have a receipt (XEP-0184 §5, §7).
func TestReceiptFor(t *testing.T) {
	const request = "<request xmlns='urn:xmpp:receipts'/>"
	for _, c := range []struct {
		kind   stanza.MessageType
		inside string
		want   bool
	}{
		{stanza.Chat, "<body>x</body>" + request, true},
		{stanza.Normal, request, true},
		{stanza.Headline, request, true},
		{stanza.GroupChat, request, false},
		{stanza.Chat, "<body>x</body>", false},
		{stanza.Chat, request + "<received xmlns='urn:xmpp:receipts' id='x'/>", false},
		{stanza.Chat, request + "<received xmlns='urn:xmpp:receipts'/>", false},
		{stanza.Chat, "<request xmlns='urn:x'/>", false},
	} {
		m := with(t, c.kind, c.inside)
		r := ReceiptFor(m)
		require.Equal(t, c.want, r != nil, c.inside)
		if r == nil {
			continue
		}
		got, ok := stanza.Find[Receipt](r)
		assert.True(t, ok)
		assert.Equal(t, []any{"m1", m.From, m.Type, ""}, []any{got.ID, r.To, r.Type, r.Body})
		assert.Len(t, r.Payloads, 1)
		assert.Nil(t, ReceiptFor(r))
	}
	request0 := []stanza.Element{stanza.Payload(ReceiptRequest{})}
	assert.Nil(t, ReceiptFor(&stanza.Message{Type: stanza.Chat, Payloads: request0}), "it has no ID")
	assert.Nil(t, ReceiptFor(&stanza.Message{ID: "x", Type: stanza.MessageError, Payloads: request0}))
}

// TestAnswerReceipts holds who is answered by itself: who is trusted, and not ourselves, and not after remove.
func TestAnswerReceipts(t *testing.T) {
	t.Attr("conformance", "0479-receipts")
	synctest.Test(t, func(t *testing.T) {
		alice, bob, _ := pair(t)
		take := collect(bob)
		ask := func(s *xmpp.Session) (answers int) {
			require.NoError(t, s.Send(t.Context(), &stanza.Message{ID: "r", To: alice.JID(), Type: stanza.Chat, Body: "x", Payloads: []stanza.Element{stanza.Payload(ReceiptRequest{})}}))
			for _, m := range take() {
				r, ok := stanza.Find[Receipt](m)
				assert.True(t, ok && r.ID == "r")
				answers++
			}
			return answers
		}
		assert.Zero(t, ask(bob))
		remove := AnswerReceipts(alice, nil)
		assert.Equal(t, 1, ask(bob))
		assert.True(t, disco.Of(alice).Self().Has("urn:xmpp:receipts"))
		mine := collect(alice)
		require.NoError(t, alice.Send(t.Context(), &stanza.Message{ID: "r", To: alice.JID(), Type: stanza.Chat, Payloads: []stanza.Element{stanza.Payload(ReceiptRequest{})}}))
		assert.Len(t, mine(), 1, "nothing answers ourselves")
		remove()
		assert.Zero(t, ask(bob))
		assert.False(t, disco.Of(alice).Self().Has("urn:xmpp:receipts"))
		trusted := jid.JID{}
		remove = AnswerReceipts(alice, func(who jid.JID) bool { return who == trusted })
		assert.Zero(t, ask(bob), "XEP-0184 §8: he would learn that we're online")
		trusted = bob.JID()
		assert.Equal(t, 1, ask(bob))
		remove()
	})
}

// TestReceiptsForOurself holds that what comes from our own account, which need not be said, is not answered.
func TestReceiptsForOurself(t *testing.T) {
	srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
	alice := srv.Session(t, "alice", nil)
	AnswerReceipts(alice, nil)
	for _, from := range []string{"", " from='alice@canto.test'", " from='alice@canto.test/x'", " from='bob@canto.test/x'"} {
		require.NoError(t, srv.Inject("alice", "<message id='r' type='chat'"+from+"><request xmlns='urn:xmpp:receipts'/></message>"))
	}
	_, err := srv.Await(t.Context(), func(e xmpptest.Entry) bool { return strings.Contains(e.XML, "to='bob@canto.test/x'") })
	require.NoError(t, err)
	for _, e := range srv.Transcript("alice") {
		if strings.Contains(e.XML, "<received ") {
			assert.Contains(t, e.XML, "to='bob@canto.test/x'")
		}
	}
}

// TestSupport holds that what a program takes care of is declared while it does.
func TestSupport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alice, _, _ := pair(t)
		remove := Support(alice, append(ConversationFeatures, FeatureStyling)...)
		for _, f := range []string{"urn:xmpp:message-correct:0", "urn:xmpp:reactions:0", "urn:xmpp:message-retract:1", "urn:xmpp:chat-markers:0",
			"urn:xmpp:fallback:0", "urn:xmpp:reply:0", "urn:xmpp:styling:0"} {
			assert.True(t, disco.Of(alice).Self().Has(f), f)
		}
		remove()
		assert.False(t, disco.Of(alice).Self().Has("urn:xmpp:styling:0"))
	})
}
