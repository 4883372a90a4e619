package roster_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// said injects presence to a user and waits until p has it.
func said(t *testing.T, srv *xmpptest.Server, p party, user, presence string) {
	t.Helper()
	here, enough := context.WithCancel(t.Context())
	defer enough()
	arrived := p.s.Messages(here)
	require.NoError(t, srv.Inject(user, presence+"<message from='x@y.test'/>"))
	next(t, arrived)
}

// befriended is alice, who sees bob's presence.
func befriended(t *testing.T) (*xmpptest.Server, party) {
	srv := xmpptest.NewServer(t)
	srv.Password("alice")
	srv.Password("bob")
	require.NoError(t, srv.Befriend("alice", "bob"))
	return srv, newParty(t, srv, "alice")
}

func TestBestResource(t *testing.T) {
	t.Attr("conformance", "presence-notype presence-unavailable 6121-4.5.4-1")
	srv, alice := befriended(t)
	bob := srv.JID("bob")
	at := func(resource, rest string) string {
		return fmt.Sprintf("<presence from='%s/%s'%s", bob, resource, rest)
	}
	for _, step := range []struct {
		said  string
		best  string
		count int
	}{
		{at("a", "/>"), "a", 1},
		{at("b", "><priority>5</priority><show>dnd</show></presence>"), "b", 2},
		{at("c", "><priority>5</priority><show>away</show></presence>"), "c", 3},
		{at("d", "><priority>5</priority><show>chat</show></presence>"), "d", 4},
		{at("e", "><priority>5</priority><show>chat</show></presence>"), "e", 5},
		{at("d", "><priority>5</priority><show>chat</show><status>again</status></presence>"), "d", 5},
		{at("e", " type='unavailable'/>"), "d", 4},
		{at("d", "><priority>-1</priority></presence>"), "c", 4},
		{at("x", " type='unavailable'/>"), "c", 4},
		{at("c", " type='error'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>"), "b", 3},
		{fmt.Sprintf("<presence from='%s' type='unavailable'/>", bob), "", 0}, // RFC 6121 §4.5.4
		{fmt.Sprintf("<presence from='%s'/>", bob), "bare", 1},
		{at("a", "/>"), "a", 2},
		{fmt.Sprintf("<presence from='%s' type='error'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>", bob), "", 0},
	} {
		said(t, srv, alice, "alice", step.said)
		list := alice.Resources(bob)
		assert.Len(t, list, step.count, step.said)
		best := alice.Best(bob)
		switch step.best {
		case "":
			assert.Nil(t, best)
		case "bare":
			assert.Equal(t, bob, best.From)
		default:
			require.NotNil(t, best)
			assert.Equal(t, step.best, best.From.Resourcepart(), step.said)
			assert.Same(t, best, list[0])
		}
	}
}

// TestStrangersAreNotKept holds that presence costs memory for contacts alone, and not without bound.
func TestStrangersAreNotKept(t *testing.T) {
	srv, alice := befriended(t)
	for _, from := range []string{"eve@evil.test/1", "room@rooms.canto.test/nick", "canto.test", "alice@evil.test/x"} {
		said(t, srv, alice, "alice", "<presence from='"+from+"'/>")
		assert.Empty(t, alice.Resources(jid.MustParse(from)), from)
	}
	for i := range 201 {
		said(t, srv, alice, "alice", fmt.Sprintf("<presence from='%s/%d'/>", srv.JID("bob"), i))
	}
	list := alice.Resources(srv.JID("bob"))
	assert.Len(t, list, 64)
	assert.Equal(t, "200", list[0].From.Resourcepart(), "the newest stay")
	assert.Empty(t, alice.Resources(srv.JID("alice")), "our own session is not listed")
	newParty(t, srv, "alice/other")
	for len(alice.Resources(srv.JID("alice"))) == 0 {
		said(t, srv, alice, "alice", "")
	}
	assert.Equal(t, "other", alice.Best(srv.JID("alice")).From.Resourcepart(), "another one is")
}

func TestWatch(t *testing.T) {
	srv, alice := befriended(t)
	bob := srv.JID("bob")
	seen := alice.Watch(t.Context(), bob)
	for _, step := range []struct{ said, want string }{
		{"/>", "bob@canto.test is online"},
		{"><show>away</show><status>at&#10;lunch</status></presence>", `bob@canto.test is away: "at\nlunch"`},
		{"><show>dnd</show></presence>", "bob@canto.test is busy"},
		{" type='unavailable'/>", "bob@canto.test is offline"},
		{" type='error'><error type='cancel'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>",
			"bob@canto.test can't be reached: "},
		{"><show>xa</show></presence>", "bob@canto.test is away for longer"},
		{"><show>chat</show></presence>", "bob@canto.test is free for chat"},
	} {
		said(t, srv, alice, "alice", fmt.Sprintf("<presence from='%s/phone'%s", bob, step.said))
		st := next(t, seen)
		assert.Contains(t, st.String(), step.want)
		assert.Equal(t, st.Available(), st.Presence != nil)
		if st.Err != nil {
			assert.ErrorIs(t, st.Err, stanza.RemoteServerNotFound)
		}
	}
	require.NoError(t, alice.Remove(soon(t), bob))
	assert.False(t, next(t, seen).Available(), "who is no contact is not known to be available")
}

