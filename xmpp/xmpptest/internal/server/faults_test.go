package server

import (
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/stretchr/testify/require"
)

func dialTCP(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	return c
}

func TestDropConns(t *testing.T) {
	s := startServer(t, Options{})
	require.NoError(t, s.Listen())
	c := newRawClient(t, dialTCP(t, s.Addr()))
	c.open("")
	s.DropConns()
	_, err := c.conn.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	c = newRawClient(t, dialTCP(t, s.Addr()))
	c.open("")
	s.ResetConns()
	_, err = c.conn.Read(make([]byte, 1))
	require.ErrorContains(t, err, "reset")
}

func TestDropConnsMakesUnavailable(t *testing.T) {
	s := startServer(t, Options{})
	require.NoError(t, s.Befriend("alice", "bob"))
	bob := online(t, s, "bob", "x", "<presence/>")
	alice := online(t, s, "alice", "x", "<presence/>")
	bob.want("<presence from='${me2}' to='bob@canto.test'/>")
	require.NoError(t, alice.conn.Close())
	bob.want("<presence type='unavailable' from='alice@canto.test/x' to='bob@canto.test'/>")
	require.Empty(t, s.Sessions("alice"))
}

func TestFreezeAndThaw(t *testing.T) {
	s := startServer(t, Options{})
	require.NoError(t, s.Listen())
	c := newRawClient(t, dialTCP(t, s.Addr()))
	c.open("")
	s.Freeze()
	c.send("<starttls xmlns='%s'/>", ns.TLS)
	require.NoError(t, c.conn.SetReadDeadline(time.Now().Add(20*time.Millisecond)))
	_, err := c.dec.ReadToken()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	late := newRawClient(t, dialTCP(t, s.Addr()))
	late.sendHeader("")
	require.NoError(t, late.conn.SetReadDeadline(time.Now().Add(20*time.Millisecond)))
	_, err = late.dec.ReadToken()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	s.Thaw()
	require.NoError(t, c.conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	require.NoError(t, late.conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	c.want("<proceed xmlns='" + ns.TLS + "'/>")
	late.readHeader()
}

// TestCutAtEveryByteOfAHeader cuts both directions of the first exchange everywhere.
func TestCutAtEveryByteOfAHeader(t *testing.T) {
	s := startServer(t, Options{})
	header := "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='canto.test'>"
	for n := range len(header) {
		s.CutAfter(int64(n), -1)
		conn, err := s.Dial(t.Context(), "", "")
		require.NoError(t, err)
		go io.WriteString(conn, header)
		got, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.Empty(t, got, "cut after %d", n)
	}
	for n := range 200 {
		s.CutAfter(-1, int64(n))
		conn, err := s.Dial(t.Context(), "", "")
		require.NoError(t, err)
		go io.WriteString(conn, header)
		got, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.Len(t, got, n)
	}
	s.CutAfter(-1, -1)
	c := dial(t, s)
	c.open("")
	s.CutNow(-1, 0)
	// Whether the server still hears it or is cut before does not matter.
	_, _ = io.WriteString(c.conn, "<x xmlns='urn:x'/>")
	_, err := c.dec.ReadToken()
	require.Error(t, err)
}

func TestChunk(t *testing.T) {
	s := startServer(t, Options{})
	s.Chunk(1)
	conn, err := s.Dial(t.Context(), "", "")
	require.NoError(t, err)
	c := newRawClient(t, conn)
	c.sendHeader("")
	buf := make([]byte, 100)
	for range 50 {
		n, err := conn.Read(buf)
		require.NoError(t, err)
		require.Equal(t, 1, n)
	}
	s.Chunk(0)
}

func TestInjectAndReplace(t *testing.T) {
	s := startServer(t, Options{})
	c := loggedIn(t, s, "alice", "x")
	require.NoError(t, s.Inject("alice", "<message from='nobody@nowhere'><body>boo</body></message>"))
	c.want("<message from='nobody@nowhere'><body>boo</body></message>")
	require.Error(t, s.Inject("bob", "<x/>"))
	s.ReplaceReply("alice", "<iq type='result' id='${id}' from='${to}' to='${from}'><x xmlns='urn:x'/></iq>")
	s.ReplaceReply("alice", "")
	c.send("<iq type='get' id='1' to='canto.test'><ping xmlns='urn:xmpp:ping'/></iq>")
	c.want("<iq type='result' id='1' from='canto.test' to='${me}'><x xmlns='urn:x'/></iq>")
	c.send("<iq type='get' id='2'><ping xmlns='urn:xmpp:ping'/></iq>")
	c.send("<iq type='get' id='3'><ping xmlns='urn:xmpp:ping'/></iq>")
	c.want("<iq type='result' id='3' from='*' to='${me}'/>")
}

func TestIntercept(t *testing.T) {
	s := startServer(t, Options{})
	c := loggedIn(t, s, "alice", "x")
	seen := make(chan string, 1)
	remove := s.Intercept(func(from jid.JID, xml string) bool {
		if !strings.Contains(xml, "stop me") {
			return false
		}
		seen <- from.String() + " " + xml
		return true
	})
	c.send("<message to='nobody@canto.test' id='1'><body>stop me</body></message>")
	require.Equal(t, "alice@canto.test/x <message to='nobody@canto.test' id='1'><body>stop me</body></message>", <-seen)
	remove()
	c.send("<message to='nobody@canto.test' id='2'><body>stop me</body></message>")
	require.Equal(t, "2", c.next().attr("id"), "bounced")
}

func TestAwait(t *testing.T) {
	s := startServer(t, Options{Transcript: 3})
	c := loggedIn(t, s, "alice", "x")
	got := make(chan Entry, 1)
	go func() {
		e, err := s.Await(t.Context(), func(e Entry) bool { return strings.Contains(e.XML, "here I am") })
		if err == nil {
			got <- e
		}
	}()
	for range 20 {
		c.send("<message to='alice@canto.test/gone' type='error'/>")
	}
	c.send("<message to='alice@canto.test/gone' type='error'><body>here I am</body></message>")
	require.Equal(t, jid.MustParse("alice@canto.test/x"), (<-got).From)
	require.Len(t, s.Transcript(""), 3)
	require.Empty(t, s.Transcript("bob"))
}

func TestSlowClientIsLetGo(t *testing.T) {
	s := startServer(t, Options{MaxQueue: 1 << 16})
	bob := online(t, s, "bob", "x", "<presence/>")
	alice := loggedIn(t, s, "alice", "x")
	body := strings.Repeat("x", 1000)
	for range 200 { // bob does not read
		alice.send("<message to='bob@canto.test/x'><body>%s</body></message>", body)
	}
	alice.send("<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>")
	alice.want("<iq type='result' id='1' from='*' to='${me}'/>")
	for {
		e := bob.next()
		if e.is(ns.Stream, "error") {
			require.NotNil(t, e.child(ns.StreamErrors, "resource-constraint"))
			return
		}
	}
}
