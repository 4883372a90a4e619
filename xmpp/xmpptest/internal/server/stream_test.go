package server

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/stretchr/testify/require"
)

func TestStreamErrorsInHeader(t *testing.T) {
	const good = "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
	tests := []struct{ name, header, condition string }{
		{"other domain", "<stream:stream " + good + "to='elsewhere.test' version='1.0'>", "host-unknown"},
		{"no domain", "<stream:stream " + good + "version='1.0'>", "host-unknown"},
		{"an address", "<stream:stream " + good + "to='a@canto.test' version='1.0'>", "host-unknown"},
		{"no version", "<stream:stream " + good + "to='canto.test'>", "unsupported-version"},
		{"other namespace", "<stream:stream xmlns='jabber:client' xmlns:stream='urn:x' to='canto.test' version='1.0'>", "invalid-namespace"},
		{"other element", "<stream:features " + good + "to='canto.test' version='1.0'>", "bad-format"},
		{"undeclared prefix", "<stream:stream xmlns='jabber:client' to='canto.test' version='1.0'>", "not-well-formed"},
		{"not XML", "GET / HTTP/1.1\r\n\r\n", "not-well-formed"},
		{"DTD", "<!DOCTYPE x><stream:stream " + good + "to='canto.test' version='1.0'>", "restricted-xml"},
		{"other encoding", "<?xml version='1.0' encoding='ISO-8859-1'?><stream:stream " + good + "to='canto.test' version='1.0'>", "unsupported-encoding"},
	}
	s := startServer(t, Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := dial(t, s)
			c.send("%s", tt.header)
			c.readHeader() // RFC 6120 §4.9.1.2: an answer to the header comes before the error
			if e := c.next(); e.is(ns.Stream, "features") {
				t.Fatal("the header was accepted")
			} else {
				require.NotNil(t, e.child(ns.StreamErrors, tt.condition), "%s", e)
			}
			c.wantEnd()
		})
	}
}

func TestStreamErrorsBeforeLogin(t *testing.T) {
	tests := []struct{ name, xml, condition string }{
		{"stanza", "<message to='bob@canto.test'/>", "not-authorized"},
		{"bind", "<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", "not-authorized"},
		{"unknown element", "<x xmlns='urn:x'/>", "unsupported-stanza-type"},
		{"text", "hello", "not-well-formed"},
	}
	s := startServer(t, Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := dial(t, s)
			c.open("")
			c.send("%s", tt.xml)
			c.wantStreamError(tt.condition)
		})
	}
}

func TestStreamErrorsInSession(t *testing.T) {
	tests := []struct{ name, xml, condition string }{
		{"crossed tags", "<message><a></b></message>", "not-well-formed"},
		{"undeclared prefix", "<message><x:a/></message>", "not-well-formed"},
		{"comment", "<message><!-- x --></message>", "restricted-xml"},
		{"processing instruction", "<?php x?>", "restricted-xml"},
		{"entity", "<message><body>&bomb;</body></message>", "restricted-xml"},
		{"other content namespace", "<message xmlns='jabber:server'/>", "invalid-namespace"},
		{"unknown stanza", "<massage/>", "unsupported-stanza-type"},
		{"somebody else's address", "<message from='bob@canto.test/x' to='bob@canto.test'/>", "invalid-from"},
		{"no address", "<message from='@' to='bob@canto.test'/>", "invalid-from"},
		{"too large", "<message><body>" + strings.Repeat("x", 3000) + "</body></message>", "policy-violation"},
		{"second login", "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AAAA</auth>", "policy-violation"},
	}
	s := startServer(t, Options{MaxStanza: 2048})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := loggedIn(t, s, "alice", "")
			go io.WriteString(c.conn, tt.xml) // the server may stop reading in the middle of it
			c.wantStreamError(tt.condition)
		})
	}
}

func TestStanzaBeforeBinding(t *testing.T) {
	s := startServer(t, Options{})
	c := secured(t, s)
	c.auth("PLAIN", "\x00alice\x00secret of alice")
	c.success()
	c.send("<presence/>")
	c.wantStreamError("not-authorized")
}

func TestStartTLSOnlyOnce(t *testing.T) {
	s := startServer(t, Options{})
	c := secured(t, s)
	c.send("<starttls xmlns='%s'/>", ns.TLS)
	c.want("<failure xmlns='" + ns.TLS + "'/>")
	c.wantEnd()
}

