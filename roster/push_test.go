package roster_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// inject says a push to alice and returns her answer.
func inject(t *testing.T, srv *xmpptest.Server, id, from, query string) *stanza.IQ {
	t.Helper()
	if from != "" {
		from = " from='" + from + "'"
	}
	require.NoError(t, srv.Inject("alice", fmt.Sprintf("<iq type='set' id='%s'%s>%s</iq>", id, from, query)))
	e, err := srv.Await(soon(t), func(e xmpptest.Entry) bool {
		return strings.Contains(e.XML, "'"+id+"'") || strings.Contains(e.XML, `"`+id+`"`)
	})
	require.NoError(t, err)
	st, err := stanza.Parse([]byte(strings.Replace(e.XML, "<iq ", "<iq xmlns='jabber:client' ", 1)))
	require.NoError(t, err)
	require.IsType(t, &stanza.IQ{}, st)
	return st.(*stanza.IQ)
}

func queryOf(items string) string {
	return "<query xmlns='jabber:iq:roster' ver='v9'>" + items + "</query>"
}

const eve = "<item jid='eve@evil.test' name='Your bank' subscription='both'><group>Friends</group></item>"

// TestSecurityS02RosterPush pushes from everybody who may not: a contact, the domain, another account, another resource, a
// relative of the name. Nothing changes, each is answered with service-unavailable (RFC 6121 §2.1.6), and the session works.
func TestSecurityS02RosterPush(t *testing.T) {
	t.Attr("conformance", "roster-push 6121-2.1.6-2 6121-2.1.6-3 6121-2.1.6-4")
	t.Run("Session", func(t *testing.T) {
		srv := xmpptest.NewServer(t)
		pushedByOthers(t, srv, srv.Session(t, "alice", nil))
	})
	t.Run("Client", func(t *testing.T) {
		srv := xmpptest.NewServer(t)
		c := xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- c.Run(ctx) }()
		_, err := c.Session(soon(t))
		require.NoError(t, err)
		pushedByOthers(t, srv, c)
		stop()
		require.NoError(t, <-ended)
	})
}

func pushedByOthers(t *testing.T, srv *xmpptest.Server, s xmpp.Endpoint) {
	r := open(t, s)
	bob := roster.Item{JID: srv.JID("bob"), Name: "Bob", Subscription: roster.None}
	changes := r.Changes(t.Context())
	require.NoError(t, r.Set(soon(t), bob))
	require.Equal(t, bob, next(t, changes).New, "the push of it has come")
	version := r.Version()

	for i, from := range []string{
		"bob@canto.test", "bob@canto.test/phone", "canto.test", "alice@canto.test/other", s.JID().String(), "alice@evil.test",
		"alice@canto.test.evil.test", "eve@evil.test", "roster.canto.test", "bob@canto.test/alice@canto.test",
	} {
		t.Run(from, func(t *testing.T) {
			for j, item := range []string{eve, "<item jid='bob@canto.test' subscription='remove'/>", "<item jid='bob@canto.test' subscription='both'/>", ""} {
				answer := inject(t, srv, fmt.Sprintf("spoof-%d-%d", i, j), from, queryOf(item))
				assert.Equal(t, stanza.IQError, answer.Type)
				assert.ErrorIs(t, answer.Error, stanza.ServiceUnavailable)
				assert.Equal(t, from, answer.To.String())
			}
			assert.Equal(t, 1, r.Len())
			got, _ := r.Get(bob.JID)
			assert.Equal(t, bob, got)
			assert.Equal(t, version, r.Version())
		})
	}
	for i, from := range []string{"", "alice@canto.test"} {
		answer := inject(t, srv, fmt.Sprintf("real-%d", i), from, queryOf(fmt.Sprintf("<item jid='true%d@canto.test'/>", i)))
		assert.Equal(t, stanza.Result, answer.Type, "what our account pushes is answered with a result")
		assert.True(t, answer.Payload.IsZero())
	}
	assert.Equal(t, 3, r.Len(), "and believed")
	assert.Equal(t, srv.JID("true0"), next(t, changes).JID(), "none of the others was a change")
}

