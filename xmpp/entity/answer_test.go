package entity

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/disco"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// all are the questions, by the feature that says that they're answered.
var all = map[string]func(context.Context, xmpp.Endpoint, jid.JID) error{
	"urn:xmpp:ping": func(ctx context.Context, e xmpp.Endpoint, to jid.JID) error { _, err := Ping(ctx, e, to); return err },
	"jabber:iq:version": func(ctx context.Context, e xmpp.Endpoint, to jid.JID) error {
		_, err := GetSoftware(ctx, e, to)
		return err
	},
	"urn:xmpp:time": func(ctx context.Context, e xmpp.Endpoint, to jid.JID) error {
		_, err := GetTime(ctx, e, to)
		return err
	},
	"jabber:iq:last": func(ctx context.Context, e xmpp.Endpoint, to jid.JID) error {
		_, err := LastActivity(ctx, e, to)
		return err
	},
}

// start returns a server in memory, with a session of alice and one of bob, who see each other's presence.
func start(t *testing.T) (srv *xmpptest.Server, alice, bob *xmpp.Session) {
	t.Helper()
	srv = xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
	alice, bob = srv.Session(t, "alice", nil), srv.Session(t, "bob", nil)
	require.NoError(t, srv.Befriend("alice", "bob"))
	return srv, alice, bob
}

// TestOnlyWhatIsAllowed holds that each answer is given, and declared, exactly where the Options name it.
func TestOnlyWhatIsAllowed(t *testing.T) {
	full := Options{Software: &Software{Name: "x"}, Location: time.UTC, LastActive: time.Now, Trusted: func(jid.JID) bool { return true }}
	for name, c := range map[string]struct {
		o    *Options
		want string
	}{
		"nothing":  {nil, "urn:xmpp:ping"},
		"zero":     {&Options{}, "urn:xmpp:ping"},
		"software": {&Options{Software: &Software{Name: "x"}}, "urn:xmpp:ping jabber:iq:version"},
		"time":     {&Options{Location: time.UTC}, "urn:xmpp:ping urn:xmpp:time"},
		"activity": {&Options{LastActive: time.Now, Trusted: full.Trusted}, "urn:xmpp:ping jabber:iq:last"},
		"all":      {&full, "urn:xmpp:ping jabber:iq:version urn:xmpp:time jabber:iq:last"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, alice, bob := start(t)
				remove := Answer(bob, c.o)
				for feature, ask := range all {
					err := ask(t.Context(), alice, bob.JID())
					if !strings.Contains(c.want, feature) {
						require.ErrorIs(t, err, stanza.ServiceUnavailable, feature)
					} else {
						require.NoError(t, err, feature)
					}
					require.Equal(t, strings.Contains(c.want, feature), disco.Of(bob).Self().Has(feature), feature)
				}
				remove()
				for feature, ask := range all {
					require.ErrorIs(t, ask(t.Context(), alice, bob.JID()), stanza.ServiceUnavailable, feature)
					require.False(t, disco.Of(bob).Self().Has(feature), feature)
				}
				Answer(bob, c.o)()
			})
		})
	}
}

// TestPresenceLeak holds that who is not trusted learns nothing, not even that somebody is there: the answer is the one
// for a resource that there is not.
func TestPresenceLeak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, alice, bob := start(t)
		mallory, second := srv.Session(t, "mallory", nil), srv.Session(t, "bob", nil)
		Answer(bob, &Options{Software: &Software{Name: "x"}, Location: time.UTC, LastActive: time.Now, Trusted: func(who jid.JID) bool { return who == alice.JID() }})
		nobody := srv.JID("bob/nobody")
		for feature, ask := range all {
			there, gone := ask(t.Context(), mallory, bob.JID()), ask(t.Context(), mallory, nobody)
			var here *stanza.Error
			require.ErrorAs(t, there, &here, feature)
			if feature == "jabber:iq:last" {
				require.ErrorIs(t, there, stanza.Forbidden, "XEP-0012 §4: the server itself refuses")
				continue
			}
			require.Equal(t, gone.Error(), there.Error(), feature)
			require.NoError(t, ask(t.Context(), alice, bob.JID()), feature)
			require.NoError(t, ask(t.Context(), second, bob.JID()), feature)
		}
		require.NoError(t, all["jabber:iq:last"](t.Context(), alice, bob.JID()))
	})
}

// TestLastActivityIsPrivate holds that without Trusted nobody but our own account learns the last activity, though the server lets
// the request through.
func TestLastActivityIsPrivate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, alice, bob := start(t)
		second := srv.Session(t, "bob", nil)
		began := time.Now()
		Answer(bob, &Options{LastActive: func() time.Time { return began }})
		elapse(123*time.Second + time.Second/2)
		_, err := LastActivity(t.Context(), alice, bob.JID())
		require.ErrorIs(t, err, stanza.ServiceUnavailable)
		a, err := LastActivity(t.Context(), second, bob.JID())
		require.NoError(t, err)
		require.Equal(t, Activity{Ago: 123 * time.Second}, a)
	})
}

// TestComponentUptime holds that a component tells everybody how long it has been running, as a domain (XEP-0012 §5), and not as anything else.
func TestComponentUptime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, alice, _ := start(t)
		o := srv.ComponentOptions("echo.canto.test")
		o.Role = stream.Component()
		s, err := xmpp.Dial(t.Context(), jid.MustParse("echo.canto.test"), o)
		require.NoError(t, err)
		defer s.Close()
		began := time.Now()
		Answer(s, &Options{LastActive: func() time.Time { return began }})
		elapse(time.Hour)
		a, err := LastActivity(t.Context(), alice, s.JID())
		require.NoError(t, err)
		require.Equal(t, time.Hour, a.Ago)
		_, err = LastActivity(t.Context(), alice, jid.MustParse("bob@echo.canto.test"))
		require.ErrorIs(t, err, stanza.ServiceUnavailable)
	})
}

// TestSoftwareIsCopied holds that the answer is what the Options said, the operating system only where it stood there.
func TestSoftwareIsCopied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, alice, bob := start(t)
		for _, want := range []Software{{Name: "Robbie", Version: "1.2"}, {Name: "Robbie & <Co>", OS: "Multivac"}, {}} {
			given := want
			remove := Answer(bob, &Options{Software: &given})
			given.Name = "changed"
			got, err := GetSoftware(t.Context(), alice, bob.JID())
			require.NoError(t, err)
			got.XMLName = want.XMLName
			assert.Equal(t, want, got)
			remove()
		}
	})
}

// TestTime holds that the time is the moment, in the offset of the location.
func TestTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, alice, bob := start(t)
		for _, zone := range []*time.Location{time.UTC, time.FixedZone("far west", -6*3600), time.FixedZone("", 5*3600+1800)} {
			remove := Answer(bob, &Options{Location: zone})
			now := time.Now()
			got, err := GetTime(t.Context(), alice, bob.JID())
			require.NoError(t, err)
			assert.True(t, now.Equal(got))
			_, want := now.In(zone).Zone()
			_, offset := got.Zone()
			assert.Equal(t, want, offset)
			assert.Equal(t, now.In(zone).Format(time.DateTime), got.Format(time.DateTime))
			remove()
		}
	})
}

// TestTwice holds that two Answers at a time are a mistake that is told.
func TestTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, alice, _ := start(t)
		Answer(alice, nil)
		assert.Panics(t, func() { Answer(alice, nil) })
	})
}
