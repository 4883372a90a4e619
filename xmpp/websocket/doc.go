// Package websocket carries a session over WebSocket (RFC 7395), for networks that let nothing but HTTPS through.
//
//	s, err := xmpp.Dial(ctx, jid.MustParse("bot@example.com"), &xmpp.Options{
//		Password:  password,
//		Transport: websocket.Dialer{URL: "wss://example.com/xmpp-websocket"}.Connect,
//	})
//
// Without a URL, the domain is asked where its endpoint is (XEP-0156, package hostmeta). All else is as over TCP: the same Session
// and Client, with stream management, resumption, and every login; channel binding too, where the server itself ends TLS.
//
// # Security
//
// The scheme is wss:. The certificate has to be for the host of the URL, which the user has given or the domain has named over
// HTTPS, or for the JID's domain (RFC 7395 §6, XEP-0156 §2.2); where the host is an IP address, for the domain. A ws: URL, where
// nothing is secret, is refused unless xmpp.Options.AllowPlaintext is set. Redirects of HTTP are not followed; those of the
// stream (see-other-uri) are, never from wss: to ws:.
//
// An account that has been bound to its TLS connection over TCP, and comes by a server in between that ends TLS for another, looks
// like the victim of a downgrade: see xmpp.Options.AllowDowngrade.
//
// Not every server gets along with clients that could bind: ejabberd 24 offers no binding over WebSocket and refuses, with "Invalid
// channel binding", whoever tells it so (the flag "y" of RFC 5802 §6, which Canto sends so that nobody can take an offer away).
// Dialer.Unbound makes the client one that can't.
//
// # Architecture
//
// A Session writes and reads the stream of RFC 6120; a conn here (conn.go) makes frames of what is written, one message for each
// element (stream.Framer), and a stream of the frames that come (stream.ReadFrame). So what xmpp.Trace shows is the stream, not
// the frames. The framing of RFC 6455 is github.com/coder/websocket. Its reads can't be given up without the connection, and a
// session looks up from reading now and then: so one goroutine, the pump (pump.go), reads messages and hands them over through a
// pipe. It ends with the connection.
package websocket
