package server

import (
	"encoding/base64"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/internal/ns"
	"github.com/stretchr/testify/require"
)

const (
	agentXML   = "<user-agent xmlns='urn:xmpp:sasl:2' id='d4565fa7-4d72-4749-b3d3-740edbf87770'/>"
	bindXML    = "<bind xmlns='urn:xmpp:bind:0'><tag>bot</tag><enable xmlns='urn:xmpp:sm:3' resume='true'/></bind>"
	askForNONE = "<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>"
)

// greeted is a client inside TLS that has said who it is.
func greeted(t *testing.T, s *Server) *rawClient {
	t.Helper()
	c := dial(t, s)
	c.open("")
	c.startTLS(nil)
	c.open(" from='alice@" + DefaultDomain + "'")
	return c
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// authenticate sends the request with an initial response and whatever else.
func (c *rawClient) authenticate(mechanism, initial, more string) {
	c.t.Helper()
	c.send("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='%s'><initial-response>%s</initial-response>%s</authenticate>",
		mechanism, b64(initial), more)
}

// plain logs alice in with PLAIN and returns <success/>.
func (c *rawClient) plain(more string) *Element {
	c.t.Helper()
	c.authenticate("PLAIN", "\x00alice\x00secret of alice", more)
	e := c.next()
	require.True(c.t, e.is(ns.SASL2, "success"), "%s", e)
	return e
}

// wantFailure reads <failure/>.
func (c *rawClient) wantFailure(condition string) {
	c.t.Helper()
	e := c.next()
	require.True(c.t, e.is(ns.SASL2, "failure"), "%s", e)
	require.NotNil(c.t, e.child(ns.SASL, condition), "%s", e)
}

func TestSASL2Offer(t *testing.T) {
	s := startServer(t, Options{SASL2: &SASL2{Inline: []string{"urn:xmpp:carbons:2"}}, Mechanisms: []string{"SCRAM-SHA-1-PLUS", "PLAIN"}})
	c := greeted(t, s)
	offer := c.features.child(ns.SASL2, "authentication")
	require.Equal(t, "<authentication xmlns='urn:xmpp:sasl:2'><mechanism>SCRAM-SHA-1-PLUS</mechanism><mechanism>PLAIN</mechanism>"+
		"<inline><bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:carbons:2'/><feature var='urn:xmpp:sm:3'/></inline></bind>"+
		"<sm xmlns='urn:xmpp:sm:3'/><fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-EXPR</mechanism>"+
		"<mechanism>HT-SHA-256-ENDP</mechanism><mechanism>HT-SHA-256-NONE</mechanism></fast></inline></authentication>", offer.String())
	require.NotNil(t, c.features.child(ns.SASL, "mechanisms"))

	require.Nil(t, secured(t, s).features.child(ns.SASL2, "authentication"), "to nobody in particular")
	in := dial(t, s)
	in.open(" from='alice@" + DefaultDomain + "'")
	require.Nil(t, in.features.child(ns.SASL2, "authentication"), "in clear")
	require.Nil(t, greeted(t, startServer(t, Options{})).features.child(ns.SASL2, "authentication"), "unless it's wanted")

	c = greeted(t, startServer(t, Options{SASL2: &SASL2{Only: true, NoBind: true, NoResume: true, FAST: []string{}}, Mechanisms: []string{"PLAIN"}}))
	require.Equal(t, "<authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism></authentication>",
		c.features.child(ns.SASL2, "authentication").String())
	require.Nil(t, c.features.child(ns.SASL, "mechanisms"))
}

// TestSASL2Plainly is example 13 of XEP-0388: the stream goes on without a restart.
func TestSASL2Plainly(t *testing.T) {
	c := greeted(t, startServer(t, Options{SASL2: &SASL2{}}))
	require.Equal(t, "<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>alice@canto.test</authorization-identifier></success>", c.plain("").String())
	c.features = c.next()
	require.NotNil(t, c.features.child(ns.Bind, "bind"))
	require.Nil(t, c.features.child(ns.SASL2, "authentication"))
	c.bind("x")
	require.Equal(t, "alice@canto.test/x", c.jid)
	c.authenticate("PLAIN", "", "")
	c.wantStreamError("policy-violation")
}

func TestSASL2Scram(t *testing.T) {
	for _, inChallenge := range []bool{false, true} {
		c := greeted(t, startServer(t, Options{SASL2: &SASL2{}, FinalInChallenge: inChallenge}))
		c.authenticate("SCRAM-SHA-256", "n,,n=alice,r=abc", "")
		challenge := func() string {
			e := c.next()
			require.True(t, e.is(ns.SASL2, "challenge"), "%s", e)
			data, err := base64.StdEncoding.DecodeString(e.text())
			require.NoError(t, err)
			return string(data)
		}
		final, signature := c.scram(scramSHA256, "n,,", "", "n=alice,r=abc", challenge(), "secret of alice")
		c.send("<response xmlns='urn:xmpp:sasl:2'>%s</response>", b64(final))
		if inChallenge {
			require.Equal(t, signature, challenge())
			c.send("<response xmlns='urn:xmpp:sasl:2'/>")
		}
		e := c.next()
		if inChallenge {
			require.Nil(t, e.child(ns.SASL2, "additional-data"))
			continue
		}
		require.Equal(t, b64(signature), e.child(ns.SASL2, "additional-data").text())
	}
}

func TestSASL2Refusals(t *testing.T) {
	s := startServer(t, Options{SASL2: &SASL2{}})
	c := greeted(t, s)
	c.authenticate("PLAIN", "\x00alice\x00wrong", bindXML)
	c.wantFailure("not-authorized")
	c.authenticate("SCRAM-MD5", "", "")
	c.wantFailure("invalid-mechanism")
	c.send("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>*</initial-response></authenticate>")
	c.wantFailure("incorrect-encoding")
	c.authenticate("SCRAM-SHA-256", "n,,n=alice,r=abc", "")
	require.Equal(t, "challenge", c.next().Name.Local)
	c.send("<abort xmlns='urn:xmpp:sasl:2'/>")
	c.wantFailure("aborted")
	c.send("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'/>")
	require.Equal(t, "<challenge xmlns='urn:xmpp:sasl:2'/>", c.next().String(), "without an initial response")
	c.send("<response xmlns='urn:xmpp:sasl:2'>%s</response>", b64("\x00alice\x00secret of alice"))
	require.Equal(t, "success", c.next().Name.Local, "what failed before has changed nothing")

	c = greeted(t, s)
	c.authenticate("SCRAM-SHA-256", "n,,n=alice,r=abc", "")
	require.Equal(t, "challenge", c.next().Name.Local)
	c.send("<iq type='get' id='1'/>")
	c.wantStreamError("policy-violation")

	c = secured(t, s)
	c.authenticate("PLAIN", "\x00alice\x00secret of alice", "")
	c.wantFailure("invalid-mechanism")
}

func TestSASL2Bind(t *testing.T) {
	s := startServer(t, Options{SASL2: &SASL2{}})
	c := greeted(t, s)
	e := c.plain(agentXML + bindXML)
	c.jid = e.child(ns.SASL2, "authorization-identifier").text()
	require.Regexp(t, "^alice@canto.test/bot/[a-z2-7]{16}$", c.jid)
	enabled := e.child(ns.Bind2, "bound").child(ns.SM, "enabled")
	require.Equal(t, "true", enabled.attr("resume"))
	require.NotEmpty(t, enabled.attr("id"))
	c.features = c.next()
	require.True(t, c.features.is(ns.Stream, "features"), "at once")
	require.Nil(t, c.features.child(ns.Bind, "bind"))
	require.Nil(t, c.features.child(ns.SM, "sm"))
	c.send(smPing)
	c.want("<iq type='result' id='sync' from='*' to='${me}'/>")
	c.send(smR)
	c.want("<a xmlns='urn:xmpp:sm:3' h='1'/>")

	again := greeted(t, s)
	require.Equal(t, c.jid, again.plain(agentXML+bindXML).child(ns.SASL2, "authorization-identifier").text())
	for e := c.next(); ; e = c.next() {
		if e.is(ns.Stream, "error") {
			require.NotNil(t, e.child(ns.StreamErrors, "conflict"), "one installation, one session")
			break
		}
	}
	require.NotEqual(t, c.jid, greeted(t, s).plain(bindXML).child(ns.SASL2, "authorization-identifier").text(), "without an id")

	s.FaultSM(SMFaults{RefuseEnable: "internal-server-error"})
	e = greeted(t, s).plain(bindXML).child(ns.Bind2, "bound")
	require.NotNil(t, e.child(ns.SM, "failed").child(ns.Stanzas, "internal-server-error"))
}

func TestSASL2Resume(t *testing.T) {
	inBubble(t, Options{SASL2: &SASL2{}}, func(t *testing.T, s *Server) {
		c := greeted(t, s)
		e := c.plain(bindXML)
		full, id := e.child(ns.SASL2, "authorization-identifier").text(), e.child(ns.Bind2, "bound").child(ns.SM, "enabled").attr("id")
		require.NoError(t, c.conn.Close())
		resume := fmt.Sprintf("<resume xmlns='urn:xmpp:sm:3' h='0' previd='%s'/>", id)

		c = greeted(t, s).patient()
		e = c.plain(resume + bindXML)
		require.Equal(t, id, e.child(ns.SM, "resumed").attr("previd"))
		require.Nil(t, e.child(ns.Bind2, "bound"))
		c.send("<iq type='get' id='1' to='canto.test'><ping xmlns='urn:xmpp:ping'/></iq>")
		c.jid = full
		c.want("<iq type='result' id='1' from='canto.test' to='${me}'/>") // and no features before it

		require.NoError(t, c.conn.Close())
		synctest.Wait()
		s.ExpireSuspended("alice")
		e = greeted(t, s).plain(resume + bindXML)
		require.Equal(t, "1", e.child(ns.SM, "failed").attr("h"))
		require.NotNil(t, e.child(ns.Bind2, "bound"), "in the same answer")

		c = greeted(t, s)
		e = c.plain(resume)
		require.NotNil(t, e.child(ns.SM, "failed"))
		require.Equal(t, "alice@canto.test", e.child(ns.SASL2, "authorization-identifier").text())
		require.NotNil(t, c.next().child(ns.Bind, "bind"), "it can still bind")
	})
}

func TestSASL2Tasks(t *testing.T) {
	s := startServer(t, Options{SASL2: &SASL2{Tasks: []string{"TOTP-EXAMPLE", "HOTP-EXAMPLE"}}})
	c := greeted(t, s)
	c.authenticate("PLAIN", "\x00alice\x00secret of alice", bindXML)
	require.Equal(t, "<continue xmlns='urn:xmpp:sasl:2'><tasks><task>TOTP-EXAMPLE</task><task>HOTP-EXAMPLE</task></tasks>"+
		"<text>There is more to be done.</text></continue>", c.next().String())
	require.Empty(t, s.Sessions("alice"), "nothing is bound before the tasks are done")
	c.send("<next xmlns='urn:xmpp:sasl:2' task='HOTP-EXAMPLE'/>")
	require.NotNil(t, c.next().child(ns.Bind2, "bound"))

	c = greeted(t, s)
	c.send("<next xmlns='urn:xmpp:sasl:2' task='HOTP-EXAMPLE'/>")
	c.wantFailure("malformed-request")
}
