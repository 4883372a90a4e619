package integration

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/integration/relay"
	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// through is the place as it is reached through a relay.
func (p *place) through(t *testing.T, direct bool, s relay.Schedule) (*place, *relay.Relay) {
	t.Helper()
	target := p.addr
	if direct {
		target = p.direct
	}
	r := relay.Start(t, target, s)
	q := *p
	q.addr, q.direct = r.Addr, r.Addr
	return &q, r
}

// TestNetworkOfSmallPieces talks over a network that delivers byte by byte. What Prosody 13 gets stays whole: it runs on an Expat
// (2.6 or later) that may leave a tag which came in pieces until twice as much has come, and so a header unanswered for ever.
func TestNetworkOfSmallPieces(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		for _, direct := range []bool{false, true} {
			faults := relay.Faults{Up: relay.Lane{Chunk: 1}, Down: relay.Lane{Chunk: 1}}
			if p.name == string(servers.Prosody13) {
				faults.Up = relay.Lane{}
			}
			q, _ := p.through(t, direct, relay.Always(faults))
			user, password := p.account(t)
			s := q.login(t, q.jid(user), q.over(q.options(password), direct, 0))
			inbox := s.Messages(t.Context())
			body := string(bytes.Repeat([]byte("é🙂<&>"), 500))
			require.NoError(t, s.Send(within(t), &stanza.Message{To: s.JID(), Type: stanza.Chat, Body: body}))
			assert.Equal(t, body, next(t, inbox).Body)
		}
	})
}

// TestLoginCutAnywhere cuts logins at random places: each ends soon, with an error that says at which step.
func TestLoginCutAnywhere(t *testing.T) {
	const cuts = 40
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		user, password := p.account(t)
		q, r := p.through(t, false, nil)
		require.NoError(t, q.login(t, q.jid(user), q.options(password)).Close())
		whole := r.Conns()[0]
		t.Logf("a login takes %d bytes up, %d down, %d flights", whole.Up, whole.Down, whole.Flights)
		// A little short of the whole: the last bytes are those of the close.
		r.Set(relay.RandomCuts(seed, whole.Up-100, whole.Down-100))
		steps := map[xmpp.Step]int{}
		for range cuts {
			s, err := xmpp.Dial(within(t), q.jid(user), q.options(password))
			if err == nil { // the cut fell behind what the login needs
				assert.NoError(t, orLost(s.Close()))
				steps["none"]++
				continue
			}
			var dial *xmpp.DialError
			require.ErrorAs(t, err, &dial)
			assert.NotContains(t, err.Error(), password)
			steps[dial.Step]++
		}
		t.Logf("steps that failed: %v", steps)
		assert.NoError(t, ping(t, p.login(t, p.jid(user), p.options(password)), p), "the account is none the worse")
	})
}

// orLost forgives a session that it was lost while it was closed.
func orLost(err error) error {
	if errors.Is(err, xmpp.ErrClosed) {
		return err
	}
	return nil
}

// TestStallIsNoticed lets the network fall silent in both directions, at a place of its choice in a session.
func TestStallIsNoticed(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		q, r := p.through(t, false, nil)
		user, password := p.account(t)
		o := q.options(password)
		o.Keepalive, o.DeadAfter = 300*time.Millisecond, 500*time.Millisecond
		s := q.login(t, q.jid(user), o)
		require.NoError(t, ping(t, s, p))
		r.Stall()
		assert.ErrorIs(t, ended(t, s), xmpp.ErrPeerSilent)
	})
}

// TestNothingInClear listens on the way: until TLS begins, a client says the header of its stream and <starttls/>, no more.
func TestNothingInClear(t *testing.T) {
	t.Attr("conformance", "6120-5.4.3.1-8 6120-5.2-3")
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		var mu sync.Mutex
		var up []byte
		q, _ := p.through(t, false, relay.Always(relay.Faults{Tap: func(d relay.Direction, b []byte) {
			if d == relay.Up {
				mu.Lock()
				defer mu.Unlock()
				up = append(up, b...)
			}
		}}))
		user, password := p.account(t)
		require.NoError(t, q.login(t, q.jid(user), q.options(password)).Close())
		mu.Lock()
		defer mu.Unlock()
		hello := bytes.Index(up, []byte{0x16, 3, 1}) // the record of a ClientHello, RFC 8446 §5.1
		require.Positive(t, hello)
		inClear := string(up[:hello])
		assert.Contains(t, inClear, "<starttls")
		assert.NotContains(t, inClear, "<auth")
		assert.NotContains(t, inClear, user, "nor who is coming: the from of the header waits for TLS (RFC 6120 §4.7.1)")
		for _, secret := range []string{"SCRAM", "stream:stream", user + "@"} {
			assert.False(t, bytes.Contains(up[hello:], []byte(secret)), "%s is in clear", secret)
		}
	})
}
