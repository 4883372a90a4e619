// Package xmpp connects a Go program to the XMPP network: as a chat bot, a client, a gateway, a presence script.
//
//	s, err := xmpp.Dial(ctx, jid.MustParse("bot@example.com"), &xmpp.Options{Password: password})
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer s.Close()
//
//	chats := s.Messages(ctx, stanza.Chat)
//	s.Send(ctx, &stanza.Presence{})
//	for m := range chats {
//		if m.Body != "" {
//			s.Send(ctx, m.Reply(m.Body))
//		}
//	}
//	if err := s.Err(); err != nil {
//		log.Fatal(err)
//	}
//
// A [Session] is one stream: it ends with its connection. A [Client] keeps an account online and connects again; its
// handlers and channels outlive its sessions. Both are an [Endpoint], which is what the capabilities in the packages
// below this one work on. What comes by itself is taken from a channel ([Session.Messages]) or given to a handler
// ([OnMessage], [OnGet]); a question is a function that returns its answer ([Get], [Session.Do]).
//
// # What is promised
//
// No call outlives its session: when the connection ends, every pending call returns the cause, every channel closes
// after what had been received was taken, [Session.Done] closes, and [Session.Err] says why. What is called on a Client
// outlives its sessions, and ends with [Client.Run] in the same way.
//
// Stanzas are handed over one at a time, in the order received (RFC 6120 §10.1). A handler may ask: a Do inside a handler
// is answered, because the reader never runs user code. A handler or channel reader that is slow makes the session wait,
// loses nothing, and hangs nothing: past [Limits].LaneSoft the socket is no longer read, past LaneHard the session ends
// with [ErrSlowConsumer]. A reader that pauses reads on as long as a call waits for the server's word (Do, Deliver, a Send
// that waits for acknowledgements), and for a glance when it has heard nothing for Options.Keepalive, so that a server that
// is gone is noticed. It also pauses when the server asks and does not take the answers. What a lost session had received is
// handed over all the same, with a ctx that is good for it, but no handler holds up what comes next for ever (see [Handler]).
//
// Every IQ request is answered exactly once: by the most specific handler, by the taker of a [Request], or with
// service-unavailable. One bad stanza harms nobody else: it's answered or skipped, and the stream goes on.
//
// TLS is required and verified against the JID's domain, whatever DNS or a redirect said; nothing of SASL leaves before
// it. What a peer may send is bounded by [Limits], and each step of the negotiation has its deadline.
//
// # Logging in
//
// Where the server offers it, one request brings all: authentication (XEP-0388), the resource (XEP-0386) or the old stream,
// stream management, and a token for the next time (XEP-0484). Else the steps of RFC 6120 are taken one by one. SCRAM binds
// to the TLS channel where both sides can, and the server has to prove itself in every case but PLAIN. What the account was
// seen to have at best it has to have again: see [Options].AllowDowngrade. All this is remembered in [Options].Store, and by
// a Client while it lives.
//
// What a server has offered once is remembered, too, and the next login does not wait to hear it again, where what it says
// is of no use to anybody but that server. Flights (of bytes to the server, each of which waits for an answer) from the first
// byte to the bound session, with the one that TLS 1.3 itself takes and the one of HTTP below a WebSocket (TestFlights measures
// them, and holds this table to what it finds):
//
//	                                        first login   later
//	XEP-0388 with tokens, direct TLS              4          2
//	XEP-0388 with tokens, STARTTLS                6          3
//	XEP-0388 with tokens, WebSocket               5          3
//	XEP-0388 without tokens, direct TLS           4          3
//	XEP-0388, a resource by name, direct TLS      5          3
//	RFC 6120 with SCRAM, direct TLS               6          4
//	RFC 6120 with SCRAM, STARTTLS                 8          5
//	RFC 6120 with SCRAM, WebSocket                7          5
//	RFC 6120 with SCRAM, no TLS                   5          3
//	RFC 6120 with PLAIN, direct TLS               5          4
//
// So a login with a token is one flight behind TLS. TLS 1.2 takes one more. Prosody 0.12 and ejabberd 23.01, which know RFC 6120
// alone, and Prosody 13 and ejabberd 24.12, which know it all, take it as quickly as the table says.
//
// # Architecture
//
// From the bottom: a wire (wire.go) is the net.Conn, with writes that a caller can walk away from. TLS stands on it. The
// meter (link.go) is the reading side, which notices silence. A negotiation (negotiate.go with starttls.go,
// beforelogin.go, authenticate.go and bind.go as its stages) makes a link of a connection; dial.go finds connections for it (resolve.go,
// connect.go) and client.go does so again and again (backoff.go). The exchange of SASL (exchange.go) is one for both of its
// profiles; sasl2.go has what is peculiar to XEP-0388, fast.go the tokens, pins.go what may not become less, keyring.go what was derived from the password, early.go what is
// said before the server has spoken, memory.go what is kept of it all in the Store. Another transport than TCP (transport.go,
// Options.Transport) brings a net.Conn to which whole elements of the stream are written; packages websocket and bosh have one each. On a link runs a Session: reader.go reads stanzas,
// completes the calls that wait (pending.go), puts the rest into the lane (lane.go) and pauses when there is too much
// (pause.go); what has passwords in it (confidential.go) neither the trace nor the Store gets; from the lane, dispatch.go hands them to handlers (pattern.go, expire.go, forsake.go) and channels (channels.go, request.go). Senders encode into the outbox (outbox.go) and share
// its writes. What an external component does otherwise (package component) is in handshake.go and role.go.
//
// Stream management: manage.go speaks it, the ledger (ledger.go) holds what the server has not acknowledged, and run.go
// resumes. With a Store, the steward (steward.go) keeps the state of the stream there (snapshot.go), before the <a/> that relies
// on it; whose the stream is, fence.go finds out.
//
// At most two goroutines belong to an open session, the reader and, while the lane holds something, the dispatcher; none
// after Close. A third exists only while the server takes no bytes and the sender has left (wire.go), or while others
// queue faster than one sender can write for them (outbox.go). A lost session that has a handler which does not return, or
// a channel which is not read, has one for each of its channels (forsake.go).
package xmpp
