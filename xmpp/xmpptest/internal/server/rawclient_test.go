package server

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/stretchr/testify/require"
)

// startServer runs a server for one test.
func startServer(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := New(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	for _, user := range []string{"alice", "bob", "carol"} {
		require.NoError(t, s.AddUser(user, "secret of "+user))
	}
	return s
}

// A rawClient speaks XML over a connection and understands nothing.
type rawClient struct {
	t        *testing.T
	conn     net.Conn
	in       *tail
	dec      *xmltext.Decoder
	header   *Element
	features *Element
	jid      string
	state    *tls.ConnectionState
}

func dial(t *testing.T, s *Server) *rawClient {
	t.Helper()
	conn, err := s.Dial(t.Context(), "", "")
	require.NoError(t, err)
	return newRawClient(t, conn)
}

func newRawClient(t *testing.T, conn net.Conn) *rawClient {
	t.Helper()
	// What a client leaves open at the end of its test is nobody's loss.
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	in := &tail{r: conn}
	return &rawClient{t: t, conn: conn, in: in, dec: xmltext.NewDecoder(in, xmltext.Limits{})}
}

func (c *rawClient) send(format string, args ...any) {
	c.t.Helper()
	_, err := fmt.Fprintf(c.conn, format, args...)
	require.NoError(c.t, err)
}

// open sends a header and reads the server's.
func (c *rawClient) open(extra string) {
	c.t.Helper()
	c.sendHeader(extra)
	c.readHeader()
	if c.features = c.next(); c.features.is(ns.Stream, "error") {
		c.t.Fatalf("stream error: %s", c.features)
	}
}

func (c *rawClient) sendHeader(extra string) {
	c.t.Helper()
	if !strings.Contains(extra, " to=") {
		extra += " to='" + DefaultDomain + "'"
	}
	c.send("<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'%s>", extra)
}

func (c *rawClient) readHeader() {
	c.t.Helper()
	c.in.restart(c.dec.Buffered())
	c.dec.Reset(c.in)
	tok, err := c.dec.ReadToken()
	require.NoError(c.t, err)
	c.header = fromToken(tok)
	require.True(c.t, c.header.is(ns.Stream, "stream"), "%s", c.header)
}

// read reads the next element; nil is the end of the stream.
func (c *rawClient) read() (*Element, error) {
	tok, err := c.dec.ReadToken()
	if err != nil {
		return nil, err
	}
	if tok.Kind == xmltext.KindEnd {
		return nil, nil
	}
	return readElement(c.dec, tok)
}

func (c *rawClient) next() *Element {
	c.t.Helper()
	e, err := c.read()
	require.NoError(c.t, err)
	require.NotNil(c.t, e, "the stream ended")
	return e
}

// want reads the next element and compares it with a script's pattern.
func (c *rawClient) want(pattern string) *Element {
	c.t.Helper()
	got := c.next()
	want, err := snippet(pattern)
	require.NoError(c.t, err, pattern)
	p := &player{script: &Script{Vars: map[string]string{"me": c.jid}}}
	if err := p.match(want, got, false); err != nil {
		c.t.Fatalf("want %s\ngot  %s\n%v", pattern, got, err)
	}
	return got
}

// wantEnd reads the end of the stream and of the connection.
func (c *rawClient) wantEnd() {
	c.t.Helper()
	e, err := c.read()
	require.NoError(c.t, err)
	require.Nil(c.t, e, "%v", e)
	// RFC 6120 §4.4: the other side answers, then the connection goes.
	if _, err := io.WriteString(c.conn, closingTag); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		c.t.Logf("the connection was gone: %v", err)
	}
	_, err = c.dec.ReadToken()
	require.Error(c.t, err)
}

// wantStreamError reads a stream error, and the end after it.
func (c *rawClient) wantStreamError(condition string) *Element {
	c.t.Helper()
	e := c.next()
	require.True(c.t, e.is(ns.Stream, "error"), "%s", e)
	require.NotNil(c.t, e.child(ns.StreamErrors, condition), "%s", e)
	c.wantEnd()
	return e
}

func (c *rawClient) startTLS(conf *tls.Config) {
	c.t.Helper()
	c.send("<starttls xmlns='%s'/>", ns.TLS)
	c.want("<proceed xmlns='" + ns.TLS + "'/>")
	c.secure(conf)
}

