package xmpp

import (
	"context"
	"fmt"
	"strings"

	"github.com/canto-im/canto/sasl"
)

// A pin is the best that an account was seen to have.
type pin struct {
	Mechanism string `json:"mechanism"` // that authenticated it
	Binding   string `json:"binding"`   // the type of channel binding that was used; empty: none

	Keys *savedKeys `json:"keys,omitempty"` // what SCRAM has derived from the password last; nil: nothing
}

// pins keep the pin of an account in the Store. Whoever gets between the server and us can take mechanisms and bindings out
// of the offer; what an account once had it has to have again, unless the server itself says otherwise (XEP-0474) or the
// program permits it (Options.AllowDowngrade).
type pins struct{ record[pin] }

// strength puts mechanisms in order. 0: it can't be compared, since it proves something else than a password.
//
// XEP-0474 §7: that SCRAM or EXTERNAL was used is pinned, and PLAIN not fallen back to.
func strength(mechanism string) int {
	switch strings.TrimSuffix(mechanism, "-PLUS") {
	case "PLAIN":
		return 1
	case "EXTERNAL", "SCRAM-SHA-1":
		return 2
	case "SCRAM-SHA-256":
		return 3
	case "SCRAM-SHA-512":
		return 4
	}
	return 0
}

func isSCRAM(mechanism string) bool { return strings.HasPrefix(mechanism, "SCRAM-") }

// bindingStrength puts the types of channel binding in order: to this very connection, to the certificate, none.
func bindingStrength(typ string) int {
	switch typ {
	case "":
		return 0
	case sasl.TLSServerEndPoint:
		return 1
	}
	return 2
}

func weakerBinding(a, b string) bool { return bindingStrength(a) < bindingStrength(b) }

// bindingOfToken is the type of channel binding of a mechanism for tokens.
func bindingOfToken(mechanism string) string {
	switch {
	case strings.HasSuffix(mechanism, "-EXPR"):
		return sasl.TLSExporter
	case strings.HasSuffix(mechanism, "-UNIQ"):
		return sasl.TLSUnique
	case strings.HasSuffix(mechanism, "-ENDP"):
		return sasl.TLSServerEndPoint
	}
	return ""
}

// against returns an error, which is sasl.ErrDowngrade, when a is less than the account was seen to have.
func (p *pins) against(a *attempt) error {
	name, bound := a.mech.Name(), boundWith(a.x)
	rank, best := strength(name), strength(p.value.Mechanism)
	if name == "EXTERNAL" || a.token != nil {
		return nil // proves no password; a token was chosen by what it binds to
	}
	if rank == 0 || rank >= best && !weakerBinding(bound, p.value.Binding) {
		return nil
	}
	return &sasl.ExchangeError{Mechanism: name, Reason: sasl.ErrDowngrade, Detail: fmt.Sprintf(
		"the account was seen to have %s, and now there is only %s: if that is meant, set Options.AllowDowngrade for one login",
		described(p.value.Mechanism, p.value.Binding), described(name, bound))}
}

// described names a mechanism and what it binds to.
func described(mechanism, binding string) string {
	if binding == "" {
		return mechanism + " without channel binding"
	}
	return mechanism + " with " + binding
}

// raise keeps what a has used, where that's better than what was known, or where less was permitted; and the keys that it has
// derived, unless these are to be forgotten.
func (p *pins) raise(ctx context.Context, a *attempt, keys *keyring, forget bool) error {
	name, bound := a.mech.Name(), boundWith(a.x)
	lowered := p.against(a) != nil // the server has vouched for it, or the program permits it
	return p.update(ctx, func(v *pin) bool {
		next := *v
		if lowered || strength(name) > strength(v.Mechanism) {
			next.Mechanism = name
		}
		if lowered || weakerBinding(v.Binding, bound) {
			next.Binding = bound
		}
		switch {
		case forget:
			next.Keys = nil
		case keys != nil && keys.fresh != nil:
			next.Keys = keys.fresh
		}
		changed := next != *v
		*v = next
		return changed
	})
}