// TestPushesThatAreNone holds what becomes of pushes that break the rules: they're answered, change nothing, and harm nobody.
func TestPushesThatAreNone(t *testing.T) {
	t.Attr("conformance", "6121-2.1.6-1")
	srv := xmpptest.NewServer(t)
	r := open(t, srv.Session(t, "alice", nil))
	for i, query := range []string{
		queryOf(""), queryOf(eve + eve), queryOf(eve + "<item jid='x@y.test'/>"), queryOf("<item name='no address'/>"),
		queryOf("<item jid='@'/>"), queryOf("<item jid='x@y.test'/><item jid='@'/>"), queryOf("text"),
	} {
		answer := inject(t, srv, fmt.Sprintf("bad-%d", i), "", query)
		assert.ErrorIs(t, answer.Error, stanza.BadRequest, query)
	}
	assert.Zero(t, r.Len())
	inject(t, srv, "good", "", queryOf(eve))
	assert.Equal(t, 1, r.Len())
}

// TestPushValues holds how a push is read: RFC 6121 §2.1.2.
func TestPushValues(t *testing.T) {
	t.Attr("conformance", "6121-2.1.2.5-2")
	srv := xmpptest.NewServer(t)
	r := open(t, srv.Session(t, "alice", nil))
	who := srv.JID("bob")
	for i, c := range []struct {
		item string
		want roster.Item
	}{
		{"<item jid='BOB@canto.test' name='' subscription='to' ask='subscribe' approved='1'/>", roster.Item{Subscription: roster.To, Ask: true, Approved: true}},
		{"<item jid='bob@canto.test' subscription='weird' ask='weird' approved='no'/>", roster.Item{Subscription: roster.None}},
		{"<item jid='bob@canto.test' x='1' name='&lt;b>'><x xmlns='urn:x'><group>no</group></x>text<group/><group>a</group><group>a</group><group> a</group></item>",
			roster.Item{Name: "<b>", Groups: []string{"a", " a"}, Subscription: roster.None}},
	} {
		inject(t, srv, fmt.Sprintf("value-%d", i), "", queryOf(c.item))
		c.want.JID = who
		got, _ := r.Get(who)
		assert.Equal(t, c.want, got, c.item)
	}
	assert.Equal(t, "v9", r.Version(), "that of the last push")
	inject(t, srv, "remove", "", queryOf("<item jid='bob@canto.test' subscription='remove'/>"))
	assert.Zero(t, r.Len())
}

// TestPushesDuringAFetch holds that what is pushed while the answer to a fetch is on its way is not undone by that answer.
func TestPushesDuringAFetch(t *testing.T) {
	srv := xmpptest.NewServer(t)
	s := srv.Session(t, "alice", nil)
	r := open(t, s)
	srv.ReplaceReply("alice", "<iq type='result' id='${id}'>"+
		"<query xmlns='jabber:iq:roster' ver='v1'><item jid='a@canto.test' name='old'/><item jid='b@canto.test'/></query></iq>"+
		"<iq type='set' id='p1'>"+queryOf("<item jid='a@canto.test' name='new'/>")+"</iq>"+
		"<iq type='set' id='p2'>"+queryOf("<item jid='b@canto.test' subscription='remove'/>")+"</iq>")
	require.NoError(t, r.Fetch(soon(t)))
	inject(t, srv, "last", "", queryOf("<item jid='c@canto.test'/>"))
	a, _ := r.Get(srv.JID("a"))
	assert.Equal(t, "new", a.Name)
	_, ok := r.Get(srv.JID("b"))
	assert.False(t, ok)
	assert.Equal(t, 2, r.Len())
}

// TestResultValues holds what a result says that it should not.
func TestResultValues(t *testing.T) {
	t.Attr("conformance", "6121-2.1.2.5-1")
	srv := xmpptest.NewServer(t)
	s := srv.Session(t, "alice", nil)
	srv.ReplaceReply("alice", "<iq type='result' id='${id}'><query xmlns='jabber:iq:roster'><item jid='a@canto.test' subscription='remove'/>"+
		"<item jid='@'/><item/><x xmlns='urn:x'/><item jid='b@canto.test' subscription='both'/></query></iq>")
	r := open(t, s)
	assert.Equal(t, 2, r.Len(), "an item that can't be read harms no other")
	a, _ := r.Get(srv.JID("a"))
	assert.Equal(t, roster.None, a.Subscription, "RFC 6121 §2.1.2.5: remove means nothing in a result")
	srv.ReplaceReply("alice", "<iq type='result' id='${id}'><query xmlns='urn:x'/></iq>")
	assert.Error(t, r.Fetch(soon(t)))
	assert.Equal(t, 2, r.Len(), "what is no roster changes nothing")
	srv.ReplaceReply("alice", "<iq type='result' id='${id}'/>")
	assert.NoError(t, r.Fetch(soon(t)), "an empty roster, as some servers send it")
	assert.Zero(t, r.Len())
}