func (c *rawClient) secure(conf *tls.Config) {
	c.t.Helper()
	roots, err := Roots()
	require.NoError(c.t, err)
	if conf == nil {
		conf = &tls.Config{}
	}
	conf.RootCAs, conf.ServerName = roots, DefaultDomain
	t := tls.Client(c.conn, conf)
	require.NoError(c.t, t.Handshake())
	cs := t.ConnectionState()
	c.conn, c.state = t, &cs
	c.in.r = t
}

// success reads the outcome of SASL and opens the next stream.
func (c *rawClient) success() {
	c.t.Helper()
	e := c.next()
	require.True(c.t, e.is(ns.SASL, "success"), "%s", e)
	c.open("")
}

func (c *rawClient) auth(mechanism, initial string) {
	c.t.Helper()
	c.send("<auth xmlns='%s' mechanism='%s'>%s</auth>", ns.SASL, mechanism, base64.StdEncoding.EncodeToString([]byte(initial)))
}

func (c *rawClient) respond(data string) {
	c.t.Helper()
	c.send("<response xmlns='%s'>%s</response>", ns.SASL, base64.StdEncoding.EncodeToString([]byte(data)))
}

func (c *rawClient) challenge() string {
	c.t.Helper()
	e := c.next()
	require.True(c.t, e.is(ns.SASL, "challenge"), "%s", e)
	data, err := base64.StdEncoding.DecodeString(e.text())
	require.NoError(c.t, err)
	return string(data)
}

// scram answers a server's first message as RFC 5802 §3 says, on its own reading of it.
func (c *rawClient) scram(h scramHash, gs2, binding, bare, serverFirst, password string) (final, serverSignature string) {
	c.t.Helper()
	var nonce, salt string
	var iterations int
	for _, a := range strings.Split(serverFirst, ",") {
		switch a[0] {
		case 'r':
			nonce = a[2:]
		case 's':
			salt = a[2:]
		case 'i':
			_, err := fmt.Sscan(a[2:], &iterations)
			require.NoError(c.t, err)
		}
	}
	rawSalt, err := base64.StdEncoding.DecodeString(salt)
	require.NoError(c.t, err)
	salted, err := pbkdf2.Key(h.new, password, rawSalt, iterations, h.new().Size())
	require.NoError(c.t, err)
	without := "c=" + base64.StdEncoding.EncodeToString([]byte(gs2+binding)) + ",r=" + nonce
	auth := bare + "," + serverFirst + "," + without
	clientKey := h.hmac(salted, "Client Key")
	proof := h.hmac(h.sum(clientKey), auth)
	for i := range proof {
		proof[i] ^= clientKey[i]
	}
	require.False(c.t, hmac.Equal(proof, clientKey))
	signature := h.hmac(h.hmac(salted, "Server Key"), auth)
	return without + ",p=" + base64.StdEncoding.EncodeToString(proof), "v=" + base64.StdEncoding.EncodeToString(signature)
}

// bind asks for a resource.
func (c *rawClient) bind(resource string) {
	c.t.Helper()
	ask := ""
	if resource != "" {
		ask = "<resource>" + resource + "</resource>"
	}
	c.send("<iq type='set' id='b'><bind xmlns='%s'>%s</bind></iq>", ns.Bind, ask)
	e := c.next()
	require.Equal(c.t, "result", e.attr("type"), "%s", e)
	c.jid = e.first().first().text()
}

// loggedIn logs an account in over TLS with PLAIN and binds a resource.
func loggedIn(t *testing.T, s *Server, user, resource string) *rawClient {
	t.Helper()
	c := dial(t, s)
	c.open("")
	c.startTLS(nil)
	c.open("")
	c.auth("PLAIN", "\x00"+user+"\x00secret of "+user)
	c.success()
	c.bind(resource)
	return c
}

// online is a session that has sent presence.
func online(t *testing.T, s *Server, user, resource, presence string) *rawClient {
	t.Helper()
	c := loggedIn(t, s, user, resource)
	c.send("%s", presence)
	for {
		if e := c.next(); e.Name.Local == "presence" && e.attr("from") == c.jid {
			return c
		}
	}
}
