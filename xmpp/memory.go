package xmpp

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
)

// A memory is what is kept of the logins of one address: that of the options, with its resource, so that two programs of one
// account that ask for different resources are two installations to the server.
type memory struct {
	Agent string      `json:"agent"` // the id of the user-agent (XEP-0388 §2.3)
	Token *savedToken `json:"token,omitempty"`
	Offer *offer      `json:"offer,omitempty"`
}

// recall reads what is known of earlier logins. A store that does not answer is no reason to stay away: nobody who wants to
// be taken for the server has a hand in that.
func (n *negotiation) recall(ctx context.Context) {
	if n.memory != nil {
		return
	}
	m := &record[memory]{store: n.opts.Store, key: "login " + n.account.String()}
	p := &pins{record[pin]{store: n.opts.Store, key: "pin " + n.account.Bare().String()}}
	if err := errors.Join(m.load(ctx), p.load(ctx)); err != nil {
		n.opts.Logger.Error("xmpp: what earlier logins have taught can't be read: this one is not compared to them", "err", err)
	}
	n.memory, n.pins, n.agent = m, p, cmp.Or(m.value.Agent, newUUID())
	if n.opts.remembers {
		n.keys = &keyring{kept: p.value.Keys}
	}
}

// remember keeps what a has taught. The login has succeeded: a store that does not answer is no reason to give it up.
func (n *negotiation) remember(ctx context.Context, a *attempt) {
	fresh := n.newToken(a)
	err := n.memory.update(ctx, func(m *memory) bool {
		old := *m
		if n.profile.isSASL2() {
			m.Agent = cmp.Or(m.Agent, n.agent)
		}
		if fresh != nil || n.opts.ForgetToken {
			m.Token = fresh
		}
		return *m != old
	})
	if err != nil {
		n.opts.Logger.Error("xmpp: the login can't be remembered", "err", err)
	}
	if err := n.pins.raise(ctx, a, n.keys, n.opts.ForgetToken); err != nil {
		n.opts.Logger.Error("xmpp: the mechanism of the login can't be remembered", "err", err)
	}
}

// newUUID returns a random UUID, version 4 (RFC 9562 §5.4).
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0F | 0x40
	b[8] = b[8]&0x3F | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
