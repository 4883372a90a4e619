package xmpptest

import (
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp/xmpptest/internal/server"
)

// SM configures stream management (XEP-0198). Its zero value is that of a server of today: a session whose connection is lost
// can be resumed for five minutes (Max). Meanwhile it stays available and what comes for it waits, up to 5,000 stanzas
// (Queue). The server asks for an acknowledgement after every 5 stanzas (RequestEvery). NoResume manages streams without letting
// anybody resume them; Location is announced as the place where to reconnect; NoDelay leaves out the stamps of what is sent
// again; Start is where the counters begin; Ledger bounds Handled.
type SM = server.SM

// SMFaults is what is wrong with the server's stream management; see its fields. The zero value: nothing.
type SMFaults = server.SMFaults

// FaultSM sets what is wrong with stream management from now on.
func (s *Server) FaultSM(f SMFaults) { s.inner.FaultSM(f) }

// ExpireSuspended ends the suspended sessions of an account as if their time were over, and says how many there were: messages
// that they have not acknowledged go to other resources or wait for the next login, requests are answered with an error. An
// empty user means everybody's.
func (s *Server) ExpireSuspended(user string) int { return s.inner.ExpireSuspended(user) }

// ForgetSuspended is ExpireSuspended without a memory of the streams' counters, as after an orderly restart of a server.
func (s *Server) ForgetSuspended(user string) int { return s.inner.ForgetSuspended(user) }

// A Handled is a stanza for which the server has taken responsibility under stream management: from there on the client may
// forget it.
type Handled struct {
	From jid.JID // the full JID of the session
	Kind string  // message, presence, iq
	ID   string
	H    uint32 // the stream's count with this stanza
}

// Handled returns the stanzas of an account for which the server has taken responsibility under stream management, oldest
// first, as far as it's remembered (SM.Ledger).
func (s *Server) Handled(user string) []Handled {
	var list []Handled
	for _, h := range s.inner.Handled(user) {
		list = append(list, Handled(h))
	}
	return list
}

// A Managed is a stream under stream management as it stands.
type Managed struct {
	JID         jid.JID
	ID          string   // the SM-ID; empty when the stream cannot be resumed
	Suspended   bool     // it has no connection
	In          uint32   // stanzas of the client that were handled, modulo 2³² as all counts here
	Sent        uint32   // stanzas that were sent to the client
	Acked       uint32   // and how many of them it has acknowledged
	Unacked     []string // the ids of the others, in their order
	Suspensions int      // connections lost in its life
	Resumptions int
	Resent      int // stanzas sent again
}

// Managed returns the managed streams of an account; an empty user means everybody's.
func (s *Server) Managed(user string) []Managed {
	var list []Managed
	for _, m := range s.inner.Managed(user) {
		list = append(list, Managed{
			JID: m.JID, ID: m.ID, Suspended: m.Suspended, In: m.In, Sent: m.Sent, Acked: m.Acked, Unacked: m.Unacked,
			Suspensions: m.Suspensions, Resumptions: m.Resumptions, Resent: m.Resent,
		})
	}
	return list
}
