package xmpp_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

func errorsIs(err, target error) bool { return errors.Is(err, target) }

// TestRFC6120STARTTLSBytes: between <starttls/> and the ClientHello is nothing, not a space (RFC 6120 §5.3.3, §5.4.3.1), and
// the handshake begins with the '>' of <proceed/> (§5.4.2.3): a byte behind it is no more part of the stream.
func TestRFC6120STARTTLSBytes(t *testing.T) {
	t.Attr("conformance", "6120-5.3.3-1 6120-5.4.2.3-3 6120-5.4.3.1-2 6120-5.4.3.3-2")
	greet := func(t *testing.T, server net.Conn) {
		head := make([]byte, 4096)
		n, err := server.Read(head)
		require.NoError(t, err)
		require.True(t, bytes.HasSuffix(head[:n], []byte("'>")), "%s", head[:n])
		_, err = io.WriteString(server, imHeader+`<stream:features>`+startTLSRequired+`</stream:features>`)
		require.NoError(t, err)
		const request = `<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`
		_, err = io.ReadFull(server, head[:len(request)])
		require.NoError(t, err)
		require.Equal(t, request, string(head[:len(request)]))
		require.NoError(t, server.SetReadDeadline(time.Now().Add(time.Second)))
		_, err = server.Read(head)
		require.Error(t, err, "nothing follows before the server has answered")
		require.NoError(t, server.SetReadDeadline(time.Time{}))
	}
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			answer string
			says   string
		}{
			{proceed, ""},
			{proceed + " ", "bytes in clear behind <proceed/>"},
			{proceed + imHeader, "bytes in clear behind <proceed/>"},
		} {
			client, server := net.Pipe()
			failed := make(chan error, 1)
			go func() {
				_, err := xmpp.NewSession(t.Context(), client, capulet, capuletOptions())
				failed <- err
			}()
			greet(t, server)
			go func() { _, _ = io.WriteString(server, c.answer) }()
			record := make([]byte, 3)
			_, err := io.ReadFull(server, record)
			if c.says == "" {
				require.NoError(t, err)
				require.Equal(t, []byte{0x16, 3, 1}, record, "a handshake record of TLS")
			}
			server.Close()
			err = <-failed
			require.Error(t, err)
			require.ErrorContains(t, err, c.says)
		}
	})
}

// tee remembers what the client has sent over a connection without TLS.
type tee struct {
	net.Conn
	got *sent
}

func (c tee) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.got.trace().Sent(p[:n])
	return n, err
}

// TestRFC6120SASLBytes: what the client says during SASL, to the byte: base64 with its padding and nothing between the
// elements, and "=" for an initial response of no length (RFC 6120 §6.3.5, §6.4.2, §6.4.3, §13.9.1).
func TestRFC6120SASLBytes(t *testing.T) {
	t.Attr("conformance", "6120-6.3.5-1 6120-6.3.5-2 6120-6.4.2-1 6120-6.4.3-2 6120-13.9.1-4")
	for name, c := range map[string]struct {
		mechanism sasl.Mechanism
		offer     string
		want      string // of what stands between the first header and the second
	}{
		"SCRAM-SHA-1": {
			nil, "SCRAM-SHA-1",
			`^<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>(B64)</auth><response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>(B64)</response>$`,
		},
		"no initial response": {sasl.Anonymous(""), "ANONYMOUS", `^<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'></auth>$`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				between := saslBytes(t, c.mechanism, c.offer)
				match := regexp.MustCompile(strings.ReplaceAll(c.want, "B64", "[A-Za-z0-9+/]+={0,2}")).FindStringSubmatch(between)
				require.NotNil(t, match, between)
				for _, data := range match[1:] {
					b, err := base64.StdEncoding.Strict().DecodeString(data)
					require.NoError(t, err)
					require.NotEmpty(t, b)
				}
			})
		})
	}
}

// TestRFC6120EmptyInitialResponse: an initial response that is there and empty.
func TestRFC6120EmptyInitialResponse(t *testing.T) {
	t.Attr("conformance", "6120-6.4.2-2")
	synctest.Test(t, func(t *testing.T) {
		require.Equal(t, `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>`, saslBytes(t, sasl.External(""), "EXTERNAL"))
	})
}

