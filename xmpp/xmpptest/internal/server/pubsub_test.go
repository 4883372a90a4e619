package server

import (
	"fmt"
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/ns"
	"github.com/stretchr/testify/require"
)

// ask sends a request about nodes and returns the answer; what comes before it is an error.
func (c *rawClient) ask(typ, to, space, inside string) *Element {
	c.t.Helper()
	if to != "" {
		to = " to='" + to + "'"
	}
	c.send("<iq type='%s' id='q'%s><pubsub xmlns='%s'>%s</pubsub></iq>", typ, to, space, inside)
	got := c.next()
	require.Equal(c.t, "q", got.attr("id"), "%s", got)
	return got
}

// does has the request succeed.
func (c *rawClient) does(typ, to, space, inside string) *Element {
	c.t.Helper()
	got := c.ask(typ, to, space, inside)
	require.Equal(c.t, "result", got.attr("type"), "%s", got)
	return got
}

// fails has it fail, with these conditions.
func (c *rawClient) fails(typ, to, space, inside string, conditions ...string) {
	c.t.Helper()
	got := c.ask(typ, to, space, inside).String()
	for _, condition := range append(conditions, "<error ") {
		require.Contains(c.t, got, condition)
	}
}

// event reads a notification.
func (c *rawClient) event(from string) string {
	c.t.Helper()
	got := c.next()
	require.Equal(c.t, "message", got.Name.Local, "%s", got)
	require.Equal(c.t, from, got.attr("from"))
	return got.child(ns.PubSubEvent, "event").first().String()
}

// curious is online, and its capabilities say that it wants to hear of the node.
func curious(t *testing.T, s *Server, user, resource, node string) *rawClient {
	t.Helper()
	c := loggedIn(t, s, user, resource)
	c.send("<presence><c xmlns='%s' hash='sha-1' node='urn:n' ver='%s'/></presence>", ns.Caps, node)
	for {
		got := c.next()
		if got.Name.Local == "iq" {
			c.send("<iq type='result' id='%s' to='%s'><query xmlns='%s'><feature var='%s+notify'/></query></iq>",
				got.attr("id"), got.attr("from"), ns.DiscoInfo, node)
			return c
		}
	}
}

const publishOptions = "<publish-options><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#publish-options</value></field>%s</x></publish-options>"

func option(name, value string) string {
	return fmt.Sprintf("<field var='pubsub#%s'><value>%s</value></field>", name, value)
}

func TestPEPAccess(t *testing.T) {
	s := startServer(t, Options{})
	require.NoError(t, s.Befriend("alice", "bob"))
	alice, bob, carol := loggedIn(t, s, "alice", "x"), loggedIn(t, s, "bob", "x"), loggedIn(t, s, "carol", "x")
	item := "<publish node='%s'><item id='1'><p xmlns='urn:p'/></item></publish>"
	alice.does("set", "", ns.PubSub, fmt.Sprintf(item, "friends"))
	alice.does("set", "", ns.PubSub, fmt.Sprintf(item, "secret")+fmt.Sprintf(publishOptions, option("access_model", "whitelist")+option("persist_items", "true")))
	alice.does("set", "", ns.PubSub, fmt.Sprintf(item, "all")+fmt.Sprintf(publishOptions, option("access_model", "open")))
	items := func(node string) string { return "<items node='" + node + "'/>" }
	at := "alice@canto.test"
	bob.does("get", at, ns.PubSub, items("friends"))
	bob.fails("get", at, ns.PubSub, items("secret"), "<not-allowed", "<closed-node")
	carol.fails("get", at, ns.PubSub, items("friends"), "<not-authorized", "<presence-subscription-required")
	carol.does("get", at, ns.PubSub, items("all"))
	carol.fails("get", at, ns.PubSub, items("none"), "<item-not-found")
	carol.fails("set", at, ns.PubSub, fmt.Sprintf(item, "all"), "<forbidden")
	carol.fails("set", at, ns.PubSubOwner, "<delete node='all'/>", "<forbidden")
	// XEP-0060 §7.1.5: what is not met, and what is not known.
	again := fmt.Sprintf(item, "all")
	alice.fails("set", "", ns.PubSub, again+fmt.Sprintf(publishOptions, option("access_model", "whitelist")), "<conflict", "<precondition-not-met")
	alice.fails("set", "", ns.PubSub, again+fmt.Sprintf(publishOptions, option("unknown", "1")), "<conflict", "<precondition-not-met")
	alice.does("set", "", ns.PubSub, again+fmt.Sprintf(publishOptions, option("access_model", "open")+option("persist_items", "1")))
	carol.send("<iq type='get' id='d' to='%s'><query xmlns='%s'/></iq>", at, ns.DiscoItems)
	require.Contains(t, carol.next().String(), "service-unavailable", "who may not see that the account is there")
	bob.send("<iq type='get' id='d' to='%s'><query xmlns='%s'/></iq>", at, ns.DiscoItems)
	list := bob.next().String()
	require.Contains(t, list, "node='friends'")
	require.NotContains(t, list, "secret")
}