// TestSlowWatcher holds that who does not read gets the latest, and holds nothing up.
func TestSlowWatcher(t *testing.T) {
	srv, alice := befriended(t)
	seen := alice.Watch(t.Context())
	for i := range 500 {
		said(t, srv, alice, "alice", fmt.Sprintf("<presence from='%s/phone'><status>%d</status></presence>", srv.JID("bob"), i))
	}
	n := 0
	for st := range seen {
		n++
		if st.Presence.Status == "499" {
			break
		}
	}
	assert.LessOrEqual(t, n, 2, "one was on its way, the rest was merged")
}

// TestNegativePriority holds RFC 6121 §4.7.2.3: a resource with a negative priority gets no messages, so it's no best one, though
// its contact is available; and that Wait waits for another, or for another priority.
func TestNegativePriority(t *testing.T) {
	srv, alice := befriended(t)
	bob := srv.JID("bob")
	with := func(priority int) string {
		return fmt.Sprintf("<presence from='%s/phone'><priority>%d</priority></presence>", bob, priority)
	}
	seen := alice.Watch(t.Context(), bob)
	said(t, srv, alice, "alice", with(-1))
	assert.Nil(t, alice.Best(bob))
	assert.True(t, alice.Status(bob).Available())
	assert.Len(t, alice.Resources(bob), 1)
	assert.Equal(t, int8(-1), next(t, seen).Presence.Priority)
	said(t, srv, alice, "alice", with(-2))
	said(t, srv, alice, "alice", with(0))
	assert.Equal(t, int8(0), next(t, seen).Presence.Priority, "Wait looks again")
	best, err := alice.Wait(soon(t), bob)
	require.NoError(t, err)
	assert.Zero(t, best.Priority)
}

func TestWaitGivesUp(t *testing.T) {
	srv, alice := befriended(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := alice.Wait(ctx, srv.JID("bob"))
	assert.ErrorIs(t, err, context.Canceled)
	_, err = alice.Wait(&doneOnce{Context: ctx}, srv.JID("bob"))
	assert.ErrorIs(t, err, context.Canceled, "also when it's the end of Watch that is seen")
}

// doneOnce is a context whose end is seen by the first who looks at Done, and then by Err alone.
type doneOnce struct {
	context.Context
	looks int
}

func (c *doneOnce) Done() <-chan struct{} {
	if c.looks++; c.looks == 1 {
		return c.Context.Done()
	}
	return make(chan struct{})
}

func (c *doneOnce) Value(key any) any { return nil } // else it's taken for the context in it

func TestTarget(t *testing.T) {
	t.Attr("conformance", "6121-5.1-3 6121-5.1-4 6121-5.1-6 6121-5.1-7")
	romeo := jid.MustParse("romeo@example.net")
	from := func(resource string) jid.JID { j, _ := romeo.WithResource(resource); return j }
	msg := func(j jid.JID, typ stanza.MessageType) stanza.Stanza { return &stanza.Message{From: j, Type: typ} }
	target := roster.NewTarget(from("any"))
	assert.Equal(t, romeo, target.To(), "RFC 6121 §5.1: a chat begins at the bare address")
	for i, step := range []struct {
		got  stanza.Stanza
		want jid.JID
	}{
		{msg(romeo, stanza.Chat), romeo},
		{msg(from("a"), stanza.Chat), from("a")},
		{msg(from("a"), stanza.Normal), from("a")},
		{msg(jid.MustParse("mercutio@example.net/x"), stanza.Chat), from("a")},
		{&stanza.Presence{From: jid.MustParse("mercutio@example.net/x")}, from("a")},
		{msg(from("b"), stanza.GroupChat), from("a")},
		{msg(from("b"), stanza.Headline), from("a")},
		{msg(from("b"), stanza.Chat), romeo}, // another resource: unlocked
		{msg(from("b"), stanza.Chat), from("b")},
		{&stanza.Presence{From: from("c")}, romeo}, // presence of another one
		{msg(from("b"), stanza.Chat), from("b")},
		{&stanza.Presence{From: from("b"), Show: stanza.Away}, romeo}, // and of the locked one
		{msg(from("b"), ""), from("b")},
		{msg(from("b"), stanza.MessageError), romeo},
	} {
		target.Received(step.got)
		assert.Equal(t, step.want, target.To(), "step %d", i)
	}
}
