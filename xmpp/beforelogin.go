package xmpp

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/canto-im/canto/stanza"
)

// beforeLogin lets the program ask the server as a stranger (Options.BeforeLogin).
func (n *negotiation) beforeLogin(ctx context.Context) (restart bool, err error) {
	if !n.secured {
		return false, errBareStranger
	}
	n.link.in.secret = true
	defer func() { n.link.in.secret = false }()
	over := false
	defer func() { over = true }()
	return false, n.opts.BeforeLogin(ctx, featureNames(&n.features), func(iq *stanza.IQ) (*stanza.IQ, error) {
		if over {
			return nil, ErrClosed
		}
		return n.doAsStranger(iq)
	})
}

// doAsStranger sends a request and waits for its answer, which takes no longer than a step of the negotiation.
func (n *negotiation) doAsStranger(iq *stanza.IQ) (*stanza.IQ, error) {
	request := *iq
	request.ID = cmp.Or(iq.ID, stanza.NewID())
	b, err := appendClient(nil, &request)
	if err != nil {
		return nil, err
	}
	n.link.in.deadline = time.Now().Add(n.opts.DeadAfter)
	if err := n.writeSecret(b, concealed(&request)); err != nil {
		return nil, explain(err)
	}
	reply, err := n.reply(request.ID)
	if reply != nil {
		n.opts.Trace.received(concealed(reply))
	}
	if err != nil {
		return nil, explain(err)
	}
	if !answersFor(reply.From, request.To, n.account) { // RFC 6120 §8.1.2.1
		return nil, fmt.Errorf("%w: the answer to a request to %q is from %q", errUnexpected, request.To, reply.From)
	}
	return reply, nil
}

// concealed is what the trace gets of an IQ that may hold a password.
func concealed(iq *stanza.IQ) []byte {
	return []byte("<iq type='" + string(iq.Type) + "'>" + redacted + "</iq>")
}
