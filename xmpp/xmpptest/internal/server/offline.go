package server

import (
	"github.com/canto-im/canto/internal/ns"
)

// offlineModule keeps messages for who is away; RFC 6121 §8.5.2.2.1 and XEP-0160.
func offlineModule() module {
	return module{
		name:           "offline",
		serverFeatures: []string{"msgoffline"},
		present:        func(_ *Server, ses *session) { ses.deliverOffline() },
	}
}

// store adds a message to what waits for the account, with the time when it came (XEP-0203).
func (a *account) store(e *Element) {
	if !storable(e) {
		return
	}
	if !stamped(e, a.bare.Domain()) {
		e = e.with(delayNow(a.bare.Domain()))
	}
	a.offline = append(a.offline, e)
}

// storable tells what is worth keeping: XEP-0160 §3 names messages of type normal, and of type chat with a body, and
// XEP-0334 lets the sender say otherwise.
func storable(e *Element) bool {
	switch {
	case e.child(ns.Hints, "no-store") != nil:
		return false
	case e.child(ns.Hints, "store") != nil:
		return true
	}
	return e.attr("type") != "chat" || e.child(ns.Client, "body") != nil || e.child(ns.Receipts, "received") != nil
}

// deliverOffline hands what waits to a session that has become available.
func (ses *session) deliverOffline() {
	if ses.priority < 0 {
		return
	}
	for _, e := range ses.account.offline {
		ses.send(e)
	}
	ses.account.offline = nil
}

// Offline returns the messages that wait for an account, oldest first.
func (s *Server) Offline(user string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	if a := s.accounts[user]; a != nil {
		for _, e := range a.offline {
			list = append(list, e.String())
		}
	}
	return list
}
