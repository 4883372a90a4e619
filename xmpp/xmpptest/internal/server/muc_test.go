package server

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/stretchr/testify/require"
)

const garden = "garden@conference.canto.test"

// join enters the garden and reads up to the subject, what else comes is returned.
func (c *rawClient) join(nick, inside string) (presence, messages []*Element) {
	c.t.Helper()
	c.send("<presence to='%s/%s'><x xmlns='%s'>%s</x></presence>", garden, nick, ns.MUC, inside)
	for {
		e := c.next()
		switch {
		case e.child(ns.Client, "subject") != nil:
			return presence, messages
		case e.Name.Local == "presence":
			require.NotEqual(c.t, "error", e.attr("type"), "%s", e)
			presence = append(presence, e)
		default:
			messages = append(messages, e)
		}
	}
}

// asksRoom sends a request to the garden, or below it, and wants a result, or an error of that condition.
func (c *rawClient) asksRoom(typ, below, payload, condition string) *Element {
	c.t.Helper()
	c.send("<iq type='%s' id='ask' to='%s%s'>%s</iq>", typ, garden, below, payload)
	return c.answered(condition)
}

// answered reads up to an answer or an error.
func (c *rawClient) answered(condition string) *Element {
	c.t.Helper()
	for {
		e := c.next()
		fault := e.child(ns.Client, "error")
		switch {
		case condition != "" && fault != nil:
			require.NotNil(c.t, fault.child(ns.Stanzas, condition), "%s", e)
			return e
		case e.Name.Local == "iq" && e.attr("id") == "ask":
			require.Equal(c.t, condition == "", fault == nil, "%s", e)
			return e
		}
	}
}

