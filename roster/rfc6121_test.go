package roster_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// heard returns what the server has heard from alice of one kind: elements whose payload or name is that.
func heard(t *testing.T, srv *xmpptest.Server, wants func(stanza.Element) bool) (list []stanza.Element) {
	t.Helper()
	for _, e := range srv.Transcript("alice") {
		el, err := stanza.ParseElement(e.XML)
		require.NoError(t, err)
		if wants(el) {
			list = append(list, el)
		}
	}
	return list
}

// rosterIQ wants roster requests of a type.
func rosterIQ(typ string) func(stanza.Element) bool {
	return func(e stanza.Element) bool {
		return e.Attr("type") == typ && !e.Child("jabber:iq:roster", "query").IsZero()
	}
}

// TestRFC6121RosterRequests: gets and sets as they go over the wire (RFC 6121 §2.1.2, §2.1.3, §2.1.5): a get holds no item, a
// set exactly one, with a jid, and without what is the server's to say.
func TestRFC6121RosterRequests(t *testing.T) {
	t.Attr("conformance", "roster-get roster-set 6121-2.1.2.1-2 6121-2.1.2.2-2 6121-2.1.2.3-1 6121-2.1.2.4-3 6121-2.1.2.5-3 6121-2.1.2.5-4 6121-2.1.2.6-1 "+
		"6121-2.1.2.6-4 6121-2.1.3-1 6121-2.1.5-1")
	srv := xmpptest.NewServer(t)
	r := open(t, srv.Session(t, "alice", nil))
	bob := srv.JID("bob")
	require.NoError(t, r.Set(soon(t), roster.Item{JID: bob, Subscription: roster.Both, Ask: true, Approved: true}))
	require.NoError(t, r.Set(soon(t), roster.Item{JID: bob, Name: "Bob", Groups: []string{"Friends", "Work"}}))
	require.NoError(t, r.Remove(soon(t), bob))
	require.NoError(t, r.Fetch(soon(t)))

	for _, get := range heard(t, srv, rosterIQ("get")) {
		for range get.Child("jabber:iq:roster", "query").Children() {
			assert.Fail(t, "an item in a get", get)
		}
	}
	var items []string
	for _, set := range heard(t, srv, rosterIQ("set")) {
		n := 0
		for item := range set.Child("jabber:iq:roster", "query").Children() {
			n++
			assert.Equal(t, bob.String(), item.Attr("jid"))
			assert.NotContains(t, item.String(), "ask=")
			assert.NotContains(t, item.String(), "approved=")
			items = append(items, strings.ReplaceAll(item.String(), " xmlns='jabber:iq:roster'", ""))
		}
		assert.Equal(t, 1, n)
	}
	require.Len(t, items, 3)
	assert.NotContains(t, items[0], "subscription=")
	assert.NotContains(t, items[0], "name=")
	assert.Contains(t, items[1], "<group>Friends</group><group>Work</group>")
	assert.Contains(t, items[2], "subscription='remove'")
}

// TestRFC6121OpaqueVersion: the version is the server's word, to be said back as it is (RFC 6121 §2.1.1).
func TestRFC6121OpaqueVersion(t *testing.T) {
	t.Attr("conformance", "roster-version 6121-2.1.1-1 6121-2.6.2-1")
	srv := xmpptest.NewServer(t)
	o := srv.Options("alice")
	o.Store = xmpp.FileStore(t.TempDir())
	s := srv.Session(t, "alice", o)
	for _, ver := range []string{"ver14", "0", "-1", " a  b ", "<&>'", "ünï", strings.Repeat("9", 300)} {
		escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", "'", "&apos;").Replace(ver)
		for _, answer := range []string{"<query xmlns='jabber:iq:roster' ver='" + escaped + "'/>", ""} { // the second time, nothing has changed
			srv.ReplaceReply("alice", "<iq type='result' id='${id}'>"+answer+"</iq>")
			r := open(t, s)
			assert.Equal(t, ver, r.Version())
			r.Close()
		}
		all := fetches(t, srv)
		assert.Equal(t, ver, all[len(all)-1])
	}
}

