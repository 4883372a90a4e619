// Package server is a small, real XMPP server that runs inside a process, for tests and demonstrations.
//
//	srv, err := server.New(server.Options{Domain: "example.org"})
//	if err != nil {
//		return err
//	}
//	defer srv.Close()
//	if err := srv.AddUser("alice", "secret"); err != nil {
//		return err
//	}
//	if err := srv.Listen(); err != nil { // 127.0.0.1, a port of the system's choice; or srv.Dial for a connection in memory
//		return err
//	}
//	fmt.Println(srv.Addr())
//
// # Architecture
//
// The package never imports package xmpp, nor stanza, sasl and stream: what both ends took from one place could be wrong on
// both ends. It stands on jid, xmltext and ns alone; its trees of XML (Element), its streams, its SASL and its routing are its own.
//
// A connection (conn) owns a socket: a reader goroutine that parses and acts, and a writer goroutine that drains a queue,
// so that nobody ever waits for a slow peer. A session is a bound resource: it has presence, a priority and a connection,
// and it may one day outlive that connection. An account has a password, a roster, sessions and what is stored for it.
//
// One mutex, Server.mu, protects everything that routing looks at: accounts, sessions, rosters, handler tables. A handler runs with
// it held and never blocks, since sending only appends to a queue; so every client sees the same order of events. Hooks of
// the user of the package run without it and may call the server.
//
// What the server can do is a table, not a switch. A module (module.go) adds stream features, elements beside stanzas, IQ
// handlers, names for service discovery, whole subdomains, filters for messages; modules() lists them. A capability is
// one more file with one more entry.
//
// Rooms (XEP-0045) are a subdomain: muc.go has the service and what a room is, mucpresence.go who comes and goes, mucmessage.go what is
// said, mucadmin.go and mucconfig.go what moderators and owners do, muciq.go the other requests, mucoutside.go what tests do to them.
//
// Faults are of two kinds. Those of the network (faultconn.go, faults.go) lie under TLS and see only bytes: cut after byte n,
// freeze, delay, drop. Those of the server (tamper.go, inject.go) change what is said: Options.Tamper rewrites each step of a
// negotiation, Inject says anything to an account's sessions, ReplaceReply answers in the server's place.
//
// HTTP (web.go) begins with the first question for it. What comes over WebSocket (websocket.go, on the frames of webframe.go) is a
// net.Conn with a stream of RFC 6120 to the rest of the server (streamcut.go); written from the RFCs a second time, it takes nothing
// that they do not allow. So is a session of BOSH (boshsession.go, with its requests in bosh.go), which outlives the connections of HTTP:
// BOSH.Fault loses, delays and forges requests and responses, and DropHTTP cuts the connections below them.
//
// Stream management (XEP-0198; the sm files) is written from the specification a second time, on nothing of package stream: a session
// has its two counters and a queue of what the client has not acknowledged (smcount.go). A connection that is lost leaves the session
// suspended (smsession.go): present, with what comes for it in the queue, until it's resumed (smresume.go) or its time is over and what
// is left goes elsewhere (smundelivered.go). A stanza is counted in the step in which it is routed, under Server.mu, and
// session.turn keeps a resumption out of the middle of it: so h is exact, whenever the network goes.
//
// Nothing here asks what time it is to decide anything, no goroutine outlives Close, and every wait is on a channel: it all runs in a
// testing/synctest bubble over net.Pipe. Certificates are valid from 1990 to 2190 for the same reason.
package server
