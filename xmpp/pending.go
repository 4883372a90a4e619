package xmpp

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// A call is a request that waits for its answer.
type call struct {
	from  jid.JID // of a component: who in its domain asks; zero: a client, which is one
	to    jid.JID
	reply chan outcome // takes one answer without blocking

	gathering *gathering // nil: what comes before the answer is none of its
}

// An outcome is an answer, or why the one that came is of no use.
type outcome struct {
	iq  *stanza.IQ
	err error
}

// answer is what Do returns for it.
func (o outcome) answer() (*stanza.IQ, error) {
	if o.err != nil {
		return nil, o.err
	}
	return answer(o.iq)
}

// answer is what a call returns for reply.
func answer(reply *stanza.IQ) (*stanza.IQ, error) {
	if reply.Type != stanza.IQError {
		return reply, nil
	}
	if reply.Error == nil { // RFC 6120 §8.3.1: there must be one; the request failed all the same
		return reply, &stanza.Error{Type: stanza.Cancel, Condition: stanza.UndefinedCondition}
	}
	return reply, reply.Error
}

// pending routes answers to the calls that wait for them.
type pending struct {
	mu    sync.Mutex
	calls map[string]*call
	err   error // set once no more calls are taken
	ended chan struct{}

	gathering atomic.Int32 // how many calls gather
}

func newPending() *pending { return &pending{ended: make(chan struct{})} }

// add makes the route for the answer to the request id; it must stand before the request leaves.
func (p *pending) add(id string, to, from jid.JID, g *gathering) (*call, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return nil, p.err
	}
	if _, taken := p.calls[id]; taken {
		return nil, fmt.Errorf("xmpp: a request with the id %q already waits for its answer; leave the ID empty to have one made", id)
	}
	if p.calls == nil {
		p.calls = make(map[string]*call)
	}
	c := &call{from: from, to: to, reply: make(chan outcome, 1), gathering: g}
	p.calls[id] = c
	return c, nil
}

// remove takes the route away: later answers are nobody's.
func (p *pending) remove(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if delete(p.calls, id); len(p.calls) == 0 {
		p.calls = nil // an idle session keeps no table
	}
}

// any reports whether a call waits.
func (p *pending) any() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.calls) > 0
}

// awaits reports whether start begins the answer of our own account to a request that a call has sent to it: one that
// nobody can send us but the server that we have asked. self returns our address.
func (p *pending) awaits(start *xmltext.Token, self func() jid.JID) bool {
	if kind, _ := start.Attr("type"); string(kind) != string(stanza.Result) {
		return false
	}
	id, _ := start.Attr("id")
	p.mu.Lock()
	c := p.calls[string(id)]
	p.mu.Unlock()
	if c == nil || !c.from.IsZero() { // a component has no account
		return false
	}
	own := self()
	if !c.to.IsZero() && c.to != own.Bare() {
		return false
	}
	from, stamped := start.Attr("from")
	sender, err := jid.ParseBytes(from)
	return !stamped || err == nil && answersFor(sender, c.to, own)
}

// complete hands o to the call that the iq with that id and sender, to that address, answers, if there is one.
//
// RFC 6120 §8.2.3 and §8.1.3: the answer has the id of the request and the type "result" or "error". RFC 6120
// §8.1.2.1: and it must come from whom we asked; an answer with a guessed id from somebody else completes nothing.
func (p *pending) complete(id string, from, to, self jid.JID, o outcome) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.calls[id]
	if c == nil || !c.answeredBy(from, to, self) {
		return false
	}
	if delete(p.calls, id); len(p.calls) == 0 {
		p.calls = nil
	}
	c.reply <- o
	return true
}

// close fails every call, present and future, with err.
func (p *pending) close(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = err
		close(p.ended)
	}
}

// answeredBy reports whether from may answer the call, with an iq to that address. A component asks as whoever it likes to
// be, and answers to one of its addresses are none to another.
func (c *call) answeredBy(from, to, self jid.JID) bool {
	if c.from.IsZero() {
		return answersFor(from, c.to, self)
	}
	return from == c.to && to == c.from
}

// answersFor reports whether from may answer a request that was sent to the address to.
//
// RFC 6120 §10.3.3: a stanza without 'to' is handled by the server on behalf of our account, and one from the server
// without 'from' is from that account (§8.1.2.1). Servers write these as nothing, our bare JID, our full JID or their
// own domain; all four are the server that we are connected to, so they are one here, whichever of them was asked.
func answersFor(from, to, self jid.JID) bool {
	return from == to || oursToAnswer(from, self) && oursToAnswer(to, self)
}

func oursToAnswer(a, self jid.JID) bool {
	return a.IsZero() || a == self || a == self.Bare() || a == self.Domain()
}
