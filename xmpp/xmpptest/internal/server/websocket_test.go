package server

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

const (
	openFrame = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='canto.test' version='1.0'/>"
	key       = "dGhlIHNhbXBsZSBub25jZQ==" // RFC 6455 §1.3
)

// A webClient is a client of RFC 6455 without any manners of its own.
type webClient struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

// dialWebSocket runs the handshake of RFC 7395 §3.1 with a server that knows no TLS.
func dialWebSocket(t *testing.T, s *Server) *webClient {
	nc, err := s.DialWeb(t.Context(), "", "")
	require.NoError(t, err)
	t.Cleanup(func() { nc.Close() })
	c := &webClient{t: t, Conn: nc, r: bufio.NewReader(nc)}
	fmt.Fprintf(c, "GET /xmpp-websocket HTTP/1.1\r\nHost: canto.test\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: other, xmpp\r\n\r\n", key)
	resp, err := http.ReadResponse(c.r, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
	require.Equal(t, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", resp.Header.Get("Sec-WebSocket-Accept")) // RFC 6455 §1.3
	require.Equal(t, "xmpp", resp.Header.Get("Sec-WebSocket-Protocol"))
	return c
}

// masked is a frame of a client.
func masked(first byte, payload string) []byte {
	mask := [4]byte{1, 2, 3, 4}
	b := appendFrame(nil, 0, []byte(payload))
	b[0] = first
	head := len(b) - len(payload)
	b[1] |= 0x80
	out := append(bytes.Clone(b[:head]), mask[:]...)
	for i, c := range []byte(payload) {
		out = append(out, c^mask[i%4])
	}
	return out
}

// say sends a message in one frame.
func (c *webClient) say(msg string) { c.frame(0x80|opText, msg) }

func (c *webClient) frame(first byte, payload string) {
	c.t.Helper()
	_, err := c.Write(masked(first, payload))
	require.NoError(c.t, err)
}

// hear reads a frame.
func (c *webClient) hear() (op byte, payload string, err error) {
	var head [2]byte
	if _, err = io.ReadFull(c.r, head[:]); err != nil {
		return 0, "", err
	}
	n := uint64(head[1])
	switch n {
	case 126, 127:
		long := make([]byte, map[uint64]int{126: 2, 127: 8}[n])
		if _, err = io.ReadFull(c.r, long); err != nil {
			return 0, "", err
		}
		n = binary.BigEndian.Uint64(append(make([]byte, 8-len(long)), long...))
	}
	b := make([]byte, n)
	_, err = io.ReadFull(c.r, b)
	return head[0], string(b), err
}

// wants hears a message that begins so.
func (c *webClient) wants(prefix string) {
	c.t.Helper()
	op, got, err := c.hear()
	require.NoError(c.t, err)
	require.EqualValues(c.t, 0x80|opText, op)
	require.True(c.t, strings.HasPrefix(got, prefix), "%q in place of %q", got, prefix)
}

func withWebSocket(t *testing.T, f func(t *testing.T, c *webClient)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Options{InMemory: true, StartTLS: Off, MaxStanza: 70000})
		require.NoError(t, err)
		defer s.Close()
		f(t, dialWebSocket(t, s))
	})
}

// TestWebSocket: a stream begins, and ends, and so does the connection.
func TestWebSocket(t *testing.T) {
	withWebSocket(t, func(t *testing.T, c *webClient) {
		c.say(openFrame)
		c.wants("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='canto.test'")
		c.wants("<stream:features xmlns:stream='http://etherx.jabber.org/streams'>")
		c.frame(0x80|opPing, "still there?")
		op, payload, err := c.hear()
		require.NoError(t, err)
		require.EqualValues(t, 0x80|opPong, op)
		require.Equal(t, "still there?", payload)
		c.frame(opText, "<close xmlns='urn:ietf:")
		c.frame(0x80|opPing, "") // between fragments (RFC 6455 §5.4)
		_, _, err = c.hear()
		require.NoError(t, err)
		c.frame(0x80|opContinuation, "params:xml:ns:xmpp-framing'/>")
		c.wants("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'")
		op, payload, err = c.hear()
		require.NoError(t, err)
		require.EqualValues(t, 0x80|opClose, op)
		require.Equal(t, "\x03\xe8", payload)
		c.frame(0x80|opClose, payload)
		_, err = c.r.ReadByte()
		require.ErrorIs(t, err, io.EOF)
	})
}

