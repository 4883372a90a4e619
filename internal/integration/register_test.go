package integration

import (
	"errors"
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/register"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Passwords that every server takes, ejabberd's password_strength too.
const (
	firstPassword  = "Calliope, muse of 1 epic"
	secondPassword = "Polyhymnia, of 7 hymns"
)

// TestRegister is the life of an account that nobody but its owner has made: registered and logged in on one connection, twice
// by the same options, given another password, and removed.
func TestRegister(t *testing.T) {
	each(t, servers.Config{Register: true}, func(t *testing.T, p *place) {
		addr := p.jid("newcomer")
		o := p.options(firstPassword)
		s, err := register.Dial(within(t), addr, o, nil)
		require.NoError(t, err)
		t.Cleanup(func() { s.Close() })
		assert.Equal(t, addr, s.JID().Bare())
		require.NoError(t, ping(t, s, p))
		require.NoError(t, p.login(t, addr, o).Close())

		_, err = register.Dial(within(t), addr, p.options(secondPassword), nil)
		require.ErrorIs(t, err, stanza.Conflict)
		require.ErrorContains(t, err, "the name is taken")

		require.NoError(t, register.ChangePassword(within(t), s, secondPassword, nil))
		require.NoError(t, p.login(t, addr, p.options(secondPassword)).Close())
		_, err = xmpp.Dial(within(t), addr, o)
		require.ErrorIs(t, err, sasl.NotAuthorized)

		require.NoError(t, register.Remove(within(t), s, jid.JID{}, nil))
		<-s.Done()
		var ended *xmpp.StreamError
		require.ErrorAs(t, s.Err(), &ended, "XEP-0077 §3.2")
		t.Logf("the end of a removed account: %v", ended)
		_, err = xmpp.Dial(within(t), addr, p.options(secondPassword))
		require.ErrorIs(t, err, sasl.NotAuthorized)
		s, err = register.Dial(within(t), addr, o, nil)
		require.NoError(t, err, "the name is free again")
		require.NoError(t, register.Remove(within(t), s, jid.JID{}, nil))
	})
}

// TestRegisterIsRefused holds the errors to what a program can act upon.
func TestRegisterIsRefused(t *testing.T) {
	each(t, servers.Config{Register: true}, func(t *testing.T, p *place) {
		var e *register.Error
		if !strings.HasPrefix(p.name, "prosody") { // which has no rules for passwords
			_, err := register.Dial(within(t), p.jid("weak"), p.options("a"), nil)
			require.ErrorAs(t, err, &e)
			t.Logf("a weak password: %v", e)
			var refused *stanza.Error
			require.ErrorAs(t, err, &refused)
		}
		_, err := register.Dial(within(t), p.jid("guest"), p.options(firstPassword), &register.Request{Token: "none"})
		require.ErrorAs(t, err, &e)
		t.Logf("a token that is none: %v", e)
		assert.True(t, errors.Is(err, stanza.ItemNotFound) || errors.Is(err, stanza.Forbidden) || errors.Is(err, register.ErrNotOffered))
	})
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		_, err := register.Dial(within(t), p.jid("nobody"), p.options(firstPassword), nil)
		require.ErrorIs(t, err, register.ErrNotOffered)
	})
}

// TestInvite has an account invite somebody, who registers and is a contact of it.
func TestInvite(t *testing.T) {
	each(t, servers.Config{Register: true}, func(t *testing.T, p *place) {
		host := p.session(t)
		inv, err := register.Invite(within(t), host)
		if strings.HasPrefix(p.name, "ejabberd") {
			require.Error(t, err, "of these versions neither has XEP-0401")
			return
		}
		require.NoError(t, err)
		t.Logf("%+v", inv)
		require.Equal(t, host.JID().Bare(), inv.Inviter)
		require.False(t, inv.Expires.IsZero())
		guest := p.jid("guest")
		s, err := register.Dial(within(t), guest, p.options(firstPassword), &register.Request{Token: inv.Token})
		require.NoError(t, err)
		t.Cleanup(func() { s.Close() })
		contacts := openRoster(t, s)
		c, ok := contacts.Get(host.JID().Bare())
		require.True(t, ok)
		require.Equal(t, roster.Both, c.Subscription)
		_, err = register.Dial(within(t), p.jid("second"), p.options(firstPassword), &register.Request{Token: inv.Token})
		require.Error(t, err, "it is used")
		require.NoError(t, register.Remove(within(t), s, jid.JID{}, nil))
	})
}