// TestRFC6121SubscriptionStanzas: requests go to the bare address with an id, and an answer has an id of its own (RFC 6121
// §3.1.1, §3.1.4).
func TestRFC6121SubscriptionStanzas(t *testing.T) {
	t.Attr("conformance", "presence-sub-request presence-sub-approval presence-sub-cancel presence-sub-unsubscribe 6121-3.1.1-1 6121-3.1.1-2 6121-3.1.4-2 6121-3.1.4-1")
	srv := xmpptest.NewServer(t)
	alice := newParty(t, srv, "alice")
	full := jid.MustParse("romeo@example.net/orchard")
	require.NoError(t, alice.Subscribe(soon(t), full))
	require.NoError(t, alice.Unsubscribe(soon(t), full))
	for i, answer := range []func() error{
		func() error { return alice.Approve(soon(t), full) },
		func() error { return alice.Deny(soon(t), full) },
	} {
		said(t, srv, alice, "alice", fmt.Sprintf("<presence type='subscribe' id='theirs-%d' from='%s'/>", i, full.Bare()))
		require.Len(t, alice.Requests(), 1, "nothing is answered by itself")
		require.NoError(t, answer())
		require.Empty(t, alice.Requests())
	}
	require.NoError(t, alice.Cancel(soon(t), full))
	require.NoError(t, alice.Fetch(soon(t)))

	var types []string
	for _, p := range heard(t, srv, func(e stanza.Element) bool { return e.Name().Local == "presence" && e.Attr("type") != "" }) {
		types = append(types, p.Attr("type"))
		assert.Equal(t, "romeo@example.net", p.Attr("to"))
		assert.NotEmpty(t, p.Attr("id"))
		assert.NotContains(t, p.Attr("id"), "theirs")
	}
	assert.Equal(t, []string{"subscribe", "unsubscribe", "subscribed", "unsubscribed", "unsubscribed"}, types)
}

// TestRFC6121PresenceIsVoid: with the push that ends a subscription, what was known of the contact's presence is void; no
// unavailable presence has to come first (RFC 6121 §3.3.3). One that comes from the bare address before the subscription was
// approved tells nothing (§3.1.3).
func TestRFC6121PresenceIsVoid(t *testing.T) {
	t.Attr("conformance", "6121-3.1.3-10 6121-3.3.3-7")
	srv, alice := befriended(t)
	bob := srv.JID("bob")
	said(t, srv, alice, "alice", fmt.Sprintf("<presence from='%s/phone'/>", bob))
	require.NotNil(t, alice.Best(bob))
	inject(t, srv, "ends", "", queryOf("<item jid='"+bob.String()+"' subscription='from'/>"))
	assert.Nil(t, alice.Best(bob))
	assert.Equal(t, roster.Status{Contact: bob}, alice.Status(bob))

	inject(t, srv, "pending", "", queryOf("<item jid='"+bob.String()+"' subscription='none' ask='subscribe'/>"))
	said(t, srv, alice, "alice", fmt.Sprintf("<presence from='%s' type='unavailable'/>", bob))
	assert.Equal(t, roster.State{Subscription: roster.None, PendingOut: true}, alice.State(bob))
	assert.Equal(t, roster.Status{Contact: bob}, alice.Status(bob))
}

// TestPresenceStays holds which changes of an item say nothing of the contact's presence, and that of one who was never seen
// through the roster (RFC 6121 §4.6) nothing stays when the item goes.
func TestPresenceStays(t *testing.T) {
	for _, c := range []struct {
		before, after string
		stays         bool
	}{
		{"subscription='to'", "subscription='to' name='Bob'", true},
		{"subscription='to'", "subscription='both'", true},
		{"subscription='both'", "subscription='to'", true},
		{"subscription='both'", "subscription='from'", false},
		{"subscription='to'", "subscription='none'", false},
		{"subscription='to'", "subscription='remove'", false},
		{"subscription='none'", "subscription='none' ask='subscribe'", true},
		{"subscription='from'", "subscription='none'", true},
		{"subscription='none'", "subscription='remove'", false},
	} {
		t.Run(c.before+" "+c.after, func(t *testing.T) {
			srv := xmpptest.NewServer(t)
			alice, bob := newParty(t, srv, "alice"), srv.JID("bob")
			inject(t, srv, "before", "", queryOf("<item jid='"+bob.String()+"' "+c.before+"/>"))
			said(t, srv, alice, "alice", fmt.Sprintf("<presence from='%s/phone'/>", bob))
			require.NotNil(t, alice.Best(bob))
			inject(t, srv, "after", "", queryOf("<item jid='"+bob.String()+"' "+c.after+"/>"))
			assert.Equal(t, c.stays, alice.Best(bob) != nil)
		})
	}
}