// codes are the status codes of what a room says, in order.
func codes(e *Element) string {
	var list []string
	for c := range e.child(ns.MUCUser, "x").elements() {
		if c.Name.Local == "status" {
			list = append(list, c.attr("code"))
		}
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// until reads up to what has these status codes.
func (c *rawClient) until(want string) *Element {
	c.t.Helper()
	for {
		if e := c.next(); e.child(ns.MUCUser, "x") != nil && codes(e) == want {
			return e
		}
	}
}

func admin(item string) string { return "<query xmlns='" + ns.MUCAdmin + "'>" + item + "</query>" }
func owner(inside string) string {
	return "<query xmlns='" + ns.MUCOwner + "'>" + inside + "</query>"
}

const instant = "<x xmlns='jabber:x:data' type='submit'/>"

func TestRoomIsMadeAndEntered(t *testing.T) {
	s := startServer(t, Options{})
	a, b := loggedIn(t, s, "alice", "x"), loggedIn(t, s, "bob", "y")
	p, _ := a.join("al", "")
	require.Len(t, p, 1)
	require.Equal(t, "110 201", codes(p[0]))
	b.send("<presence to='%s/bo'><x xmlns='%s'/></presence>", garden, ns.MUC)
	b.answered("item-not-found")
	a.asksRoom("set", "", owner(instant), "")
	p, _ = b.join("bo", "")
	require.Len(t, p, 2)
	require.Equal(t, garden+"/al", p[0].attr("from"))
	require.Equal(t, "", p[0].child(ns.MUCUser, "x").first().attr("jid"), "bob is no moderator")
	require.Equal(t, "110", codes(p[1]))
	require.Equal(t, b.jid, a.next().child(ns.MUCUser, "x").first().attr("jid"))
	b.send("<message to='%s' type='groupchat' id='m1'><body>hi</body></message>", garden)
	for _, c := range []*rawClient{a, b} {
		c.want("<message type='groupchat' id='m1' from='" + garden + "/bo' to='${me}'><body>hi</body>" +
			"<stanza-id xmlns='urn:xmpp:sid:0' by='" + garden + "' id='*'/><occupant-id xmlns='urn:xmpp:occupant-id:0' id='*'/></message>")
	}
	b.send("<presence to='%s/rob'/>", garden)
	require.Equal(t, "rob", b.until("110 303").child(ns.MUCUser, "x").first().attr("nick"))
	require.Equal(t, garden+"/rob", b.until("110").attr("from"))
	b.send("<presence to='%s/al'/>", garden)
	b.answered("conflict")
	b.send("<presence type='unavailable' to='%s/rob'><status>bye</status></presence>", garden)
	require.Equal(t, "unavailable", b.until("110").attr("type"))
	a.until("303")
	require.Equal(t, garden+"/rob", a.next().attr("from"))
	require.Contains(t, a.next().String(), "<status>bye</status>")
	nicks, err := s.RoomOccupants("garden")
	require.NoError(t, err)
	require.Equal(t, []string{"al"}, nicks)
}

func TestRoomHistory(t *testing.T) {
	s := startServer(t, Options{Rooms: Rooms{History: 3}})
	require.NoError(t, s.MakeRoom("garden", nil))
	for i := range 5 {
		require.NoError(t, s.RoomSay("garden", "ghost", "", fmt.Sprint(i)))
	}
	size := len(loggedInHistory(t, s, "")[0].String()) - len("alice@canto.test/x' to='")
	for ask, want := range map[string]int{
		"":                          3,
		"<history maxstanzas='2'/>": 2,
		"<history maxstanzas='0'/>": 0,
		"<history maxchars='0'/>":   0,
		"<history maxchars='" + fmt.Sprint(size+50) + "'/>": 1,
		"<history seconds='100'/>":                          3,
		"<history since='2999-01-01T00:00:00Z'/>":           0,
		"<history since='1970-01-01T00:00:00Z'/>":           3,
	} {
		got := loggedInHistory(t, s, ask)
		require.Len(t, got, want, ask)
		for i, m := range got {
			require.Equal(t, fmt.Sprint(5-want+i), m.child(ns.Client, "body").text())
			require.Equal(t, garden, m.child(ns.Delay, "delay").attr("from"))
		}
	}
}

func loggedInHistory(t *testing.T, s *Server, ask string) []*Element {
	c := loggedIn(t, s, "alice", "")
	_, m := c.join("al", ask)
	c.send("<presence to='%s/al' type='unavailable'/>", garden)
	c.until("110")
	return m
}

func TestRoomRefuses(t *testing.T) {
	s := startServer(t, Options{})
	for _, x := range []struct{ field, value, inside, condition string }{
		{"muc#roomconfig_membersonly", "1", "", "registration-required"},
		{"muc#roomconfig_roomsecret", "sesame", "", "not-authorized"},
		{"muc#roomconfig_roomsecret", "sesame", "<password>wrong</password>", "not-authorized"},
		{"muc#roomconfig_maxusers", "1", "", "service-unavailable"},
	} {
		require.NoError(t, s.MakeRoom("garden", map[string]string{"FORM_TYPE": ns.MUCConfig, x.field: x.value}))
		require.NoError(t, s.RoomAffiliate("garden", s.domain, "none"))
		alice := jid.MustParse("alice@canto.test")
		require.NoError(t, s.RoomAffiliate("garden", alice, "owner"))
		a := loggedIn(t, s, "alice", "")
		a.join("al", "<password>sesame</password>")
		b := loggedIn(t, s, "bob", "")
		b.send("<presence to='%s/bo'><x xmlns='%s'>%s</x></presence>", garden, ns.MUC, x.inside)
		b.answered(x.condition)
		require.NoError(t, s.RoomAffiliate("garden", jid.MustParse("bob@canto.test"), "outcast"))
		b.send("<presence to='%s/bo'><x xmlns='%s'/></presence>", garden, ns.MUC)
		b.answered("forbidden")
		require.NoError(t, s.RoomAffiliate("garden", jid.MustParse("bob@canto.test"), "none"))
		b.send("<presence to='%s'><x xmlns='%s'/></presence>", garden, ns.MUC)
		b.answered("jid-malformed")
		b.send("<presence to='%s/bo'/>", garden)
		b.until("110 307 333")
		b.send("<message to='%s' type='groupchat'><body>hi</body></message>", garden)
		b.answered("not-acceptable")
		a.asksRoom("set", "", owner("<destroy jid='other@conference.canto.test'><reason>over</reason></destroy>"), "")
		_, err := s.RoomOccupants("garden")
		require.Error(t, err)
	}
}

func TestRoomIsAdministered(t *testing.T) {
	s := startServer(t, Options{})
	a, b, c := loggedIn(t, s, "alice", ""), loggedIn(t, s, "bob", ""), loggedIn(t, s, "carol", "")
	a.join("al", "")
	a.asksRoom("set", "", owner(instant), "")
	b.join("bo", "")
	c.join("ca", "")
	b.asksRoom("set", "", admin("<item nick='ca' role='none'/>"), "forbidden")
	b.asksRoom("set", "", admin("<item jid='carol@canto.test' affiliation='outcast'/>"), "forbidden")
	b.asksRoom("get", "", owner(""), "forbidden")
	a.asksRoom("set", "", admin("<item jid='bob@canto.test' affiliation='admin'/>"), "")
	b.asksRoom("set", "", admin("<item jid='alice@canto.test' affiliation='none'/>"), "not-allowed")
	b.asksRoom("set", "", admin("<item nick='al' role='none'/>"), "not-allowed")
	b.asksRoom("set", "", admin("<item jid='bob@canto.test' affiliation='outcast'/>"), "not-allowed")
	a.asksRoom("set", "", admin("<item jid='alice@canto.test' affiliation='none'/>"), "conflict")
	b.asksRoom("set", "", admin("<item nick='ca' role='visitor'/>"), "")
	c.send("<message to='%s' type='groupchat'><body>hi</body></message>", garden)
	c.answered("forbidden")
	b.asksRoom("set", "", admin("<item nick='ca' role='none'><reason>out</reason></item>"), "")
	kicked := c.until("110 307")
	require.Contains(t, kicked.String(), "<actor nick='bo'/><reason>out</reason>")
	c.join("ca", "")
	b.asksRoom("set", "", admin("<item jid='carol@canto.test' affiliation='outcast'/>"), "")
	c.until("110 301")
	got := b.asksRoom("get", "", admin("<item affiliation='outcast'/>"), "")
	require.Contains(t, got.String(), "jid='carol@canto.test'")
	got = b.asksRoom("get", "", admin("<item role='moderator'/>"), "")
	require.Contains(t, got.String(), "nick='al'")
	require.Contains(t, got.String(), "nick='bo'")
	b.asksRoom("set", "", admin("<item jid='carol@canto.test' affiliation='none'/>"), "")
	c.join("ca", "")
	form := "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>" + ns.MUCConfig + "</value></field>" +
		"<field var='muc#roomconfig_membersonly'><value>1</value></field></x>"
	a.asksRoom("set", "", owner(form), "")
	c.until("104")
	c.until("110 322")
	require.Contains(t, a.asksRoom("get", "", owner(""), "").String(), "muc#roomconfig_whois")
	require.Contains(t, a.asksRoom("get", "", "<query xmlns='"+ns.DiscoInfo+"'/>", "").String(), "muc_membersonly")
	a.asksRoom("get", "/al", "<ping xmlns='urn:xmpp:ping'/>", "")
	c.asksRoom("get", "/al", "<ping xmlns='urn:xmpp:ping'/>", "not-acceptable")
	s.RestartRooms()
	a.until("110 332")
}

func TestRoomPassesOn(t *testing.T) {
	s := startServer(t, Options{})
	require.NoError(t, s.MakeRoom("garden", map[string]string{"FORM_TYPE": ns.MUCConfig, "muc#roomconfig_moderatedroom": "1"}))
	require.NoError(t, s.RoomAffiliate("garden", jid.MustParse("alice@canto.test"), "owner"))
	a, b, c := loggedIn(t, s, "alice", ""), loggedIn(t, s, "bob", ""), online(t, s, "carol", "", "<presence/>")
	a.join("al", "")
	b.join("bo", "")
	a.next()
	b.send("<message to='%s/al' type='chat' id='p'><body>psst</body></message>", garden)
	a.want("<message to='${me}' type='chat' id='p' from='" + garden + "/bo'><body>psst</body><x xmlns='" + ns.MUCUser + "'/><occupant-id xmlns='urn:xmpp:occupant-id:0' id='*'/></message>")
	b.send("<message to='%s'><x xmlns='%s'><invite to='carol@canto.test'><reason>come</reason></invite></x></message>", garden, ns.MUCUser)
	c.want("<message from='" + garden + "' to='carol@canto.test'><x xmlns='" + ns.MUCUser + "'><invite from='" + b.jid + "'><reason>come</reason></invite></x></message>")
	c.send("<message to='%s'><x xmlns='%s'><decline to='%s'><reason>no</reason></decline></x></message>", garden, ns.MUCUser, b.jid)
	b.want("<message from='" + garden + "' to='${me}'><x xmlns='" + ns.MUCUser + "'><decline from='carol@canto.test'><reason>no</reason></decline></x></message>")
	b.send("<message to='%s'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>%s</value></field></x></message>", garden, ns.MUCRequest)
	form := a.next().child(ns.Data, "x")
	require.Equal(t, "bo", formValues(form)["muc#roomnick"])
	a.send("<message to='%s'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>%s</value></field>"+
		"<field var='muc#roomnick'><value>bo</value></field><field var='muc#request_allow'><value>true</value></field></x></message>", garden, ns.MUCRequest)
	require.Equal(t, "participant", b.until("110").child(ns.MUCUser, "x").first().attr("role"))
	b.send("<message to='%s' type='groupchat'><body>now</body></message>", garden)
	id := b.next().child(ns.StanzaID, "stanza-id").attr("id")
	moderate := "<moderate id='" + id + "' xmlns='" + ns.Moderate + "'><retract xmlns='" + ns.Retract + "'/><reason>no</reason></moderate>"
	b.asksRoom("set", "", moderate, "forbidden")
	a.asksRoom("set", "", moderate, "")
	require.Equal(t, id, b.next().child(ns.Retract, "retract").attr("id"))
	register := "<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>" + ns.MUCRegister +
		"</value></field><field var='muc#register_roomnick'><value>%s</value></field></x></query>"
	b.asksRoom("set", "", fmt.Sprintf(register, "al"), "conflict")
	b.asksRoom("set", "", fmt.Sprintf(register, "bobby"), "")
	require.Contains(t, b.asksRoom("get", "", "<query xmlns='jabber:iq:register'/>", "").String(), "<username>bobby</username>")
	require.Contains(t, b.asksRoom("get", "", "<query xmlns='"+ns.DiscoInfo+"' node='"+roomNickNode+"'/>", "").String(), "name='bobby'")
	require.NoError(t, s.RoomHats("garden", "bo", map[string]string{"urn:hat": "Hat"}))
	require.NoError(t, s.RoomForget("garden", "bo"))
	b.asksRoom("get", "/bo", "<ping xmlns='urn:xmpp:ping'/>", "not-acceptable")
}

func TestTwoResourcesShareANickname(t *testing.T) {
	s := startServer(t, Options{})
	require.NoError(t, s.MakeRoom("garden", nil))
	one, two := loggedIn(t, s, "alice", "1"), loggedIn(t, s, "alice", "2")
	one.join("al", "")
	two.join("al", "")
	one.send("<message to='%s' type='groupchat' id='m'><body>hi</body></message>", garden)
	for e := two.next(); e.attr("id") != "m"; e = two.next() {
	}
	two.send("<presence to='%s/al' type='unavailable'/>", garden)
	two.until("110")
	nicks, err := s.RoomOccupants("garden")
	require.NoError(t, err)
	require.Equal(t, []string{"al"}, nicks)
	require.NoError(t, one.conn.Close())
	c := loggedIn(t, s, "carol", "")
	c.join("ca", "")
}
