package hostmeta_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/canto-im/canto/xmpp/hostmeta"
	"github.com/stretchr/testify/require"
)

// The examples of XEP-0156 §2.3.
const (
	exampleXRD = `<?xml version='1.0' encoding='utf-8'?>
<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>
  ...
  <Link rel="urn:xmpp:alt-connections:xbosh"
        href="https://web.example.com:5280/bosh" />
  <Link rel="urn:xmpp:alt-connections:websocket"
        href="wss://web.example.com:443/ws" />
  ...
</XRD>`
	exampleJRD = `{
  "links": [
    {
      "rel": "urn:xmpp:alt-connections:xbosh",
      "href": "https://web.example.com:5280/bosh"
    },
    {
      "rel": "urn:xmpp:alt-connections:websocket",
      "href": "wss://web.example.com:443/ws"
    }
  ]
}`
)

var example = &hostmeta.Endpoints{WebSocket: []string{"wss://web.example.com:443/ws"}, BOSH: []string{"https://web.example.com:5280/bosh"}}

func TestParse(t *testing.T) {
	got, err := hostmeta.ParseXRD([]byte(exampleXRD))
	require.NoError(t, err)
	require.Equal(t, example, got)
	got, err = hostmeta.ParseJRD([]byte(exampleJRD))
	require.NoError(t, err)
	require.Equal(t, example, got)
}

func xrd(links string) string {
	return "<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>" + links + "</XRD>"
}

// TestParseLeavesOut: XEP-0156 §2.2, §4: only https and wss, and only what can be a URL to go to.
func TestParseLeavesOut(t *testing.T) {
	for _, href := range []string{
		"ws://example.com/ws", "http://example.com/bosh", "WS://example.com", "https://example.com/ws", "/ws", "", "wss://", "wss:example.com",
		"wss://user:pass@example.com/ws", "wss://example.com/ws#fragment", "wss://exa mple.com/", "javascript:alert(1)", "wss://example.com/" + strings.Repeat("x", 2048),
	} {
		got, err := hostmeta.ParseXRD([]byte(xrd(`<Link rel='urn:xmpp:alt-connections:websocket' href='` + href + `'/>`)))
		require.NoError(t, err, href)
		require.Empty(t, got.WebSocket, href)
		got, err = hostmeta.ParseJRD(fmt.Appendf(nil, `{"links":[{"rel":"urn:xmpp:alt-connections:websocket","href":%q}]}`, href))
		require.NoError(t, err, href)
		require.Empty(t, got.WebSocket, href)
	}
	for name, doc := range map[string]string{
		"another relation":        xrd(`<Link rel='lrdd' href='wss://example.com/'/>`),
		"another namespace":       xrd(`<Link xmlns='urn:x' rel='urn:xmpp:alt-connections:websocket' href='wss://example.com/'/>`),
		"deeper":                  xrd(`<x><Link rel='urn:xmpp:alt-connections:websocket' href='wss://example.com/'/></x>`),
		"the other's scheme":      xrd(`<Link rel='urn:xmpp:alt-connections:xbosh' href='wss://example.com/'/>`),
		"the DNS method's prefix": xrd(`<Link rel='_xmpp-client-websocket' href='wss://example.com/'/>`),
	} {
		got, err := hostmeta.ParseXRD([]byte(doc))
		require.NoError(t, err, name)
		require.Equal(t, &hostmeta.Endpoints{}, got, name)
	}
}

// TestParseBounds: so many of a kind, and each once.
func TestParseBounds(t *testing.T) {
	var links strings.Builder
	for i := range 200 {
		fmt.Fprintf(&links, `<Link rel='urn:xmpp:alt-connections:websocket' href='wss://example.com/%d'/>`, i/2)
	}
	got, err := hostmeta.ParseXRD([]byte(xrd(links.String())))
	require.NoError(t, err)
	require.Len(t, got.WebSocket, 8)
	require.Equal(t, "wss://example.com/7", got.WebSocket[7])
}

func TestParseRefuses(t *testing.T) {
	for _, doc := range []string{"", "<html></html>", "<XRD/>", "<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>", exampleJRD, "\x00"} {
		_, err := hostmeta.ParseXRD([]byte(doc))
		require.Error(t, err, doc)
	}
	for _, doc := range []string{"", "[]", `{"links":1}`, `{"links":[{"rel":1}]}`, exampleXRD, `{"links":[]}x`} {
		_, err := hostmeta.ParseJRD([]byte(doc))
		require.Error(t, err, doc)
	}
}

// FuzzParse: whatever comes, what is taken is a secure URL.
func FuzzParse(f *testing.F) {
	f.Add([]byte(exampleXRD))
	f.Add([]byte(exampleJRD))
	f.Add([]byte(xrd(`<!-- c --><Link rel='urn:xmpp:alt-connections:websocket' href='&#119;ss://a'><x/></Link>`)))
	f.Fuzz(func(t *testing.T, doc []byte) {
		for _, parse := range []func([]byte) (*hostmeta.Endpoints, error){hostmeta.ParseXRD, hostmeta.ParseJRD} {
			got, err := parse(doc)
			if err != nil {
				continue
			}
			require.LessOrEqual(t, len(got.WebSocket)+len(got.BOSH), 16)
			for _, u := range got.WebSocket {
				require.True(t, strings.HasPrefix(strings.ToLower(u), "wss://"), "%q", u)
			}
			for _, u := range got.BOSH {
				require.True(t, strings.HasPrefix(strings.ToLower(u), "https://"), "%q", u)
			}
		}
	})
}
