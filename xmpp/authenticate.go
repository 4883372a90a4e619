package xmpp

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/canto-im/canto/sasl"
)

// An attempt is one mechanism on its way to authenticate us.
type attempt struct {
	mech    sasl.Mechanism
	conn    sasl.Conn
	x       sasl.Exchange // nil: not begun yet
	token   *savedToken   // the one that mech proves (XEP-0484); nil: mech proves something else
	profile *profile      // in which it has begun before the features came, by what the offer says; nil: it has not
	offer   *offer
	fall    error // what the pin has against it, where only a server that vouches for its offer may go on; nil: nothing
}

// authenticate runs SASL with the best mechanism that both sides have, in the profile of XEP-0388 where that is offered and
// else in that of RFC 6120 §6.
func (n *negotiation) authenticate(ctx context.Context) (restart bool, err error) {
	n.recall(ctx)
	attempts := n.attempts()
	n.login = n.offered()
	if a := n.early; a != nil {
		if err := n.confirm(a); err != nil {
			return false, err
		}
		attempts = slices.DeleteFunc(attempts, func(other *attempt) bool {
			return a.token != nil && other.token != nil || other.mech.Name() == a.mech.Name()
		})
		attempts = slices.Insert(attempts, 0, a)
	}
	n.link.state.Mechanisms = slices.Clone(n.profile.offered(&n.features))
	if len(attempts) == 0 {
		return false, n.noMechanism()
	}
	for len(attempts) > 0 {
		a := attempts[0]
		if err = n.try(ctx, a); err == nil {
			n.authed = true
			n.remember(ctx, a)
			return n.profile.restarts, nil
		}
		attempts = attempts[1:]
		switch {
		case n.misled(ctx, err):
			attempts = slices.Insert(attempts, 0, &attempt{mech: a.mech, conn: a.conn})
		case !n.another(ctx, a, err):
			return false, err
		}
	}
	return false, err
}

// another reports whether a further mechanism may be tried after a has failed.
func (n *negotiation) another(ctx context.Context, a *attempt, err error) bool {
	var refusal *sasl.Error
	switch {
	case errors.Is(err, errUncounted):
		n.opts.Logger.Error("xmpp: the token of an earlier login can't be used", "err", err)
		return n.hasCredentials()
	case a.token != nil && errors.As(err, &refusal):
		// XEP-0484 §4.1: a token that was refused is discarded, and the login goes on with other means.
		n.discard(ctx, a.token, refusal)
		return n.hasCredentials()
	}
	// RFC 6120 §6.5.7, §6.5.9: these say that another mechanism may do. After any other refusal a further try would only
	// bring the account closer to being locked.
	return errors.Is(err, sasl.InvalidMechanism) || errors.Is(err, sasl.MechanismTooWeak)
}

// attempts chooses the profile and lists what may be tried in it, best first.
func (n *negotiation) attempts() []*attempt {
	// XEP-0388 §3: inside TLS only.
	if n.features.SASL2 != nil && n.secured {
		n.profile = sasl2()
		if list := n.attemptsHere(); len(list) > 0 {
			return list
		}
	}
	n.profile = classic()
	return n.attemptsHere()
}

func (n *negotiation) attemptsHere() (list []*attempt) {
	c := n.saslConn()
	if a := n.tokenAttempt(c); a != nil {
		list = append(list, a)
		if !n.hasCredentials() {
			return list
		}
	}
	for _, m := range sasl.Select(n.mechanisms(), c) {
		list = append(list, &attempt{mech: m, conn: c})
	}
	return list
}

// hasCredentials reports whether there is more to log in with than a token.
func (n *negotiation) hasCredentials() bool { return n.opts.Password != "" || len(n.opts.SASL) > 0 }

// mechanisms are those of the options.
func (n *negotiation) mechanisms() []sasl.Mechanism {
	switch {
	case len(n.opts.SASL) > 0:
		return n.opts.SASL
	case n.opts.Password != "":
		return sasl.Password(n.account.Localpart(), n.opts.Password, &sasl.PasswordOptions{Keys: n.keyCache()})
	}
	return []sasl.Mechanism{sasl.Anonymous("")}
}

