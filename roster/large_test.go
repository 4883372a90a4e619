package roster_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// serveLarge has srv answer alice's next request with a roster of n contacts.
func serveLarge(srv *xmpptest.Server, n int) {
	var b strings.Builder
	b.WriteString("<iq type='result' id='${id}'><query xmlns='jabber:iq:roster' ver='large'>")
	for i := range n {
		fmt.Fprintf(&b, "<item jid='contact-%d@example.net' name='Contact %d' subscription='both'><group>group %d</group></item>", i, i, i%10)
	}
	b.WriteString("</query></iq>")
	srv.ReplaceReply("alice", b.String())
}

// TestLargeRosterOnTheWire holds that 100,000 contacts come over the wire with the limits of nil Options, that the roster then
// works, and what it says where the limit was set too low.
func TestLargeRosterOnTheWire(t *testing.T) {
	const n = 100_000
	srv := xmpptest.NewServer(t)
	s := srv.Session(t, "alice", nil)
	serveLarge(srv, n)
	r := open(t, s)
	assert.Equal(t, n, r.Len())
	it, ok := r.Get(jid.MustParse(fmt.Sprintf("contact-%d@example.net", n-1)))
	assert.True(t, ok)
	assert.Equal(t, []string{"group 9"}, it.Groups)
	require.NoError(t, r.Set(soon(t), roster.Item{JID: srv.JID("bob")}))
	assert.Equal(t, n+1, r.Len())

	o := srv.Options("alice")
	o.Limits = xmpp.Limits{AnswerBytes: 5 << 20}
	s = srv.Session(t, "alice", o)
	serveLarge(srv, n)
	_, err := roster.Open(soon(t), s)
	assert.ErrorIs(t, err, xmpp.PolicyViolation)
	assert.ErrorContains(t, err, "Limits.AnswerBytes", "what to set")
}

// TestOtherEndsOfAFetch holds that AnswerBytes is not spoken of where it's not to blame.
func TestOtherEndsOfAFetch(t *testing.T) {
	srv := xmpptest.NewServer(t)
	for _, end := range []string{"policy-violation", "reset", ""} {
		s := srv.Session(t, "alice", nil)
		remove := srv.Intercept(func(jid.JID, string) bool { srv.CloseStream("alice", end); return true })
		_, err := roster.Open(soon(t), s)
		remove()
		assert.ErrorContains(t, err, "roster: fetch:")
		assert.NotContains(t, err.Error(), "AnswerBytes")
	}
	s := srv.Session(t, "alice", nil)
	srv.ReplaceReply("alice", "<iq type='result' id='${id}'><<")
	_, err := roster.Open(soon(t), s)
	assert.ErrorIs(t, err, xmpp.NotWellFormed)
	assert.NotContains(t, err.Error(), "AnswerBytes")
}

// BenchmarkOpen opens a roster over a connection: what is reported per contact must not grow with it.
func BenchmarkOpen(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			srv := xmpptest.NewServer(b)
			s := srv.Session(b, "alice", nil)
			b.ReportAllocs()
			for b.Loop() {
				serveLarge(srv, n)
				r, err := roster.Open(b.Context(), s)
				require.NoError(b, err)
				require.Equal(b, n, r.Len())
				r.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/contact")
		})
	}
}
