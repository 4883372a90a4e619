package server

import (
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/ns"
	"github.com/stretchr/testify/require"
)

const rosterQuery = "<query xmlns='jabber:iq:roster'/>"

// interested is a session that has asked for the roster and sent presence.
func interested(t *testing.T, s *Server, user string) *rawClient {
	t.Helper()
	c := loggedIn(t, s, user, "x")
	c.send("<iq type='get' id='r'>%s</iq>", rosterQuery)
	require.Equal(t, "result", c.next().attr("type"))
	c.send("<presence/>")
	for c.next().attr("from") != c.jid {
	}
	return c
}

// push reads a roster push and returns its item.
func (c *rawClient) push() *Element {
	c.t.Helper()
	e := c.next()
	require.Equal(c.t, "iq", e.Name.Local, "%s", e)
	require.Equal(c.t, "set", e.attr("type"))
	c.send("<iq type='result' id='%s'/>", e.attr("id"))
	return e.child(ns.Roster, "query").first()
}

func (c *rawClient) wantPush(item string) {
	c.t.Helper()
	got := c.push()
	want, err := snippet(strings.Replace(item, "<item", "<item xmlns='jabber:iq:roster'", 1))
	require.NoError(c.t, err)
	p := &player{script: &Script{Vars: map[string]string{}}}
	require.NoError(c.t, p.match(want, got, false), "%s", got)
}

// TestHandshake follows the subscription of RFC 6121 §3.1, both ways, and its end in §3.2 and §3.3.
func TestHandshake(t *testing.T) {
	s := startServer(t, Options{})
	romeo, juliet := interested(t, s, "alice"), interested(t, s, "bob")
	romeo.send("<presence to='bob@canto.test/x' type='subscribe' id='1'><nick xmlns='urn:n'>R</nick></presence>")
	romeo.wantPush("<item jid='bob@canto.test' subscription='none' ask='subscribe'/>")
	juliet.want("<presence from='alice@canto.test' to='bob@canto.test' type='subscribe' id='1'><nick xmlns='urn:n'>R</nick></presence>")
	juliet.send("<presence to='alice@canto.test' type='subscribed' id='2'/>")
	juliet.wantPush("<item jid='alice@canto.test' subscription='from'/>")
	romeo.want("<presence from='bob@canto.test' to='alice@canto.test' type='subscribed' id='2'/>")
	romeo.wantPush("<item jid='bob@canto.test' subscription='to'/>")
	romeo.want("<presence from='bob@canto.test/x' to='alice@canto.test'/>")
	juliet.send("<presence to='alice@canto.test' type='subscribe' id='3'/>")
	juliet.wantPush("<item jid='alice@canto.test' subscription='from' ask='subscribe'/>")
	romeo.want("<presence from='bob@canto.test' to='alice@canto.test' type='subscribe' id='3'/>")
	romeo.send("<presence to='bob@canto.test' type='subscribed' id='4'/>")
	romeo.wantPush("<item jid='bob@canto.test' subscription='both'/>")
	juliet.want("<presence from='alice@canto.test' to='bob@canto.test' type='subscribed' id='4'/>")
	juliet.wantPush("<item jid='alice@canto.test' subscription='both'/>")
	juliet.want("<presence from='alice@canto.test/x' to='bob@canto.test'/>")

	juliet.send("<presence to='alice@canto.test' type='unsubscribed' id='5'/>") // RFC 6121 §3.2
	juliet.wantPush("<item jid='alice@canto.test' subscription='to'/>")
	romeo.want("<presence from='bob@canto.test/x' to='alice@canto.test' type='unavailable'/>")
	romeo.want("<presence from='bob@canto.test' to='alice@canto.test' type='unsubscribed' id='5'/>")
	romeo.wantPush("<item jid='bob@canto.test' subscription='from'/>")
	juliet.send("<presence to='alice@canto.test' type='unsubscribe' id='6'/>") // RFC 6121 §3.3
	juliet.wantPush("<item jid='alice@canto.test' subscription='none'/>")
	romeo.want("<presence from='bob@canto.test' to='alice@canto.test' type='unsubscribe' id='6'/>")
	romeo.wantPush("<item jid='bob@canto.test' subscription='none'/>")
	juliet.want("<presence from='alice@canto.test/x' to='bob@canto.test' type='unavailable'/>")
}

func TestRequestWaitsForTheAbsent(t *testing.T) {
	s := startServer(t, Options{})
	romeo := interested(t, s, "alice")
	for range 2 {
		romeo.send("<presence to='bob@canto.test' type='subscribe' id='1'/>")
	}
	romeo.wantPush("<item jid='bob@canto.test' subscription='none' ask='subscribe'/>")
	for range 2 { // each time that bob comes, until he answers; once each time (RFC 6121 §3.1.3)
		bob := online(t, s, "bob", "x", "<presence/>")
		bob.want("<presence from='alice@canto.test' to='bob@canto.test' type='subscribe' id='1'/>")
		bob.send("<iq type='get' id='r'>%s</iq>", rosterQuery)
		require.Nil(t, bob.next().first().first(), "no item before he has approved")
	}
	romeo.send("<presence to='nobody@elsewhere.test' type='subscribe' id='2'/>")
	require.Equal(t, "error", romeo.next().attr("type"))
}

