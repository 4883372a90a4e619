package roster_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// fetches are the roster gets that the server has seen from alice, by their 'ver'; "-" for none.
func fetches(t *testing.T, srv *xmpptest.Server) (list []string) {
	for _, e := range srv.Transcript("alice") {
		el, err := stanza.ParseElement(e.XML)
		require.NoError(t, err)
		q := el.Child("jabber:iq:roster", "query")
		switch {
		case el.Attr("type") != "get" || q.IsZero():
		case !strings.Contains(q.String(), "ver="):
			list = append(list, "-")
		default:
			list = append(list, q.Attr("ver"))
		}
	}
	return list
}

// TestTwoAccountsInOneStore holds that accounts which share a Store do not share what is kept.
func TestTwoAccountsInOneStore(t *testing.T) {
	srv := xmpptest.NewServer(t)
	store := xmpp.FileStore(t.TempDir())
	as := func(user string) (*roster.Roster, string) {
		o := srv.Options(user)
		o.Store = store
		r := open(t, srv.Session(t, user, o))
		for _, e := range slices.Backward(srv.Transcript(user)) {
			if el, err := stanza.ParseElement(e.XML); err == nil && el.Attr("type") == "get" {
				return r, el.Child("jabber:iq:roster", "query").Attr("ver")
			}
		}
		return r, "no fetch"
	}
	alice, ver := as("alice")
	assert.Empty(t, ver)
	changes := alice.Changes(t.Context())
	require.NoError(t, alice.Set(soon(t), roster.Item{JID: srv.JID("carol")}))
	next(t, changes)
	version := alice.Version()
	alice.Close()
	bob, ver := as("bob")
	assert.Empty(t, ver, "he has no roster of a version yet")
	assert.Zero(t, bob.Len())
	alice, ver = as("alice")
	assert.Equal(t, version, ver)
	assert.Equal(t, 1, alice.Len())
}

// TestVersions holds RFC 6121 §2.6: the roster is kept in the Store, and a later process receives what has changed since.
func TestVersions(t *testing.T) {
	t.Attr("conformance", "roster-version 6121-2.1.1-2 6121-2.6.2-1 6121-2.6.2-3 6121-2.6.3-4")
	srv := xmpptest.NewServer(t)
	o := srv.Options("alice")
	o.Store = xmpp.FileStore(t.TempDir())
	session := func() *xmpp.Session { return srv.Session(t, "alice", o) }

	s := session()
	r := open(t, s)
	changes := r.Changes(t.Context())
	for i := range 100 {
		require.NoError(t, r.Set(soon(t), roster.Item{JID: srv.JID(fmt.Sprintf("u%d", i)), Groups: []string{"all <&>"}}))
	}
	for next(t, changes).JID() != srv.JID("u99") {
	}
	version := r.Version()
	require.NoError(t, s.Close())
	r.Close()
	assert.Equal(t, "", fetches(t, srv)[0], "RFC 6121 §2.6.2: empty to begin with")

	other := open(t, srv.Session(t, "alice", nil)) // changes while nobody looks
	require.NoError(t, other.Set(soon(t), roster.Item{JID: srv.JID("u1"), Name: "changed"}))
	require.NoError(t, other.Remove(soon(t), srv.JID("u2")))
	other.Close()

	s = session()
	sent := srv.Stats().BytesWritten
	r = open(t, s)
	assert.Less(t, srv.Stats().BytesWritten-sent, int64(2_000), "not the whole roster")
	all := fetches(t, srv)
	assert.Equal(t, version, all[len(all)-1], "asked for with what was kept")
	for _, ok := r.Get(srv.JID("u2")); ok; _, ok = r.Get(srv.JID("u2")) {
		next(t, r.Changes(t.Context()))
	}
	it, _ := r.Get(srv.JID("u1"))
	assert.Equal(t, "changed", it.Name)
	it, _ = r.Get(srv.JID("u3"))
	assert.Equal(t, []string{"all <&>"}, it.Groups)
	assert.Equal(t, 99, r.Len())
}

// TestBrokenCache holds that a cache which can't be read, or a store that fails, is as good as none.
func TestBrokenCache(t *testing.T) {
	for _, value := range []string{"", "<", "<x/>", "<query xmlns='jabber:iq:roster' ver='1'>", "<query xmlns='jabber:iq:roster' ver='1'><item/></query>"} {
		srv := xmpptest.NewServer(t)
		o := srv.Options("alice")
		o.Store = xmpp.FileStore(t.TempDir())
		_, err := o.Store.Save(t.Context(), "roster "+srv.JID("alice").String(), []byte(value), 0)
		require.NoError(t, err)
		r := open(t, srv.Session(t, "alice", o))
		assert.Equal(t, []string{""}, fetches(t, srv))
		require.NoError(t, r.Set(soon(t), roster.Item{JID: srv.JID("bob")}))
	}
	srv := xmpptest.NewServer(t)
	o := srv.Options("alice")
	o.Store = brokenStore{}
	open(t, srv.Session(t, "alice", o))
}