// TestWebSocketIsStrict: what RFC 7395 and RFC 6455 do not allow a client ends the connection.
func TestWebSocketIsStrict(t *testing.T) {
	for name, frames := range map[string][]byte{
		"white space":         masked(0x80|opText, " "),
		"leading white space": masked(0x80|opText, " <presence xmlns='jabber:client'/>"),
		"declaration":         masked(0x80|opText, "<?xml version='1.0'?><presence xmlns='jabber:client'/>"),
		"two elements":        masked(0x80|opText, "<presence xmlns='jabber:client'/><presence xmlns='jabber:client'/>"),
		"half an element":     masked(0x80|opText, "<presence xmlns='jabber:client'>"),
		"undeclared prefix":   masked(0x80|opText, "<stream:error/>"),
		"header of TCP":       masked(0x80|opText, "<stream:stream xmlns:stream='http://etherx.jabber.org/streams'/>"),
		"end of TCP":          masked(0x80|opText, "</stream:stream>"),
		"unknown framing":     masked(0x80|opText, "<ping xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"),
		"nothing":             masked(0x80|opText, ""),
		"binary":              masked(0x82, "<presence xmlns='jabber:client'/>"),
		"no beginning":        masked(0x80|opContinuation, "<presence xmlns='jabber:client'/>"),
		"two beginnings":      append(masked(opText, "<presence"), masked(0x80|opText, " xmlns='jabber:client'/>")...),
		"not masked":          appendFrame(nil, opText, []byte("<presence xmlns='jabber:client'/>")),
		"extension bits":      masked(0xC0|opText, "<presence xmlns='jabber:client'/>"),
		"too long":            masked(0x80|opText, "<presence xmlns='jabber:client'>"+strings.Repeat("x", 70000)+"</presence>"),
		"too long in parts":   append(masked(opText, "<presence xmlns='jabber:client'>"), masked(0x80|opContinuation, strings.Repeat("x", 69990)+"</presence>")...),
	} {
		t.Run(name, func(t *testing.T) {
			withWebSocket(t, func(t *testing.T, c *webClient) {
				c.say(openFrame)
				c.wants("<open")
				c.wants("<stream:features")
				_, _ = c.Write(frames) // the server need not read all of it
				_, err := c.r.ReadByte()
				require.ErrorIs(t, err, io.EOF)
			})
		})
	}
}

// TestHandshakeIsStrict: nor does it take a handshake that lacks something.
func TestHandshakeIsStrict(t *testing.T) {
	good := http.Header{
		"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Key": {key}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Protocol": {"xmpp"},
	}
	_, err := handshake(&http.Request{Method: http.MethodGet, Header: good})
	require.NoError(t, err)
	for name := range good {
		for _, value := range [][]string{nil, {"other"}} {
			bad := good.Clone()
			if bad[name] = value; value == nil {
				delete(bad, name)
			}
			_, err := handshake(&http.Request{Method: http.MethodGet, Header: bad})
			require.Error(t, err, "%s: %q", name, value)
		}
	}
	_, err = handshake(&http.Request{Method: http.MethodPost, Header: good})
	require.Error(t, err)
}

// TestWebSocketWrites: what the server says, in whatever pieces, is one message for each element.
func TestWebSocketWrites(t *testing.T) {
	said := "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' xml:lang='en'>" +
		"<stream:features/> <message><body>x</body></message><r xmlns='urn:xmpp:sm:3'/></stream:stream>"
	var want []byte
	for _, msg := range []string{
		"<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' id='1' xml:lang='en'/>",
		"<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>",
		"<message xmlns='jabber:client'><body>x</body></message>",
		"<r xmlns='urn:xmpp:sm:3'/>",
		"<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>",
	} {
		want = appendFrame(want, opText, []byte(msg))
	}
	for _, size := range []int{1, 7, len(said)} {
		var got bytes.Buffer
		w := newWebSocket(sink{to: &got}, nil, 0)
		for b := []byte(said); len(b) > 0; b = b[min(size, len(b)):] {
			_, err := w.Write(b[:min(size, len(b))])
			require.NoError(t, err)
		}
		require.Equal(t, string(want), got.String(), size)
	}
}

// A sink is a connection that keeps what is written.
type sink struct {
	net.Conn
	to *bytes.Buffer
}

func (s sink) Write(b []byte) (int, error) { return s.to.Write(b) }

// FuzzReadFrame: whatever a client sends, a frame that is taken is one that is not longer than it may be.
func FuzzReadFrame(f *testing.F) {
	f.Add(masked(0x80|opText, openFrame))
	f.Add(masked(0x80|opClose, "\x03\xe8"))
	f.Add([]byte{0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bufio.NewReader(bytes.NewReader(b))
		for {
			frame, err := readFrame(r, 1000)
			if err != nil {
				return
			}
			require.LessOrEqual(t, len(frame.payload), 1000)
		}
	})
}