// TestStartTLSWithBytesBehind is the injection of CVE-2011-0411, seen from the server.
func TestStartTLSWithBytesBehind(t *testing.T) {
	s := startServer(t, Options{})
	c := dial(t, s)
	c.open("")
	c.send("<starttls xmlns='%s'/><message/>", ns.TLS)
	c.want("<failure xmlns='" + ns.TLS + "'/>")
	c.wantEnd()
	require.Zero(t, s.Stats().TLS)
}

func TestStartTLSOptionalAndOff(t *testing.T) {
	c := dial(t, startServer(t, Options{StartTLS: Optional}))
	c.open("")
	require.NotNil(t, c.features.child(ns.TLS, "starttls"))
	require.Nil(t, c.features.child(ns.TLS, "starttls").child(ns.TLS, "required"))
	require.NotNil(t, c.features.child(ns.SASL, "mechanisms"))
	c = dial(t, startServer(t, Options{StartTLS: Off}))
	c.open("")
	require.Nil(t, c.features.child(ns.TLS, "starttls"))
	c.send("<starttls xmlns='%s'/>", ns.TLS)
	c.want("<failure xmlns='" + ns.TLS + "'/>")
}

// TestPipelinedHeader sends the next stream's header with the last words of the one before: nothing of it may be lost.
func TestPipelinedHeader(t *testing.T) {
	s := startServer(t, Options{})
	c := secured(t, s)
	c.send("<auth xmlns='%s' mechanism='PLAIN'>AGFsaWNlAHNlY3JldCBvZiBhbGljZQ==</auth>"+
		"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='canto.test'>"+
		"<iq type='set' id='b'><bind xmlns='%s'><resource>fast</resource></bind></iq><presence/>", ns.SASL, ns.Bind)
	c.want("<success xmlns='" + ns.SASL + "'/>")
	c.readHeader()
	require.True(t, c.next().is(ns.Stream, "features"))
	require.Equal(t, "b", c.next().attr("id"))
	require.Equal(t, "alice@canto.test/fast", c.next().attr("from"))
}

func TestSeeOtherHost(t *testing.T) {
	s := startServer(t, Options{})
	s.Redirect("[2001:db8::1]:5222")
	c := dial(t, s)
	c.sendHeader("")
	c.readHeader()
	e := c.wantStreamError("see-other-host")
	require.Equal(t, "[2001:db8::1]:5222", e.first().text())
	c = dial(t, s)
	c.open("")
}

func TestCloseHandshakeByServer(t *testing.T) {
	s := startServer(t, Options{})
	c := loggedIn(t, s, "alice", "")
	s.CloseStream("alice", "")
	e, err := c.read()
	require.NoError(t, err)
	require.Nil(t, e)
	c.send(closingTag)
	_, err = c.dec.ReadToken()
	require.ErrorIs(t, err, io.EOF)
}

func TestCloseEndsAllWithSystemShutdown(t *testing.T) {
	s := startServer(t, Options{})
	c := loggedIn(t, s, "alice", "")
	early := dial(t, s) // has said nothing yet
	done := make(chan error, 1)
	go func() { done <- s.Close() }()
	c.wantStreamError("system-shutdown")
	_, err := early.dec.ReadToken()
	require.Error(t, err)
	require.NoError(t, <-done)
	_, err = s.Dial(t.Context(), "", "")
	require.Error(t, err)
}

// TestCloseInBubble runs a whole session and the end of a server whose client does not react, on the clock of a bubble.
func TestCloseInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startServer(t, Options{InMemory: true})
		require.NoError(t, s.Listen())
		c := online(t, s, "alice", "x", "<presence/>")
		s.Delay(time.Hour)
		before := time.Now()
		require.NoError(t, c.conn.SetDeadline(time.Time{}))
		c.send("<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>")
		c.want("<iq type='result' id='1' from='*' to='${me}'/>")
		require.Equal(t, time.Hour, time.Since(before))
		s.Freeze()
		before = time.Now()
		require.NoError(t, s.Close())
		require.Equal(t, shutdownGrace, time.Since(before))
	})
}

func TestDirectTLS(t *testing.T) {
	s := startServer(t, Options{})
	require.NoError(t, s.Listen())
	c := newRawClient(t, dialTCP(t, s.DirectAddr()))
	c.secure(nil)
	c.open("")
	require.Nil(t, c.features.child(ns.TLS, "starttls"))
	c.auth("PLAIN", "\x00alice\x00secret of alice")
	c.success()
	c.bind("")
}
