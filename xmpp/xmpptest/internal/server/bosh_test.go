package server

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const boshCreate = "<body xmlns='http://jabber.org/protocol/httpbind' rid='100' to='canto.test' wait='60' hold='1' ver='1.6' ack='1' xmlns:xmpp='urn:xmpp:xbosh' xmpp:version='1.0'/>"

// A boshClient is a client of XEP-0124 without any manners of its own.
type boshClient struct {
	t   *testing.T
	c   *http.Client
	sid string
}

var sidIn = regexp.MustCompile(` sid='([^']+)'`)

// withBOSH runs f with a session that was created, on a server that knows no TLS.
func withBOSH(t *testing.T, o *BOSH, f func(c *boshClient)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Options{InMemory: true, StartTLS: Off, BOSH: o})
		require.NoError(t, err)
		defer s.Close()
		tr := &http.Transport{DialContext: s.DialWeb}
		defer tr.CloseIdleConnections()
		c := &boshClient{t: t, c: &http.Client{Transport: tr}}
		got := c.post(boshCreate)
		c.sid = sidIn.FindStringSubmatch(got)[1]
		f(c)
	})
}

func (c *boshClient) post(body string) string {
	c.t.Helper()
	resp, err := c.c.Post("http://canto.test/http-bind", "text/xml; charset=utf-8", strings.NewReader(body))
	require.NoError(c.t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	return string(b)
}

// say makes a request of the session.
func (c *boshClient) say(rid, attrs, payload string) string {
	c.t.Helper()
	return c.post("<body xmlns='http://jabber.org/protocol/httpbind' rid='" + rid + "' sid='" + c.sid + "'" + attrs + ">" + payload + "</body>")
}

const ping = "<iq xmlns='jabber:client' type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>"

// TestBOSH: a request is held for as long as was agreed, a repeated one answered with what is kept, and the end acknowledged.
func TestBOSH(t *testing.T) {
	withBOSH(t, nil, func(c *boshClient) {
		start := time.Now()
		require.Equal(c.t, "<body xmlns='http://jabber.org/protocol/httpbind'/>", c.say("101", "", ""))
		require.Equal(c.t, time.Minute, time.Since(start))
		got := c.say("102", "", "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='NONE'/>")
		require.Contains(c.t, got, "<invalid-mechanism")
		require.Equal(c.t, got, c.say("102", "", "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='NONE'/>"), "nothing happens twice")
		require.Contains(c.t, c.say("103", " type='terminate'", ""), "type='terminate'")
		require.Contains(c.t, c.say("104", "", ""), "item-not-found")
	})
}

// TestBOSHIsStrict: what XEP-0124 does not allow a client ends the session.
func TestBOSHIsStrict(t *testing.T) {
	for name, f := range map[string]func(c *boshClient) string{
		"bad-request, no rid":                      func(c *boshClient) string { return c.say("", "", "") },
		"bad-request, a rid that no double holds":  func(c *boshClient) string { return c.say("9007199254740993", "", "") },
		"bad-request, text":                        func(c *boshClient) string { return c.say("101", "", "text") },
		"bad-request, a payload without namespace": func(c *boshClient) string { return c.say("101", "", "<iq/>") },
		"bad-request, another text for a rid":      func(c *boshClient) string { c.say("101", "", ping); return c.say("101", "", "") },
		"item-not-found, far ahead":                func(c *boshClient) string { return c.say("103", "", "") },
		"item-not-found, long ago":                 func(c *boshClient) string { return c.say("99", "", "") },
		"item-not-found, another session":          func(c *boshClient) string { c.sid = "other"; return c.say("101", "", "") },
		"host-unknown, of another domain":          func(c *boshClient) string { return c.post(strings.Replace(boshCreate, "canto.test", "b.test", 1)) },
		"improper-addressing, of none":             func(c *boshClient) string { return c.post(strings.Replace(boshCreate, " to='canto.test'", "", 1)) },
	} {
		t.Run(name, func(t *testing.T) {
			withBOSH(t, nil, func(c *boshClient) {
				require.Contains(c.t, f(c), "type='terminate' condition='"+strings.Split(name, ",")[0]+"'")
			})
		})
	}
}

// TestBOSHPolling: an empty request that comes too soon behind one that brought nothing ends the session (§12).
func TestBOSHPolling(t *testing.T) {
	withBOSH(t, &BOSH{Wait: -1}, func(c *boshClient) {
		require.NotContains(c.t, c.say("101", "", ""), "terminate") // it may bring the features
		<-time.After(5 * time.Second)
		require.NotContains(c.t, c.say("102", "", ""), "terminate")
		<-time.After(4 * time.Second)
		require.Contains(c.t, c.say("103", "", ""), "policy-violation")
	})
}

// TestBOSHInactivity: a session that nobody asks for ends (§10), unless it was paused.
func TestBOSHInactivity(t *testing.T) {
	withBOSH(t, nil, func(c *boshClient) {
		<-time.After(29 * time.Second)
		require.Equal(c.t, "<body xmlns='http://jabber.org/protocol/httpbind'/>", c.say("101", " pause='100'", ""))
		<-time.After(99 * time.Second)
		require.NotContains(c.t, c.say("102", "", ""), "terminate")
		<-time.After(31 * time.Second)
		require.Contains(c.t, c.say("103", "", ""), "item-not-found")
	})
}
