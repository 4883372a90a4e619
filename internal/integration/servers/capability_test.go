package servers_test

import (
	"bytes"
	"crypto/sha1"
	"crypto/tls"
	"encoding/hex"
	"io"
	"net/http"
	"regexp"
	"testing"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// https is a client that trusts the server, at an address that needs no resolver.
func https(srv *servers.Server) *http.Client {
	return &http.Client{Timeout: patience, Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: srv.CA},
	}}
}

var slotURL = regexp.MustCompile(`<(put|get) [^>]*url=['"]([^'"]+)['"]`)

// TestUpload asks for a slot (XEP-0363), fills it, and gets the file back.
func TestUpload(t *testing.T) {
	each(t, func(t *testing.T, kind servers.Kind) {
		srv := servers.Shared(t, kind, servers.Config{})
		w := connectTLS(t, srv, nil)
		user, password := srv.NewAccount(t)
		w.login(user, password)
		w.send("<iq type='get' id='u' to='%s'><request xmlns='urn:xmpp:http:upload:0' filename='a.txt' size='5' content-type='text/plain'/></iq>", servers.UploadDomain)
		slot := w.until("</iq>")
		urls := map[string]string{}
		for _, m := range slotURL.FindAllStringSubmatch(slot, -1) {
			urls[m[1]] = m[2]
		}
		require.Len(t, urls, 2, slot)
		put, err := http.NewRequestWithContext(t.Context(), http.MethodPut, urls["put"], bytes.NewReader([]byte("hello")))
		require.NoError(t, err)
		put.Header.Set("Content-Type", "text/plain")
		if header := regexp.MustCompile(`<header [^>]*name=['"]Authorization['"][^>]*>([^<]*)<`).FindStringSubmatch(slot); header != nil {
			put.Header.Set("Authorization", header[1])
		}
		resp, err := https(srv).Do(put)
		require.NoError(t, err)
		resp.Body.Close()
		assert.Equal(t, http.StatusCreated, resp.StatusCode)
		resp, err = https(srv).Get(urls["get"])
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.Equal(t, "hello", string(body))
	})
}

// TestWebSocket upgrades to RFC 7395 over HTTPS, and in clear.
func TestWebSocket(t *testing.T) {
	each(t, func(t *testing.T, kind servers.Kind) {
		srv := servers.Shared(t, kind, servers.Config{})
		w := connect(t, srv.AddrHTTPS)
		w.secure(srv, nil)
		for _, w := range []*wire{w, connect(t, srv.AddrHTTP)} {
			w.send("GET /xmpp-websocket HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
				"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n", servers.Domain)
			answer := w.until("\r\n\r\n")
			assert.Contains(t, answer, "101 Switching Protocols")
			assert.Regexp(t, `(?i)sec-websocket-protocol: *xmpp`, answer)
		}
	})
}

// TestGateway connects a component (XEP-0114).
func TestGateway(t *testing.T) {
	each(t, func(t *testing.T, kind servers.Kind) {
		srv := servers.Shared(t, kind, servers.Config{})
		w := connect(t, srv.AddrComponent)
		w.send("<?xml version='1.0'?><stream:stream to='%s' xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>", servers.GatewayDomain)
		w.until("<stream:stream")
		id := regexp.MustCompile(`\bid=['"]([^'"]+)['"]`).FindStringSubmatch(w.until(">"))
		require.NotNil(t, id)
		proof := sha1.Sum([]byte(id[1] + servers.GatewaySecret))
		w.send("<handshake>%s</handshake>", hex.EncodeToString(proof[:]))
		assert.Contains(t, w.until(">"), "<handshake")
	})
}

// TestArchive keeps messages (XEP-0313), and does not unless told.
func TestArchive(t *testing.T) {
	each(t, func(t *testing.T, kind servers.Kind) {
		for _, archive := range []bool{false, true} {
			srv := servers.Shared(t, kind, servers.Config{Archive: archive})
			w := connectTLS(t, srv, nil)
			user, password := srv.NewAccount(t)
			w.login(user, password)
			w.send("<iq type='get' id='d' to='%s@%s'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>", user, servers.Domain)
			info := w.until("</iq>")
			assert.Equal(t, archive, regexp.MustCompile(`urn:xmpp:mam:2`).MatchString(info))
			assert.Contains(t, info, "http://jabber.org/protocol/pubsub#publish", "personal eventing (XEP-0163)")
		}
	})
}
