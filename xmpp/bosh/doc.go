// Package bosh carries a session over BOSH (XEP-0124, XEP-0206): HTTP requests and responses, for networks that let nothing else
// through, and servers that have no WebSocket (RFC 7395), which does the same with less (package websocket).
//
//	package main
//
//	import (
//		"context"
//		"log"
//		"os"
//
//		"github.com/canto-im/canto/jid"
//		"github.com/canto-im/canto/stanza"
//		"github.com/canto-im/canto/xmpp"
//		"github.com/canto-im/canto/xmpp/bosh"
//	)
//
//	func main() {
//		ctx := context.Background()
//		s, err := xmpp.Dial(ctx, jid.MustParse("bot@example.com"), &xmpp.Options{
//			Password:  os.Getenv("PASSWORD"),
//			Transport: bosh.Dialer{URL: "https://example.com/http-bind"}.Connect,
//		})
//		if err != nil {
//			log.Fatal(err)
//		}
//		defer s.Close()
//		to := jid.MustParse("admin@example.com")
//		if err := s.Send(ctx, &stanza.Message{To: to, Body: "through the firewall"}); err != nil {
//			log.Fatal(err)
//		}
//	}
//
// Without a URL, the domain is asked where its endpoint is (XEP-0156, package hostmeta). All else is as over TCP: the same Session and
// Client, with stream management, resumption and every login.
//
// # What it does for you
//
// A request is held by the server until it has something to say, at most for Dialer.Wait; what the program says goes out with a
// second one, once the one before is known to have arrived, or after a time in which it should have (10 ms to a second, by what
// requests took lately), so that they do not overtake each other. Requests and responses that the network loses are made again, and
// answered with what the server has kept: nothing is lost, nothing comes twice, and nothing out of order (XEP-0124 §14). While nothing gets through, this goes on for
// xmpp.Options.DeadAfter; then the session is lost, and a Client resumes its stream with another one (XEP-0198). How soon a silent
// server is noticed is as over TCP (Options.Keepalive). What ends a session of BOSH is an [Error] with its [Condition].
//
// A slow consumer makes the server wait, here too: while it does not take what has come, nothing more is asked for, but for the
// pauses (XEP-0124 §10) that keep the session alive.
//
// # Security
//
// The scheme is https:. The certificate has to be for the host of the URL, which the user has given or the domain has named over
// HTTPS, or for the JID's domain (XEP-0156 §2.2); and it has to be the same on all connections of a session (XEP-0124 §19.1). An
// http: URL, where nothing is secret, is refused unless xmpp.Options.AllowPlaintext is set. Redirects of HTTP are not followed;
// those of BOSH (see-other-uri) are, never from https: to http:.
//
// No login is bound to a channel. The requests of a session go over any number of TLS connections, which end at a connection manager
// that need not be the server, so there is none; nor does any server offer it. To say so is what RFC 5802 §6 demands (the flag "n"). Who
// sits in between with a certificate that is good is not noticed by a first login, therefore. XEP-0474 protects it where the server has that. An
// account that was bound over TCP looks like the victim of a downgrade here, where its Store is the same: see xmpp.Options.AllowDowngrade.
//
// The key sequence of XEP-0124 §15 is left out: it helps against somebody who reads along and can't interfere, with SHA-1, and the
// XEP itself has no use for it over TLS. So are several streams in one session (§16), compression, which tells of secrets by
// lengths, and 'route', which sends a server to a place of the client's choice.
//
// # Architecture
//
// A Session writes and reads the stream of RFC 6120. A conn (conn.go) cuts what is written (stream.Framer) and queues it; step (queue.go)
// makes requests of the queue, and empty ones when they are due. Each is a flight (flight.go): a goroutine that posts it (post.go), as
// often as it takes. Answers are read (body.go), put in order, made a stream again and handed over through a pipe. What may be asked
// when, and what was answered, is in the book (book.go), a value without I/O and without a clock.
//
// So the goroutines of a session are those of its requests under way: one when idle, two at most, three while it ends; and net/http's
// two for each connection, of which there are as many, and an idle one for a minute. They end with the session. There is no more: the
// one whose answer is next hands it over, and a timer sees to what time brings.
package bosh