// saslConn are the facts that mechanisms decide by.
func (n *negotiation) saslConn() sasl.Conn {
	c := sasl.Conn{
		Domain:         n.account.Domainpart(),
		Encrypted:      n.secured,
		AllowPlaintext: n.opts.AllowPlaintext,
		SASL2:          n.profile.isSASL2(),
		Mechanisms:     n.profile.offered(&n.features),
		BindingTypes:   n.features.ChannelBindings,
	}
	if n.shown != nil {
		c.AuthzID = n.shown.authzID(n.account)
	}
	if n.link.state.TLS.Version != 0 {
		c.TLSVersion = n.link.state.TLS.Version
		if !n.unbound {
			c.Bindings = sasl.TLSBindings(n.link.state.TLS)
		}
	}
	return c
}

// noMechanism says why none of ours could be used.
func (n *negotiation) noMechanism() error {
	var why []error
	c := n.saslConn()
	for _, m := range n.mechanisms() {
		if err := sasl.Usable(m, c); err != nil && !errors.Is(err, sasl.ErrNotOffered) {
			why = append(why, err)
		}
	}
	err := fmt.Errorf("%w: the server offers %q", errNoMechanism, c.Mechanisms)
	if len(why) > 0 {
		err = fmt.Errorf("%w: %w", err, joinReasons(why))
	}
	return err
}

// try runs one mechanism.
func (n *negotiation) try(ctx context.Context, a *attempt) error {
	n.link.in.secret = true
	defer func() { n.link.in.secret = false }()
	if a.profile == nil {
		if err := n.introduce(ctx, a); err != nil {
			return err
		}
	}
	if err := n.exchange(ctx, a.x); err != nil {
		return a.fell(err)
	}
	n.link.state.Mechanism = a.mech.Name()
	n.link.state.ChannelBinding = boundWith(a.x)
	return nil
}

// introduce begins the exchange and sends its first message.
func (n *negotiation) introduce(ctx context.Context, a *attempt) error {
	if err := n.start(ctx, a); err != nil {
		return err
	}
	if err := n.stillOurs(); err != nil {
		return err
	}
	out, traced, err := n.profile.begin(n, a)
	if err != nil {
		return err
	}
	return n.writeSecret(out, traced)
}

// start begins the exchange, if that's no step back from what the account was seen to have.
func (n *negotiation) start(ctx context.Context, a *attempt) (err error) {
	if a.token != nil {
		if err := n.spend(ctx, a.token); err != nil {
			return err
		}
	}
	if a.x, err = a.mech.Start(ctx, a.conn); err != nil {
		return err
	}
	if a.fall = n.pins.against(a); a.fall == nil || n.opts.AllowDowngrade {
		a.fall = nil
		return nil
	}
	if !isSCRAM(a.mech.Name()) {
		return a.fall
	}
	// XEP-0474 §3, §7: that hash does better than a pin: with it, the server itself says that it offers no more.
	a.conn.NeedHash = true
	a.x, err = a.mech.Start(ctx, a.conn)
	return err
}

// fell is what an attempt ends with that failed with err.
func (a *attempt) fell(err error) error {
	if a.fall != nil && errors.Is(err, sasl.ErrDowngrade) {
		return fmt.Errorf("%w: %w", a.fall, err)
	}
	return err
}

// boundWith is the type of the channel binding that an exchange uses.
func boundWith(x sasl.Exchange) string {
	if b, ok := x.(interface{ ChannelBinding() string }); ok {
		return b.ChannelBinding()
	}
	return ""
}

// stillOurs asks, where a stream is to be resumed or bound together with the login, whether another process has taken over.
func (n *negotiation) stillOurs() error {
	if n.ours == nil || !n.profile.isSASL2() {
		return nil
	}
	return n.ours()
}
