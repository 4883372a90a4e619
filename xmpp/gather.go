package xmpp

import (
	"context"
	"errors"
	"fmt"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// A gathering is what belongs to the answer of a call and comes before it, in messages. pending.mu protects it.
type gathering struct {
	space, local, attr string // of the payload that says that a message belongs to the call: attr is the id of the request
	room               int    // how many bytes more
	messages           []*stanza.Message
	tooMuch            bool
}

// Gather asks as Endpoint.Do does, and gathers what the other side sends before its answer in messages that belong to it: those
// from whom was asked that have a payload of that name whose attribute attr is the id of the request, which is made if it has none. That is
// how archives answer (XEP-0313 §4.2). build gets the id and returns the request. What is gathered goes to no handler and to no channel, so
// that a handler may ask; it's bounded by Limits.AnswerBytes, beyond which Gather fails. On a Client it's all of one session.
//
// Its errors are those of Do; what was gathered by then is returned with them.
func Gather(ctx context.Context, e Endpoint, space, local, attr string, build func(id string) *stanza.IQ) (*stanza.IQ, []*stanza.Message, error) {
	h, ok := e.(host)
	if !ok {
		return nil, nil, fmt.Errorf("xmpp: Gather needs a *Session or a *Client, or a type that embeds one; this is a %T", e)
	}
	session, err := h.inUse(ctx)
	if err != nil {
		return nil, nil, err
	}
	iq := build(stanza.NewID())
	g := &gathering{space: space, local: local, attr: attr, room: session.opts.Limits.AnswerBytes}
	answer, err := session.do(ctx, iq, g)
	session.calls.mu.Lock()
	defer session.calls.mu.Unlock()
	if g.tooMuch {
		return answer, g.messages, fmt.Errorf("%w (%d bytes) from %q", errTooMuch, session.opts.Limits.AnswerBytes, iq.To)
	}
	return answer, g.messages, err
}

var errTooMuch = errors.New("xmpp: more comes before an answer than Limits.AnswerBytes allows")

// gather takes the message that size bytes were, if it belongs to a call that gathers.
func (p *pending) gather(m *stanza.Message, size int, self func() jid.JID) bool {
	if p.gathering.Load() == 0 { // nobody does, nearly always
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range m.Payloads {
		for _, c := range p.calls {
			g := c.gathering
			if g == nil || !e.Is(g.space, g.local) || p.calls[e.Attr(g.attr)] != c || !c.answeredBy(m.From, m.To, self()) {
				continue
			}
			if g.room -= size; g.room < 0 {
				g.tooMuch = true
			} else {
				g.messages = append(g.messages, m)
			}
			return true
		}
	}
	return false
}
