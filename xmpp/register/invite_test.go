package register_test

import (
	"testing"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/register"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

func TestParseInvitation(t *testing.T) {
	romeo, example := jid.MustParse("romeo@example.com"), jid.MustParse("example.com")
	for uri, want := range map[string]register.Invitation{
		"xmpp:juliet@example.com?register;preauth=TOKEN":    {Account: jid.MustParse("juliet@example.com"), Token: "TOKEN"},
		"xmpp:example.com?register;preauth=TOKEN":           {Account: example, Token: "TOKEN"},
		"xmpp:romeo@example.com?roster;preauth=TOKEN;ibr=y": {Account: example, Inviter: romeo, Token: "TOKEN"},
		"xmpp:example.com?register":                         {Account: example}, // XEP-0077 §13.3.1
		" XMPP:example.com/x?register;preauth=a%20b ":       {Account: example, Token: "a b", URI: "xmpp:example.com/x?register;preauth=a%20b"},
	} {
		if want.URI == "" {
			want.URI = uri
		}
		got, err := register.ParseInvitation(uri)
		require.NoError(t, err, uri)
		require.Equal(t, want, got)
	}
	for uri, says := range map[string]string{
		"xmpp:romeo@example.com?roster;preauth=TOKEN":   "to be somebody's contact",
		"xmpp:romeo@example.com?roster":                 "no invitation",
		"xmpp:romeo@example.com?message":                "no invitation",
		"xmpp:romeo@example.com":                        "no invitation",
		"xmpp://romeo@example.com?register;preauth=x":   "no invitation",
		"https://example.com/invite/#TOKEN":             "https",
		"xmpp:@?register;preauth=TOKEN":                 "jid",
		"xmpp:example.com?register;preauth=%zz":         "jid",
		"xmpp:romeo@example.com?unregister;preauth=abc": "no invitation",
	} {
		_, err := register.ParseInvitation(uri)
		require.ErrorContains(t, err, says, uri)
	}
}

// Who is invited has an account afterwards, and the inviter as a contact.
func TestInvite(t *testing.T) {
	srv := serve(t, xmpptest.Options{}, &xmpptest.Register{InviteOnly: true})
	alice := srv.Session(t, "alice", nil)
	inv, err := register.Invite(t.Context(), alice)
	require.NoError(t, err)
	require.Equal(t, srv.JID("alice"), inv.Inviter)
	require.Equal(t, srv.Domain(), inv.Account)
	require.Equal(t, "https://canto.test/invite/#"+inv.Token, inv.Page)
	require.Equal(t, time.Date(2190, 11, 6, 2, 56, 15, 0, time.UTC), inv.Expires)
	again, err := register.ParseInvitation(inv.URI)
	require.NoError(t, err)
	require.Equal(t, inv.Token, again.Token)
	s, err := register.Dial(t.Context(), bill, options(srv), &register.Request{Token: again.Token})
	require.NoError(t, err)
	require.NoError(t, s.Close())

	inv, err = register.InviteAccount(t.Context(), alice, "juliet")
	require.NoError(t, err)
	require.Equal(t, srv.JID("juliet"), inv.Account)
	inv, err = register.InviteAccount(t.Context(), alice, "")
	require.NoError(t, err)
	require.Equal(t, srv.Domain(), inv.Account)
	_, err = register.InviteAccount(t.Context(), alice, "bill")
	require.ErrorIs(t, err, stanza.Conflict)
	require.ErrorContains(t, err, `invite "bill" to register: the name is taken`)

	none := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
	_, err = register.Invite(t.Context(), none.Session(t, "alice", nil))
	require.ErrorIs(t, err, stanza.ServiceUnavailable)
}

// What servers answer to the command (XEP-0401 §5).
func TestInviteAnswers(t *testing.T) {
	srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
	s := srv.Session(t, "alice", nil)
	ask := func(status, inside string) (register.Invitation, error) {
		srv.ReplaceReply("alice", "<iq type='result' id='${id}' from='${to}'><command xmlns='http://jabber.org/protocol/commands' node='x' status='"+
			status+"'>"+inside+"</command></iq>")
		return register.Invite(t.Context(), s)
	}
	result := func(uri, more string) string {
		return "<x xmlns='jabber:x:data' type='result'><field var='uri'><value>" + uri + "</value></field>" + more + "</x>"
	}
	inv, err := ask("completed", result("xmpp:alice@canto.test?roster;preauth=t", "<field var='expiry'><value>2017-11-06T02:56:15Z</value></field>"))
	require.NoError(t, err, "a contact, and no account")
	require.Equal(t, register.Invitation{URI: "xmpp:alice@canto.test?roster;preauth=t", Expires: time.Date(2017, 11, 6, 2, 56, 15, 0, time.UTC)}, inv)
	for inside, says := range map[string]string{
		"":                                 "no invitation in it",
		"<note type='error'>No</note>":     `the server says: "No"`,
		result("https://example.com/", ""): "https",
		result("xmpp:canto.test?register;preauth=t", "<field var='FORM_TYPE' type='hidden'><value>urn:x</value></field>"): "for another purpose",
	} {
		_, err := ask("completed", inside)
		require.ErrorContains(t, err, says)
		var e *register.Error
		require.ErrorAs(t, err, &e)
	}
	_, err = ask("canceled", result("xmpp:canto.test?register;preauth=t", ""))
	require.ErrorContains(t, err, "no invitation in it")
}