func TestPreApprovedRequest(t *testing.T) {
	s := startServer(t, Options{})
	bob := interested(t, s, "bob")
	require.NotNil(t, bob.features.child(ns.PreApproval, "sub"))
	bob.send("<presence to='alice@canto.test' type='subscribed'/>")
	bob.wantPush("<item jid='alice@canto.test' subscription='none' approved='true'/>")
	alice := interested(t, s, "alice")
	alice.send("<presence to='bob@canto.test' type='subscribe' id='1'/>")
	alice.wantPush("<item jid='bob@canto.test' subscription='none' ask='subscribe'/>")
	alice.want("<presence from='bob@canto.test' to='alice@canto.test' type='subscribed' id='1'/>")
	alice.wantPush("<item jid='bob@canto.test' subscription='to'/>")
	alice.want("<presence from='bob@canto.test/x' to='alice@canto.test'/>")
	bob.wantPush("<item jid='alice@canto.test' subscription='from' approved='true'/>")
}

func TestRosterSet(t *testing.T) {
	s := startServer(t, Options{})
	c := interested(t, s, "alice")
	c.send("<iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='bob@canto.test' name='Bob' subscription='both'><group>A</group><group>B</group></item></query></iq>")
	c.want("<iq type='result' id='1' from='*' to='${me}'/>")
	c.wantPush("<item jid='bob@canto.test' name='Bob' subscription='none'><group>A</group><group>B</group></item>")
	for _, tt := range []struct{ xml, condition string }{
		{"<item/>", "bad-request"},
		{"<item jid='@'/>", "bad-request"},
		{"<item jid='a@b'/><item jid='c@d'/>", "bad-request"},
		{"<item jid='a@b'><group>A</group><group>A</group></item>", "bad-request"},
		{"<item jid='a@b'><group/></item>", "not-acceptable"},
		{"<item jid='alice@canto.test'/>", "not-allowed"},
		{"<item jid='nobody@canto.test' subscription='remove'/>", "item-not-found"},
	} {
		c.send("<iq type='set' id='2'><query xmlns='jabber:iq:roster'>%s</query></iq>", tt.xml)
		e := c.next()
		require.NotNil(t, e.child(ns.Client, "error"), "%s", e)
		require.NotNil(t, e.child(ns.Client, "error").child(ns.Stanzas, tt.condition), "%s", e)
	}
	c.send("<iq type='get' id='3' to='bob@canto.test'>%s</iq>", rosterQuery)
	require.Contains(t, c.next().String(), "<forbidden")
	c.send("<iq type='get' id='4'><query xmlns='jabber:iq:roster'><item jid='a@b'/></query></iq>")
	require.Contains(t, c.next().String(), "<bad-request")
}

func TestRosterRemoveEndsSubscriptions(t *testing.T) {
	s := startServer(t, Options{})
	require.NoError(t, s.Befriend("alice", "bob"))
	bob := interested(t, s, "bob")
	alice := interested(t, s, "alice")
	bob.want("<presence from='alice@canto.test/x' to='bob@canto.test'/>")
	alice.send("<iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='bob@canto.test' subscription='remove'/></query></iq>")
	alice.want("<presence from='bob@canto.test/x' to='${me}'/>") // of her own initial presence
	alice.want("<iq type='result' id='1' from='*' to='${me}'/>")
	alice.wantPush("<item jid='bob@canto.test' subscription='remove'/>")
	bob.want("<presence from='alice@canto.test/x' to='bob@canto.test' type='unavailable'/>")
	bob.want("<presence from='alice@canto.test' to='bob@canto.test' type='unsubscribed'/>")
	bob.wantPush("<item jid='alice@canto.test' subscription='from'/>")
	bob.want("<presence from='alice@canto.test' to='bob@canto.test' type='unsubscribe'/>")
	bob.wantPush("<item jid='alice@canto.test' subscription='none'/>")
	alice.want("<presence from='bob@canto.test/x' to='alice@canto.test' type='unavailable'/>")
}

func TestRosterVersions(t *testing.T) {
	s := startServer(t, Options{})
	c := interested(t, s, "alice")
	require.NotNil(t, c.features.child(ns.RosterVer, "ver"))
	set := func(item string) {
		c.send("<iq type='set' id='s'><query xmlns='jabber:iq:roster'>%s</query></iq>", item)
		require.Equal(t, "result", c.next().attr("type"))
		c.push()
	}
	set("<item jid='a@x.test'/>")
	c.send("<iq type='get' id='1'><query xmlns='jabber:iq:roster' ver=''/></iq>")
	ver := c.next().first().attr("ver")
	require.NotEmpty(t, ver)
	set("<item jid='b@x.test'/>")
	set("<item jid='a@x.test' subscription='remove'/>")
	c.send("<iq type='get' id='2'><query xmlns='jabber:iq:roster' ver='%s'/></iq>", ver)
	c.want("<iq type='result' id='2' from='*' to='${me}'/>")
	c.wantPush("<item jid='b@x.test' subscription='none'/>")
	c.wantPush("<item jid='a@x.test' subscription='remove'/>")
	c.send("<iq type='get' id='3'><query xmlns='jabber:iq:roster' ver='999'/></iq>")
	c.want("<iq type='result' id='3' from='*' to='${me}'><query xmlns='jabber:iq:roster' ver='*'><item jid='b@x.test' subscription='none'/></query></iq>")
}
