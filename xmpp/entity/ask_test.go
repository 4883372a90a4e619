package entity

import (
	"context"
	"encoding/xml"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPing holds what is a sign of life, and of whom (XEP-0199 §4.2, §7).
func TestPing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, alice, bob := start(t)
		for _, to := range []jid.JID{{}, alice.JID().Bare(), srv.Domain(), bob.JID().Bare()} {
			rtt, err := Ping(t.Context(), alice, to)
			require.NoError(t, err, to)
			require.Zero(t, rtt, to)
		}
		srv.Delay(time.Second)
		rtt, err := Ping(t.Context(), alice, jid.JID{})
		require.NoError(t, err)
		assert.Equal(t, time.Second, rtt)
		srv.Delay(0)
		_, err = Ping(t.Context(), alice, bob.JID())
		require.ErrorIs(t, err, stanza.ServiceUnavailable, "from the full address of a client, it may come from the server")
		_, err = Ping(t.Context(), alice, jid.MustParse("nowhere.test"))
		require.ErrorIs(t, err, stanza.RemoteServerNotFound)
	})
}

// TestPingOfTheIgnorant holds that who does not know pings is alive all the same, where nobody else can have said so.
func TestPingOfTheIgnorant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, Without: []string{"ping"}})
		alice, bob := srv.Session(t, "alice", nil), srv.Session(t, "bob", nil)
		for _, to := range []jid.JID{{}, alice.JID().Bare(), srv.Domain()} {
			_, err := Ping(t.Context(), alice, to)
			require.NoError(t, err, to)
		}
		srv.ReplaceReply("alice", `<iq type='error' id='${id}' from='${to}' to='${from}'><error type='cancel'><feature-not-implemented xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`)
		_, err := Ping(t.Context(), alice, srv.Domain())
		require.NoError(t, err)
		srv.ReplaceReply("alice", `<iq type='error' id='${id}' from='${to}' to='${from}'><error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`)
		_, err = Ping(t.Context(), alice, srv.Domain())
		require.ErrorIs(t, err, stanza.ResourceConstraint)
		_, err = Ping(t.Context(), alice, bob.JID().Bare())
		require.ErrorIs(t, err, stanza.ServiceUnavailable, "an account that there is not is answered for in the same way")
	})
}

// TestPingOfAClient holds that the wait for a session is no round trip.
func TestPingOfAClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		c := xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
		ctx, stop := context.WithCancel(t.Context())
		run := make(chan error, 1)
		time.AfterFunc(time.Hour, func() { run <- c.Run(ctx) })
		rtt, err := Ping(t.Context(), c, srv.Domain())
		require.NoError(t, err)
		assert.Zero(t, rtt)
		stop()
		require.NoError(t, <-run)
		_, err = Ping(t.Context(), c, srv.Domain())
		require.Error(t, err)
	})
}

// TestServer holds what a server tells of itself, and of an account that is there, was there, or has never been there (XEP-0012 §3).
func TestServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, alice, bob := start(t)
		software, err := GetSoftware(t.Context(), alice, srv.Domain())
		require.NoError(t, err)
		assert.NotEmpty(t, software.Name)
		at, err := GetTime(t.Context(), alice, srv.Domain())
		require.NoError(t, err)
		assert.Equal(t, time.Now().UTC(), at)
		elapse(time.Hour)
		up, err := LastActivity(t.Context(), alice, srv.Domain())
		require.NoError(t, err)
		assert.Equal(t, Activity{Ago: time.Hour}, up)

		_, err = LastActivity(t.Context(), alice, bob.JID().Bare())
		require.ErrorIs(t, err, stanza.ServiceUnavailable)
		require.NoError(t, bob.Send(t.Context(), &stanza.Presence{}))
		synctest.Wait()
		a, err := LastActivity(t.Context(), alice, bob.JID().Bare())
		require.NoError(t, err)
		assert.Equal(t, Activity{}, a)
		require.NoError(t, bob.Send(t.Context(), &stanza.Presence{Type: stanza.Unavailable, Status: "Heading Home"}))
		elapse(903 * time.Second)
		a, err = LastActivity(t.Context(), alice, bob.JID().Bare())
		require.NoError(t, err)
		assert.Equal(t, Activity{903 * time.Second, "Heading Home"}, a)
		_, err = LastActivity(t.Context(), srv.Session(t, "mallory", nil), bob.JID().Bare())
		require.ErrorIs(t, err, stanza.Forbidden)
	})
}

