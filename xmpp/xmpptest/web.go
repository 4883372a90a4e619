package xmpptest

import (
	"context"
	"net"
)

// WebSocketURL is where the server speaks RFC 7395, for a websocket.Dialer: over wss:, or ws: with Options.StartTLS Off. With
// Options.InMemory the URL leads nowhere but by DialWeb, which Session sees to. The first call opens the port; it panics when
// there is none to be had.
//
// Whoever asks the HTTP side of the server for host-meta (XEP-0156) is told of it.
func (s *Server) WebSocketURL() string {
	return mustURL(s.inner.WebSocketURL())
}

// BOSHURL is where the server speaks XEP-0124, for a bosh.Dialer: over https:, or http: with Options.StartTLS Off. All else is as with
// WebSocketURL.
func (s *Server) BOSHURL() string { return mustURL(s.inner.BOSHURL()) }

func mustURL(url string, err error) string {
	if err != nil {
		panic("xmpptest: " + err.Error())
	}
	return url
}

// DialWeb returns a connection in memory (net.Pipe) to the HTTP side of the server. What it's asked to dial means nothing, so
// that it serves as xmpp.Options.Dial beside a Transport.
func (s *Server) DialWeb(ctx context.Context, network, addr string) (net.Conn, error) {
	return s.inner.DialWeb(ctx, network, addr)
}
