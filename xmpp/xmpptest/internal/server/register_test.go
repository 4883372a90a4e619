package server

import (
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/stretchr/testify/require"
)

// asks sends a request that registers and wants an answer: "" for a result, else the condition of the error.
func (c *rawClient) asks(typ, inside, want string) *Element {
	c.t.Helper()
	c.send("<iq type='%s' id='r'><query xmlns='jabber:iq:register'>%s</query></iq>", typ, inside)
	e := c.next()
	fault := e.child(ns.Client, "error")
	if want == "" {
		require.Nil(c.t, fault, "%s", e)
		return e
	}
	require.NotNil(c.t, fault, "%s", e)
	require.NotNil(c.t, fault.child(ns.Stanzas, want), "%s", e)
	return e
}

// submission is a data form that is filled in.
func submission(formType string, pairs ...string) string {
	var b strings.Builder
	b.WriteString("<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>" + formType + "</value></field>")
	for i := 0; i < len(pairs); i += 2 {
		b.WriteString("<field var='" + pairs[i] + "'><value>" + pairs[i+1] + "</value></field>")
	}
	return b.String() + "</x>"
}

func named(user, password string) string {
	return "<username>" + user + "</username><password>" + password + "</password>"
}

func TestRegister(t *testing.T) {
	s := startServer(t, Options{Register: &Register{Limit: 2, MinPassword: 4, Fields: []string{"email"}}})
	clear := dial(t, s)
	clear.open("")
	require.Nil(t, clear.features.child(ns.RegisterFeat, "register"), "XEP-0077 §11: not in clear")
	clear.send("<iq type='get' id='r'><query xmlns='jabber:iq:register'/></iq>")
	clear.wantStreamError("not-authorized")

	c := secured(t, s)
	require.NotNil(t, c.features.child(ns.RegisterFeat, "register"))
	c.send("<iq type='get' id='r'><query xmlns='jabber:iq:register'/></iq>")
	c.want("<iq type='result' id='r'><query xmlns='jabber:iq:register'><instructions>*</instructions><username/><password/><email/></query></iq>")
	mail := "<email>bill@example.com</email>"
	c.asks("set", named("bill", "Calliope"), "not-acceptable")
	c.asks("set", named("", "Calliope")+mail, "not-acceptable")
	c.asks("set", named("a b", "Calliope")+mail, "not-acceptable")
	c.asks("set", named("bill", "abc")+mail, "policy-violation")
	c.asks("set", named("Alice", "Calliope")+mail, "conflict")
	c.asks("set", "<remove/>", "registration-required")
	c.asks("set", submission(ns.Register, "username", "bill", "password", "Calliope", "email", "x"), "bad-request")
	c.asks("set", named("bill", "Calliope")+mail, "")
	c.asks("set", named("bull", "Calliope")+mail, "not-acceptable")
	c.auth("PLAIN", "\x00bill\x00Calliope")
	c.success()
	require.Nil(t, c.features.child(ns.RegisterFeat, "register"))
	c.bind("")
	require.Contains(t, c.asks("get", "", "").String(), "<registered/><username>bill</username><password/>"+mail)

	c = secured(t, s)
	c.asks("set", named("bull", "Calliope")+mail, "")
	c = secured(t, s)
	c.asks("set", named("ball", "Calliope")+mail, "resource-constraint")
}

func TestRegisterWithForm(t *testing.T) {
	s := startServer(t, Options{Register: &Register{FormOnly: true, Captcha: "7nHL3"}})
	c := secured(t, s)
	q := c.asks("get", "", "").first()
	require.Nil(t, q.child(ns.Register, "username"))
	require.NotNil(t, q.child(ns.Data, "x"))
	require.NotNil(t, q.child(ns.Bob, "data"))
	good := []string{"username", "bill", "password", "Calliope", "challenge", "F3A6292C", "ocr", "7nHL3"}
	c.asks("set", named("bill", "Calliope"), "bad-request")
	c.asks("set", submission(ns.Register, good...)+named("bill", "Calliope"), "bad-request")
	c.asks("set", submission("urn:other", good...), "bad-request")
	c.asks("set", submission(ns.Register, good[:6]...), "not-acceptable")
	c.asks("set", submission(ns.Register, good...), "")
	_, ok := s.Password("bill")
	require.True(t, ok)
}

func TestRegisterElsewhere(t *testing.T) {
	s := startServer(t, Options{Register: &Register{URL: "https://example.net/"}})
	c := secured(t, s)
	c.asks("set", named("bill", "Calliope"), "not-allowed")
	c.send("<iq type='get' id='r'><query xmlns='jabber:iq:register'/></iq>")
	c.want("<iq type='result' id='r'><query xmlns='jabber:iq:register'><instructions>*</instructions><x xmlns='jabber:x:oob'><url>https://example.net/</url></x></query></iq>")
}

func TestChangePassword(t *testing.T) {
	s := startServer(t, Options{Register: &Register{MinPassword: 4}})
	c := loggedIn(t, s, "alice", "x")
	c.asks("set", named("alice", ""), "bad-request")
	c.asks("set", named("alice", "abc"), "policy-violation")
	c.asks("set", named("bob", "changed"), "forbidden")
	c.asks("set", named("alice", "changed"), "")
	p, _ := s.Password("alice")
	require.Equal(t, "changed", p)
}