// TestActivities holds what is read of an answer.
func TestActivities(t *testing.T) {
	for raw, want := range map[string]Activity{
		`<query xmlns='jabber:iq:last' seconds='0'/>`:                                {},
		`<query xmlns='jabber:iq:last' seconds=' 903 '>Heading Home</query>`:         {903 * time.Second, "Heading Home"},
		`<query xmlns='jabber:iq:last' seconds='9223372036'/>`:                       {Ago: 9223372036 * time.Second},
		`<query xmlns='jabber:iq:last' seconds='18446744073709551615'/>`:             {Ago: math.MaxInt64 / time.Second * time.Second},
		`<query xmlns='jabber:iq:last' seconds='99999999999999999999999999999999'/>`: {Ago: math.MaxInt64 / time.Second * time.Second},
	} {
		var q lastQuery
		require.NoError(t, xml.Unmarshal([]byte(raw), &q), raw)
		got, err := q.activity()
		assert.NoError(t, err, raw)
		assert.Equal(t, want, got, raw)
	}
	for _, seconds := range []string{"", "-1", "1.5", "one"} {
		_, err := lastQuery{Seconds: seconds}.activity()
		assert.Error(t, err, seconds)
	}
	assert.Equal(t, "0", sinceThen(time.Now().Add(time.Hour)).Seconds, "a time to come is now")
}

// TestClocks holds what is read of an answer.
func TestClocks(t *testing.T) {
	moment := time.Date(2006, 12, 19, 17, 58, 35, 0, time.UTC)
	for _, c := range []struct {
		clock  clock
		offset int
	}{
		{clock{Offset: "-06:00", UTC: "2006-12-19T17:58:35Z"}, -6 * 3600},
		{clock{Offset: " +05:30\n", UTC: "2006-12-19T17:58:35Z"}, 5*3600 + 1800},
		{clock{Offset: "Z", UTC: "2006-12-19T17:58:35.000Z"}, 0},
		{clock{Offset: "+00:00", UTC: "2006-12-19T17:58:35Z"}, 0},
		{clock{Offset: "+14:00", UTC: "2006-12-19T18:58:35+01:00"}, 14 * 3600}, // in another zone: a mistake that harms nobody
	} {
		got, err := c.clock.time()
		require.NoError(t, err)
		assert.True(t, moment.Equal(got), c.clock)
		_, offset := got.Zone()
		assert.Equal(t, c.offset, offset, c.clock)
	}
	for _, c := range []clock{{}, {UTC: "2006-12-19T17:58:35Z"}, {Offset: "Z"}, {Offset: "6", UTC: "2006-12-19T17:58:35Z"}, {Offset: "-06:00", UTC: "20061219T17:58:35"}, {Offset: "+99:00", UTC: "2006-12-19T17:58:35Z"}} {
		_, err := c.time()
		assert.Error(t, err, c)
	}
}

// TestOddAnswers holds that an answer that says nothing is an error, not a zero.
func TestOddAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, alice, _ := start(t)
		for feature, ask := range all {
			if feature == "urn:xmpp:ping" {
				continue
			}
			for _, payload := range []string{"", "<x xmlns='urn:x'/>"} {
				srv.ReplaceReply("alice", "<iq type='result' id='${id}' from='${to}' to='${from}'>"+payload+"</iq>")
				require.Error(t, ask(t.Context(), alice, srv.Domain()), feature+payload)
			}
		}
	})
}
