package integration

import (
	"strings"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/entity"
	"github.com/canto-im/canto/xmpp/presence"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEntityOfAServer holds what each server answers for itself.
func TestEntityOfAServer(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		s := p.session(t)
		for _, to := range []jid.JID{{}, s.JID().Bare(), s.JID().Domain()} {
			rtt, err := entity.Ping(within(t), s, to)
			require.NoError(t, err)
			assert.Less(t, rtt, patience)
		}
		software, err := entity.GetSoftware(within(t), s, s.JID().Domain())
		require.NoError(t, err)
		assert.NotEmpty(t, software.Name)
		assert.NotEmpty(t, software.Version)
		t.Logf("%s %q %q", p.name, software.Name, software.Version)
		at, err := entity.GetTime(within(t), s, s.JID().Domain())
		require.NoError(t, err)
		assert.WithinDuration(t, time.Now(), at, patience)
		up, err := entity.LastActivity(within(t), s, s.JID().Domain())
		require.NoError(t, err)
		assert.Less(t, up.Ago, time.Hour)
		_, err = entity.Ping(within(t), s, jid.MustParse("nobody@"+p.domain+"/x"))
		require.ErrorIs(t, err, stanza.ServiceUnavailable)
	})
}

// TestEntityOfAClient holds that what a client allows is answered through each server, to whom it trusts.
func TestEntityOfAClient(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		user, password := p.account(t)
		stranger, friend := p.session(t), p.session(t)
		befriend(t, p, user, password, friend)
		s := p.login(t, p.jid(user), p.options(password))
		contacts := openRoster(t, s)
		inbox := friend.Presences(t.Context())
		own, err := presence.Keep(within(t), s, &presence.Options{Idle: 100 * time.Millisecond, TellIdle: true})
		require.NoError(t, err)
		t.Cleanup(own.Close)
		entity.Answer(s, &entity.Options{
			Software:   &entity.Software{Name: "Robbie", Version: "1.2"},
			Location:   time.FixedZone("", -6*3600),
			LastActive: own.LastActive,
			Trusted:    contacts.SeesUs,
		})
		var away *stanza.Presence
		for away == nil || away.From != s.JID() || away.Show != stanza.Away {
			away = next(t, inbox)
		}
		since, ok := presence.IdleSince(away)
		assert.True(t, ok)
		assert.WithinDuration(t, time.Now(), since, patience)

		_, err = entity.Ping(within(t), friend, s.JID())
		require.NoError(t, err)
		software, err := entity.GetSoftware(within(t), friend, s.JID())
		require.NoError(t, err)
		assert.Equal(t, "Robbie", software.Name)
		at, err := entity.GetTime(within(t), friend, s.JID())
		require.NoError(t, err)
		assert.Equal(t, "-06:00", at.Format("-07:00"))
		last, err := entity.LastActivity(within(t), friend, s.JID())
		require.NoError(t, err)
		assert.Less(t, last.Ago, patience)

		for name, ask := range map[string]func() error{
			"ping":     func() error { _, err := entity.Ping(within(t), stranger, s.JID()); return err },
			"software": func() error { _, err := entity.GetSoftware(within(t), stranger, s.JID()); return err },
			"time":     func() error { _, err := entity.GetTime(within(t), stranger, s.JID()); return err },
			"last":     func() error { _, err := entity.LastActivity(within(t), stranger, s.JID()); return err },
		} {
			var refused *stanza.Error
			require.ErrorAs(t, ask(), &refused, name)
			t.Logf("%s: a stranger's %s: %v", p.name, name, refused.Condition)
		}
		// Of the account, once it has gone: its server tells the friend, and nobody else.
		require.NoError(t, own.Set(within(t), &stanza.Presence{Type: stanza.Unavailable, Status: "Heading Home"}))
		require.NoError(t, ping(t, s, p))
		require.NoError(t, s.Close())
		require.Eventually(t, func() bool { return lastStatus(t, friend, p.jid(user)) == "Heading Home" }, patience, 10*time.Millisecond)
		_, err = entity.LastActivity(within(t), stranger, p.jid(user))
		want := stanza.Forbidden // XEP-0012 §3
		if strings.HasPrefix(p.name, "ejabberd") {
			want = stanza.SubscriptionRequired
		}
		require.ErrorIs(t, err, want)
	})
}

// lastStatus is what an account said as it went, as its server tells it.
func lastStatus(t *testing.T, s *xmpp.Session, of jid.JID) string {
	t.Helper()
	a, err := entity.LastActivity(within(t), s, of)
	require.NoError(t, err)
	return a.Status
}