func TestRemoveAccount(t *testing.T) {
	s := startServer(t, Options{Register: &Register{}})
	c := loggedIn(t, s, "alice", "x")
	other := loggedIn(t, s, "alice", "y")
	c.asks("set", named("alice", "x")+"<remove/>", "bad-request")
	c.asks("set", "<remove/>", "")
	c.wantStreamError("not-authorized")
	other.wantStreamError("not-authorized")
	_, ok := s.Password("alice")
	require.False(t, ok)
	abrupt := startServer(t, Options{Register: &Register{Abrupt: true}})
	c = loggedIn(t, abrupt, "alice", "x")
	c.send("<iq type='set' id='r'><query xmlns='jabber:iq:register'><remove/></query></iq>")
	c.wantStreamError("not-authorized")
}

func TestRegistrationIsConfirmed(t *testing.T) {
	s := startServer(t, Options{Register: &Register{Confirm: true}})
	c := loggedIn(t, s, "alice", "x")
	require.NotNil(t, c.asks("set", named("alice", "changed"), "not-allowed").child(ns.Register, "query").child(ns.Data, "x"))
	c.asks("set", submission(ns.Register+":changepassword", "username", "alice", "password", "changed", "old_password", "wrong"), "forbidden")
	c.asks("set", submission(ns.Register+":changepassword", "username", "alice", "password", "changed", "old_password", "secret of alice"), "")
	c.asks("set", "<remove/>", "not-allowed")
	c.asks("set", submission(ns.Register+":cancel", "username", "alice", "password", "changed"), "")
	locked := startServer(t, Options{Register: &Register{Locked: true}})
	c = loggedIn(t, locked, "alice", "x")
	c.asks("set", named("alice", "changed"), "not-allowed")
	c.asks("set", "<remove/>", "not-allowed")
}

func TestInvitations(t *testing.T) {
	s := startServer(t, Options{Register: &Register{InviteOnly: true}})
	shows := func(c *rawClient, uri string) *Element {
		c.send("<iq type='set' id='p'><preauth xmlns='urn:xmpp:pars:0' token='%s'/></iq>", tokenOf(uri))
		return c.next()
	}
	c := secured(t, s)
	require.NotNil(t, c.features.child(ns.IBRToken, "register"))
	c.asks("set", named("bill", "Calliope"), "not-allowed")
	require.NotNil(t, shows(c, "xmpp:canto.test?register;preauth=none").child(ns.Client, "error").child(ns.Stanzas, "item-not-found"))
	uri := s.Invite("bill")
	require.Regexp(t, `^xmpp:bill@canto\.test\?register;preauth=[a-z2-7]+$`, uri)
	require.Nil(t, shows(c, uri).child(ns.Client, "error"))
	c.asks("set", named("bull", "Calliope"), "not-acceptable")
	other := secured(t, s)
	require.Nil(t, shows(other, s.Invite("")).child(ns.Client, "error"))
	other.asks("set", named("bill", "Calliope"), "conflict") // the name is reserved
	c.asks("set", named("bill", "Calliope"), "")
	require.NotNil(t, shows(other, uri).child(ns.Client, "error"), "it is used")
}

func TestInviteCommands(t *testing.T) {
	s := startServer(t, Options{Register: &Register{InviteOnly: true}})
	alice := loggedIn(t, s, "alice", "x")
	run := func(node, inside string) *Element {
		alice.send("<iq type='set' id='c' to='canto.test'><command xmlns='%s' node='%s'>%s</command></iq>", ns.Commands, node, inside)
		return alice.next().first()
	}
	value := func(command *Element) string { return submitted(command)["uri"] }
	u, err := jid.ParseURI(value(run(inviteUser, "")))
	require.NoError(t, err)
	require.Equal(t, "alice@canto.test", u.Address.String())
	require.Equal(t, "roster", u.Action)
	require.Equal(t, "y", u.Get("ibr"))

	require.Equal(t, "executing", run(inviteAccount, "").attr("status"))
	u, err = jid.ParseURI(value(run(inviteAccount, submission("", "username", "bill"))))
	require.NoError(t, err)
	require.Equal(t, "bill@canto.test", u.Address.String())
	require.Equal(t, "register", u.Action)
	require.Empty(t, value(run(inviteAccount, submission("", "username", "bob"))), "he has an account")
	require.Empty(t, value(run(inviteAccount, submission("", "username", "bill"))), "it is reserved")

	alice.send("<iq type='get' id='q'><query xmlns='jabber:iq:roster'/></iq>")
	alice.next()
	c := secured(t, s)
	c.send("<iq type='set' id='p'><preauth xmlns='urn:xmpp:pars:0' token='%s'/></iq>", tokenOf(value(run(inviteUser, ""))))
	c.next()
	c.asks("set", named("carla", "Calliope"), "")
	require.Contains(t, alice.next().String(), "jid='carla@canto.test' subscription='both'", "XEP-0401 §5.5: a roster push")
}
