package xmpp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/canto-im/canto/internal/datetime"
	"github.com/canto-im/canto/sasl"
)

// A savedToken is a secret of the server's making to log in with (XEP-0484).
type savedToken struct {
	Mechanism string    `json:"mechanism"` // the only one that it's good for
	Secret    string    `json:"secret"`
	Expiry    time.Time `json:"expiry,omitzero"` // zero: the server did not say
	Count     uint32    `json:"count,omitempty"` // how often it was used
}

// tokenConn is what the mechanisms for tokens decide by: they have a list of their own.
func (n *negotiation) tokenConn(c sasl.Conn) sasl.Conn {
	c.Mechanisms = nil
	if f := n.features.SASL2.FAST; f != nil {
		c.Mechanisms = f.Mechanisms
	}
	return c
}

// tokenAttempt is the login with the token of an earlier one; nil when there is none that can be used here.
func (n *negotiation) tokenAttempt(c sasl.Conn) *attempt {
	t := n.memory.value.Token
	if t == nil || !n.profile.isSASL2() || !t.Expiry.IsZero() && !time.Now().Before(t.Expiry) {
		return nil
	}
	c = n.tokenConn(c)
	usable := sasl.Select(sasl.HashedToken(n.account.Localpart(), t.Secret), c)
	i := slices.IndexFunc(usable, func(m sasl.Mechanism) bool { return m.Name() == t.Mechanism })
	if i < 0 {
		return nil
	}
	binds := bindingOfToken(t.Mechanism)
	// XEP-0484 §6: channel binding MUST be preferred. Where better can be had than the token has, a login with the password
	// brings a better token.
	if weakerBinding(binds, bindingOfToken(usable[0].Name())) && n.hasCredentials() {
		return nil
	}
	if weakerBinding(binds, n.pins.value.Binding) && !n.opts.AllowDowngrade {
		return nil
	}
	used := *t
	used.Count++
	return &attempt{mech: usable[i], conn: c, token: &used}
}

// spend counts a use of the token, before it's used: no count is ever used twice (XEP-0484 §3.4).
func (n *negotiation) spend(ctx context.Context, t *savedToken) error {
	err := n.memory.update(ctx, func(m *memory) bool {
		if m.Token == nil || m.Token.Secret != t.Secret {
			return false // another has a newer one; this one may still do
		}
		t.Count = max(t.Count, m.Token.Count+1)
		used := *t
		m.Token = &used
		return true
	})
	if err != nil {
		return fmt.Errorf("%w: %w", errUncounted, err)
	}
	return nil
}

// errUncounted is a token whose use can't be counted.
var errUncounted = errors.New("the use of the token can't be counted")

// tokenToAskFor is the mechanism for which a token is wanted for next time, after the login a: the best that binds to the
// channel no less than a does. Empty: none. It's not wanted where nothing would be left of it, or for nobody's account.
func (n *negotiation) tokenToAskFor(a *attempt) string {
	if !n.opts.remembers || n.opts.ForgetToken || n.account.Localpart() == "" || !n.hasCredentials() {
		return ""
	}
	usable := sasl.Select(sasl.HashedToken(n.account.Localpart(), "to come"), n.tokenConn(a.conn))
	if len(usable) == 0 || weakerBinding(bindingOfToken(usable[0].Name()), boundWith(a.x)) {
		return ""
	}
	return usable[0].Name()
}

// newToken is the token that came with the login a; nil: none did.
func (n *negotiation) newToken(a *attempt) *savedToken {
	g := n.granted
	if g == nil || g.Secret == "" || !n.opts.remembers || n.opts.ForgetToken {
		return nil
	}
	t := &savedToken{Mechanism: n.asked.RequestToken, Secret: g.Secret}
	if a.token != nil { // XEP-0484 §3.5: one that the server thought due, for the same mechanism
		t.Mechanism = a.token.Mechanism
	}
	if t.Mechanism == "" {
		return nil
	}
	if expiry, err := datetime.Parse(g.Expiry); err == nil {
		t.Expiry = expiry
	}
	return t
}

// discard forgets a token that the server has refused, unless it is the server that is unwell.
func (n *negotiation) discard(ctx context.Context, t *savedToken, why *sasl.Error) {
	n.opts.Logger.Info("xmpp: the token of an earlier login was refused", "mechanism", t.Mechanism, "err", why)
	if errors.Is(why, sasl.TemporaryAuthFailure) || errors.Is(why, sasl.Aborted) {
		return
	}
	err := n.memory.update(ctx, func(m *memory) bool {
		if m.Token == nil || m.Token.Secret != t.Secret {
			return false
		}
		m.Token = nil
		return true
	})
	if err != nil {
		n.opts.Logger.Error("xmpp: the refused token can't be forgotten", "err", err)
	}
}
