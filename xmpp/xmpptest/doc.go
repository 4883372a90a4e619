// Package xmpptest runs a real XMPP server inside a test, as net/http/httptest does for HTTP.
//
//	func TestEcho(t *testing.T) {
//		srv := xmpptest.NewServer(t) // TLS, SCRAM, roster, routing, stream management
//		alice := srv.Session(t, "alice", nil)
//		bob := srv.Session(t, "bob", nil)
//		inbox := bob.Messages(t.Context())
//		alice.Send(t.Context(), &stanza.Message{To: bob.JID(), Body: "hello"})
//		if m := <-inbox; m.Body != "hello" {
//			t.Fatal(m.Body)
//		}
//		srv.DropConns() // and what happens when the network goes
//	}
//
// An account exists from its first use on. The server listens on the loopback interface, at ports of the system's choice,
// with a certificate made on the spot that Options and Session know how to verify; a program other than a test starts one
// with Start. With Options.InMemory it listens nowhere and connections are pipes in memory, as a testing/synctest bubble
// needs it.
//
// Faults come on demand, those of the network (DropConns, Freeze, Delay, CutAfter, Chunk) and those of a server (Options.Tamper,
// Inject, ReplaceReply, CloseStream, Redirect). Transcript, Await and Stats tell what the server has seen. A Script plays
// the server's part word by word where a whole server would be too polite.
//
// It answers what others ask a server (XEP-0030, 0199, 0092, 0202), and when it was started or an account was last online (XEP-0012),
// to those who may see that account's presence.
//
// Streams are managed (XEP-0198) unless Options.Without says "sm": a session whose connection is lost is suspended and can be
// resumed. Options.SM configures that, FaultSM makes the server get it wrong, ExpireSuspended ends the wait; Managed tells how
// each stream stands, and Handled what the server took responsibility for: the ledger that a test of delivery checks its own against.
//
// External components (XEP-0114) connect at a port of their own and are addressed as domains: see ComponentOptions.
//
// The same server speaks WebSocket (RFC 7395) at WebSocketURL, strictly: what breaks a rule of the framing ends the connection. It speaks
// BOSH (XEP-0124, XEP-0206) at BOSHURL as strictly; Options.BOSH has its terms, and a Fault for each request.
//
// With Options.SASL2 the server offers the logins of XEP-0388 too, with binding, resumption and tokens; ForgetTokens voids these.
//
// With Options.Register it lets strangers register (XEP-0077), by form or by field, with an invitation (Invite) or a CAPTCHA.
//
// Every account has nodes (XEP-0163): its own resources and its contacts are told of what is published there when their capabilities
// say that they want to hear of it. A service with nodes for everybody (XEP-0060) is at the domain's "pubsub" subdomain.
// Private data (XEP-0049) is kept for its owner, and the bookmarks in it are those of XEP-0402 (#compat).
//
// Rooms (XEP-0045) are at the subdomain "conference": clients make them by joining, and Room looks at them and disturbs them. They
// have history, affiliations, passwords and a form, invitations, private messages, registration, ids (XEP-0359, XEP-0421),
// moderation (XEP-0425) and the self-ping of XEP-0410; Options.Rooms takes some of it away.
//
// With Options.Archive every account and every room has an archive (XEP-0313); Archive fills it, PruneArchive drops the oldest.
//
// Sessions that ask for it get copies of what the account's others send and receive (XEP-0280), by the rules of its §6.1 but for errors,
// which are never copied.
//
// # Architecture
//
// The server is in internal/server, which never imports package xmpp, nor stanza, sasl or internal/stream: no mistake of theirs can hide from both
// sides of a test. This package wraps it and joins it to xmpp: Session, Options and JID.
package xmpptest