func TestPEPNotifications(t *testing.T) {
	s := startServer(t, Options{})
	require.NoError(t, s.Befriend("alice", "bob"))
	alice := loggedIn(t, s, "alice", "x")
	publish := func(node, id string) {
		alice.does("set", "", ns.PubSub, "<publish node='"+node+"'><item id='"+id+"'><p xmlns='urn:p'/></item></publish>")
	}
	publish("n", "1")
	publish("other", "1")
	bob := curious(t, s, "bob", "x", "n")
	last := bob.next()
	require.Equal(t, "alice@canto.test", last.attr("from"))
	require.Contains(t, last.String(), "id='1'")
	require.NotNil(t, last.child(ns.Delay, "delay"), "XEP-0163 §4.3.4")
	publish("other", "2") // of which he does not want to hear
	publish("n", "2")
	require.Contains(t, bob.event("alice@canto.test"), "<item id='2'><p xmlns='urn:p'/></item>")
	alice.does("set", "", ns.PubSub, "<retract node='n' notify='1'><item id='2'/></retract>")
	require.Contains(t, bob.event("alice@canto.test"), "<retract id='2'/>")
	alice.does("set", "", ns.PubSubOwner, "<purge node='n'/>")
	require.Contains(t, bob.event("alice@canto.test"), "<purge ")
	bob.send("<presence><show>away</show><c xmlns='%s' hash='sha-1' node='urn:n' ver='n'/></presence>", ns.Caps)
	bob.next()
	alice.does("set", "", ns.PubSubOwner, "<delete node='n'/>")
	require.Contains(t, bob.event("alice@canto.test"), "<delete ", "and no last item because of later presence")
	second := curious(t, s, "bob", "y", "other")
	require.Contains(t, second.event("alice@canto.test"), "id='2'")
}

func TestPubSubService(t *testing.T) {
	s := startServer(t, Options{})
	at := "pubsub.canto.test"
	alice, bob := online(t, s, "alice", "x", "<presence/>"), online(t, s, "bob", "x", "<presence/>")
	alice.fails("set", at, ns.PubSub, "<publish node='n'><item id='1'><p xmlns='urn:p'/></item></publish>", "<item-not-found")
	alice.does("set", at, ns.PubSub, "<create node='n'/>")
	alice.fails("set", at, ns.PubSub, "<create node='n'/>", "<conflict")
	require.NotEmpty(t, alice.does("set", at, ns.PubSub, "<create/>").first().first().attr("node"))
	bob.fails("set", at, ns.PubSub, "<subscribe node='n' jid='alice@canto.test'/>", "<invalid-jid")
	require.Contains(t, bob.does("set", at, ns.PubSub, "<subscribe node='n' jid='bob@canto.test'/>").String(), "subscription='subscribed'")
	for i := range 25 {
		alice.does("set", at, ns.PubSub, fmt.Sprintf("<publish node='n'><item id='%d'><p xmlns='urn:p'/></item></publish>", i))
		require.Contains(t, bob.event(at), fmt.Sprintf("id='%d'", i))
	}
	all := bob.does("get", at, ns.PubSub, "<items node='n'/>").String()
	require.Equal(t, 20, strings.Count(all, "<item "))
	require.Contains(t, bob.does("get", at, ns.PubSub, "<items node='n' max_items='1'/>").String(), "<items node='n'><item id='24'>")
	page := bob.does("get", at, ns.PubSub, "<items node='n'/><set xmlns='"+ns.RSM+"'><max>2</max><after>6</after></set>").String()
	require.Contains(t, page, "<first index='2'>7</first><last>8</last><count>20</count>")
	page = bob.does("get", at, ns.PubSub, "<items node='n'/><set xmlns='"+ns.RSM+"'><max>2</max><before/></set>").String()
	require.Contains(t, page, "<first index='18'>23</first>")
	bob.fails("get", at, ns.PubSub, "<items node='n'><item id='0'/></items>", "<item-not-found")
	bob.fails("set", at, ns.PubSub, "<publish node='n'><item id='1'><p xmlns='urn:p'/></item></publish>", "<forbidden")
	alice.does("set", at, ns.PubSubOwner, "<affiliations node='n'><affiliation jid='bob@canto.test' affiliation='publisher'/></affiliations>")
	bob.does("get", at, ns.PubSub, "<affiliations/>")
	alice.fails("set", at, ns.PubSubOwner, "<affiliations node='n'><affiliation jid='alice@canto.test' affiliation='none'/></affiliations>", "<not-acceptable", "affiliation='owner'")
	bob.does("set", at, ns.PubSub, "<unsubscribe node='n' jid='bob@canto.test'/>")
	bob.fails("set", at, ns.PubSub, "<unsubscribe node='n' jid='bob@canto.test'/>", "<not-subscribed")
	bob.fails("get", at, ns.PubSub, "<sing/>", "<feature-not-implemented", "<unsupported")
}