// TestRFC6120AuthenticationIdentity: the simple user name is the localpart (RFC 6120 §6.3.7).
func TestRFC6120AuthenticationIdentity(t *testing.T) {
	t.Attr("conformance", "6120-6.3.7-1")
	synctest.Test(t, func(t *testing.T) {
		match := regexp.MustCompile(`'SCRAM-SHA-1'>([^<]*)<`).FindStringSubmatch(saslBytes(t, nil, "SCRAM-SHA-1"))
		require.NotNil(t, match)
		b, err := base64.StdEncoding.DecodeString(match[1])
		require.NoError(t, err)
		require.Contains(t, string(b), "n=juliet,r=")
	})
}

// saslBytes logs in in clear and returns the bytes that the client sent between its first two stream headers.
func saslBytes(t *testing.T, m sasl.Mechanism, offer string) string {
	t.Helper()
	client, server := net.Pipe()
	var got sent
	login := "login juliet r0m30myr0m30"
	if m != nil {
		login = "< <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='*'>*</auth>\n> <success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
	}
	go func() {
		_ = (&xmpptest.Script{Text: `
< <stream:stream to='im.example.com' version='1.0'>
> ` + imHeader + `<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>` + offer + `</mechanism></mechanisms></stream:features>
` + login + `
< <stream:stream to='im.example.com' version='1.0'>
`}).Play(tee{server, &got})
		server.Close()
	}()
	o := &xmpp.Options{Password: "r0m30myr0m30", AllowPlaintext: true}
	if m != nil {
		o.SASL = []sasl.Mechanism{m}
	}
	_, err := xmpp.NewSession(t.Context(), client, capulet, o)
	require.Error(t, err, "the script ends before the features")
	_, rest, ok := strings.Cut(got.String(), `to='im.example.com'>`)
	require.True(t, ok, got.String())
	between, _, ok := strings.Cut(rest, "<?xml")
	require.True(t, ok, rest)
	return between
}

// TestRFC6120BadBase64 is RFC 6120 §13.9.1: what is no base64 is refused, not repaired, in a challenge and with success.
func TestRFC6120BadBase64(t *testing.T) {
	t.Attr("conformance", "6120-13.9.1-1 6120-13.9.1-2 6120-13.9.1-3")
	for _, data := range []string{"=AAA", "BBBB=CCC", "AA==AA==", "====", "=A", "AAA", "A", "A*==", "AB==", "AAB=", "AAAA\nAAAA", "AAAA\r\nAAAA", " AAAA", "AAAA ", "-_-_", "ÄÄÄÄ"} {
		for _, element := range []string{"challenge", "success"} {
			t.Run(fmt.Sprintf("%s %q", element, data), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					client, server := net.Pipe()
					go func() {
						p := &xmpptest.Script{Text: imTLS + `
> ` + imHeader + `<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>X-TALK</mechanism></mechanisms></stream:features>
< <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='X-TALK'/>
> <` + element + ` xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>` + strings.NewReplacer("\n", "&#10;", "\r", "&#13;", " ", "&#32;").Replace(data) + `</` + element + `>
< </stream:stream>
`}
						_ = p.Play(server)
						server.Close()
					}()
					o := capuletOptions()
					heard := &parrot{}
					o.SASL = []sasl.Mechanism{heard}
					_, err := xmpp.NewSession(t.Context(), client, capulet, o)
					require.ErrorContains(t, err, "no base64")
					require.Zero(t, heard.heard, "the mechanism gets nothing of it")
				})
			})
		}
	}
}

// parrot is a mechanism that takes whatever it hears.
type parrot struct{ heard int }

func (m *parrot) Name() string                                            { return "X-TALK" }
func (m *parrot) Start(context.Context, sasl.Conn) (sasl.Exchange, error) { return m, nil }
func (m *parrot) Initial() []byte                                         { return nil }
func (m *parrot) Next(_ context.Context, challenge []byte) ([]byte, error) {
	m.heard++
	return nil, nil
}
func (m *parrot) Success(data []byte) error { m.heard++; return nil }
