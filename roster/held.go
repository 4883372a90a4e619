package roster

import (
	"strings"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// What others have sent is held within these bounds, sizes in bytes of XML.
const (
	maxRequests     = 10_000
	maxRequest      = 1 << 10   // of one request
	maxRequestBytes = 4 << 20   // of all requests
	maxResource     = 64 << 10  // of one resource's presence
	maxResources    = 64        // of a contact
	maxContactBytes = 256 << 10 // of all that is held of a contact
	maxText         = 512       // of a status that stands in what is larger
)

// lean returns presence that is worth holding, and its size: p, or what is essential of it where p is larger than limit. A
// stanza is one piece of memory, so that of a large one nothing is held but copies.
func lean(p *stanza.Presence, limit int) (*stanza.Presence, int) {
	b, err := stanza.Append(nil, p)
	if err == nil && len(b) <= limit {
		return p, len(b)
	}
	status := strings.Clone(strings.ToValidUTF8(p.Status[:min(len(p.Status), maxText)], ""))
	p = &stanza.Presence{From: p.From, To: p.To, Type: p.Type, Show: p.Show, Priority: p.Priority, Status: status, Error: leanError(p.Error)}
	return p, len(status) + len(p.From.String())
}

// leanError returns what programs look at.
func leanError(e *stanza.Error) *stanza.Error {
	if e == nil {
		return nil
	}
	return &stanza.Error{Type: e.Type, Condition: e.Condition}
}

// requests are those that wait for an answer.
type requests struct {
	all   map[jid.JID]held // by bare address
	bytes int
}

type held struct {
	Request
	bytes int
}

// put notes a request, unless there are too many. It replaces the sender's earlier one.
func (rs *requests) put(rq Request) {
	rs.remove(rq.From)
	p, n := lean(rq.Presence, maxRequest)
	if len(rs.all) >= maxRequests || rs.bytes+n > maxRequestBytes {
		return
	}
	if rs.all == nil {
		rs.all = make(map[jid.JID]held)
	}
	rs.all[rq.From] = held{Request{rq.From, p}, n}
	rs.bytes += n
}

// remove forgets the request of who; asked is false where there is none.
func (rs *requests) remove(who jid.JID) (rq Request, asked bool) {
	h, asked := rs.all[who]
	delete(rs.all, who)
	rs.bytes -= h.bytes
	return h.Request, asked
}