// A subscription that an owner has to allow: asked for, pending, allowed by form.
func TestPubSubAuthorize(t *testing.T) {
	s := startServer(t, Options{})
	at := "pubsub.canto.test"
	alice, bob := online(t, s, "alice", "x", "<presence/>"), online(t, s, "bob", "x", "<presence/>")
	form := strings.ReplaceAll(publishOptions, "publish-options", "configure")
	form = strings.Replace(form, "pubsub#configure", "pubsub#node_config", 1)
	alice.does("set", at, ns.PubSub, "<create node='n'/>"+fmt.Sprintf(form, option("access_model", "authorize")))
	require.Contains(t, bob.does("set", at, ns.PubSub, "<subscribe node='n' jid='bob@canto.test'/>").String(), "subscription='pending'")
	asked := alice.next()
	require.Contains(t, asked.String(), "bob@canto.test")
	bob.fails("get", at, ns.PubSub, "<items node='n'/>", "<not-subscribed")
	answer := "<message to='%s'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>%s</value></field>%s%s%s</x></message>"
	bob.send(answer, at, ns.PubSubAllow, option("node", "n"), option("subscriber_jid", "bob@canto.test"), option("allow", "1")) // not his to say
	bob.fails("get", at, ns.PubSub, "<items node='n'/>", "<not-subscribed")
	alice.send(answer, at, ns.PubSubAllow, option("node", "n"), option("subscriber_jid", "bob@canto.test"), option("allow", "1"))
	require.Contains(t, bob.event(at), "subscription='subscribed'")
	bob.does("get", at, ns.PubSub, "<items node='n'/>")
}

// TestBookmarksCompat: the bookmarks of old clients are those of new ones.
func TestBookmarksCompat(t *testing.T) {
	s := startServer(t, Options{})
	old := loggedIn(t, s, "alice", "old")
	fresh := curious(t, s, "alice", "new", ns.Bookmarks)
	const doc = "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'>%s</storage></query>"
	private := func(typ, inside string) string {
		old.send("<iq type='%s' id='p'>"+doc+"</iq>", typ, inside)
		return old.next().String()
	}
	require.Contains(t, private("get", ""), "<storage xmlns='storage:bookmarks'/>")
	private("set", "<conference jid='a@b.c' autojoin='true'><nick>A</nick></conference><conference jid='d@e.f'/>")
	require.Contains(t, fresh.event("alice@canto.test"), "<item id='a@b.c'><conference xmlns='urn:xmpp:bookmarks:1' autojoin='true'><nick>A</nick>")
	require.Contains(t, fresh.event("alice@canto.test"), "d@e.f")
	private("set", "<conference jid='a@b.c' autojoin='true'><nick>A</nick></conference>")
	require.Contains(t, fresh.event("alice@canto.test"), "<retract id='d@e.f'/>")
	fresh.send("<iq type='set' id='1'><pubsub xmlns='%s'><publish node='%s'><item id='g@h.i'><conference xmlns='%s' name='G'/></item></publish></pubsub></iq>",
		ns.PubSub, ns.Bookmarks, ns.Bookmarks)
	got := private("get", "")
	require.Contains(t, got, "jid='a@b.c'")
	require.Contains(t, got, "<conference name='G' jid='g@h.i'/>")
	old.send("<iq type='set' id='1'><query xmlns='jabber:iq:private'><x xmlns='urn:x'>1</x></query></iq><iq type='get' id='2'><query xmlns='jabber:iq:private'><x xmlns='urn:x'/></query></iq>")
	require.Equal(t, "result", old.next().attr("type"))
	require.Contains(t, old.next().String(), "<x xmlns='urn:x'>1</x>")
}