type brokenStore struct{}

func (brokenStore) Load(context.Context, string) ([]byte, uint64, error) { return nil, 0, errBroken }
func (brokenStore) Save(context.Context, string, []byte, uint64) (uint64, error) {
	return 0, errBroken
}

var errBroken = errors.New("the disk is full")

// TestNoVersions holds RFC 6121 §2.6.2: no 'ver' where the server has not announced it.
func TestNoVersions(t *testing.T) {
	t.Attr("conformance", "6121-2.6.2-2")
	hide := func(e xmpptest.Exchange) string {
		return strings.ReplaceAll(e.XML, "urn:xmpp:features:rosterver", "urn:x")
	}
	srv := xmpptest.NewServerWith(t, &xmpptest.Options{Tamper: hide})
	r := open(t, srv.Session(t, "alice", nil))
	assert.Equal(t, []string{"-"}, fetches(t, srv))
	require.NoError(t, r.Fetch(soon(t)))
	assert.Equal(t, []string{"-", "-"}, fetches(t, srv))
	require.NoError(t, r.Set(soon(t), roster.Item{JID: srv.JID("bob")}))
	srv.ReplaceReply("alice", "<iq type='result' id='${id}'/>")
	require.NoError(t, r.Fetch(soon(t)))
	assert.Zero(t, r.Len(), "RFC 6121 §2.1.4: an empty roster, as some servers send it")
}

// run keeps a client online for the test.
func run(t *testing.T, c *xmpp.Client) {
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() { stop(); assert.NoError(t, <-done) })
}

func await(t *testing.T, states <-chan xmpp.State, kind xmpp.StateKind) {
	t.Helper()
	for next(t, states).Kind != kind {
	}
}

// TestClientReconnects holds that a fresh session fetches what has changed before it's online, and that a resumed one fetches
// nothing.
func TestClientReconnects(t *testing.T) {
	t.Attr("conformance", "6121-2.2-1 6121-2.6.3-5")
	srv := xmpptest.NewServer(t)
	c := xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
	_, err := roster.Open(t.Context(), struct{ xmpp.Endpoint }{c})
	assert.Error(t, err, "package xmpp does not know this endpoint's sessions")
	r := open(t, c)
	online := make(chan int, 1)
	c.Online = func(context.Context, *xmpp.Session) error { online <- r.Len(); return nil }
	states := c.State(t.Context())
	other := open(t, srv.Session(t, "alice", nil))
	require.NoError(t, other.Set(soon(t), roster.Item{JID: srv.JID("a")}))
	run(t, c)
	assert.Equal(t, 1, next(t, online), "known when Online is called")
	await(t, states, xmpp.Online)
	before := len(fetches(t, srv))

	changes := r.Changes(t.Context())
	srv.DropConns()
	await(t, states, xmpp.Resumed)
	assert.Len(t, fetches(t, srv), before, "nothing is fetched on a resumed stream")

	s := srv.Session(t, "alice", nil)
	other = open(t, s)
	first := r.Version()
	require.NoError(t, other.Set(soon(t), roster.Item{JID: srv.JID("b")}))
	assert.Equal(t, srv.JID("b"), next(t, changes).JID(), "pushes go on")
	version := r.Version()
	assert.NotEqual(t, first, version, "the push brought another")
	srv.CloseStream("alice", "system-shutdown")
	await(t, states, xmpp.Online)
	assert.Equal(t, 2, next(t, online))
	all := fetches(t, srv)
	assert.Equal(t, version, all[len(all)-1], "RFC 6121 §2.6.3: the version of the last push")

	r.Close()
	_, open := <-changes
	assert.False(t, open)
	require.NoError(t, xmpp.Set(soon(t), c, jid.JID{}, stanza.Payload(rosterSet{Item: rosterItem{JID: srv.JID("c")}})))
	assert.Equal(t, 2, r.Len(), "closed")
	srv.CloseStream("alice", "system-shutdown")
	await(t, states, xmpp.Online)
	assert.Equal(t, all, fetches(t, srv), "and a later session fetches nothing for it")
}

type rosterItem struct {
	JID jid.JID `xml:"jid,attr"`
}

type rosterSet struct {
	XMLName struct{}   `xml:"jabber:iq:roster query"`
	Item    rosterItem `xml:"item"`
}
