package integration

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/component"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// component returns the component that the server of p is configured for, and options for it. There is one: tests take it in turn.
func (p *place) component() (domain jid.JID, o *xmpp.Options) {
	domain = jid.MustParse(servers.GatewayDomain)
	if p.real == nil {
		return domain, p.inside.ComponentOptions(servers.GatewayDomain)
	}
	return domain, &xmpp.Options{Addr: p.real.AddrComponent, Password: servers.GatewaySecret}
}

// gateway connects as the component of p until the test ends.
func (p *place) gateway(t *testing.T) *xmpp.Session {
	t.Helper()
	domain, o := p.component()
	s, err := component.Dial(within(t), domain, o)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

// TestComponentTalks: a component is spoken to at any address of its domain, and speaks as any.
func TestComponentTalks(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		part, alice := p.gateway(t), p.session(t)
		assert.Equal(t, servers.GatewayDomain, part.JID().String())
		xmpp.OnGet(part, func(_ context.Context, iq *stanza.IQ, _ Version) (any, error) {
			return Version{Name: iq.To.Localpart()}, nil
		})
		xmpp.OnGet(alice, func(_ context.Context, iq *stanza.IQ, _ Version) (any, error) {
			return Version{Name: iq.From.Localpart()}, nil
		})
		spoken, heard := part.Messages(t.Context()), alice.Messages(t.Context())
		for _, who := range []jid.JID{part.JID(), at("bridge"), at("bridge/room")} {
			require.NoError(t, alice.Send(within(t), &stanza.Message{Type: stanza.Chat, To: who, Body: "hello"}))
			m := next(t, spoken)
			assert.Equal(t, who, m.To)
			assert.Equal(t, alice.JID(), m.From)
			answer := m.Reply("hello yourself")
			answer.From = m.To
			require.NoError(t, part.Send(within(t), answer))
			assert.Equal(t, who, next(t, heard).From)

			v, err := xmpp.Get[Version](within(t), alice, who, Version{})
			require.NoError(t, err)
			assert.Equal(t, who.Localpart(), v.Name)
			reply, err := part.Do(within(t), &stanza.IQ{Type: stanza.Get, From: who, To: alice.JID(), Payload: stanza.Payload(Version{})})
			require.NoError(t, err)
			require.NoError(t, reply.Payload.Decode(&v))
			assert.Equal(t, who.Localpart(), v.Name)
		}
		_, err := xmpp.Get[stanza.Element](within(t), alice, part.JID(), stanza.Element{})
		require.Error(t, err)
	})
}

func at(local string) jid.JID {
	user, resource, _ := strings.Cut(local, "/")
	j, err := jid.New(user, servers.GatewayDomain, resource)
	if err != nil {
		panic(err)
	}
	return j
}

// TestComponentIsRefused: what a server turns away, and says why.
func TestComponentIsRefused(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		refused := func(change func(domain *jid.JID, o *xmpp.Options)) error {
			domain, o := p.component()
			change(&domain, o)
			_, err := component.Dial(within(t), domain, o)
			var dial *xmpp.DialError
			require.ErrorAs(t, err, &dial)
			t.Log(err)
			return err
		}
		err := refused(func(_ *jid.JID, o *xmpp.Options) { o.Password = "guess" })
		assert.ErrorIs(t, err, xmpp.NotAuthorized)
		assert.ErrorContains(t, err, "Options.Password")
		err = refused(func(domain *jid.JID, _ *xmpp.Options) { *domain = jid.MustParse("other." + servers.GatewayDomain) })
		if strings.HasPrefix(p.name, "ejabberd") {
			assert.ErrorIs(t, err, xmpp.NotAuthorized)
			assert.ErrorContains(t, err, "has no such component")
		} else {
			assert.ErrorIs(t, err, xmpp.HostUnknown)
			assert.ErrorContains(t, err, "has no component")
		}
		// Each server has its own word for a component at the port for clients.
		err = refused(func(_ *jid.JID, o *xmpp.Options) { o.Addr = p.addr })
		if p.real != nil {
			assert.ErrorContains(t, err, "for components")
		}
		first := p.gateway(t)
		if strings.HasPrefix(p.name, "ejabberd") { // which lets several share a domain
			return
		}
		err = refused(func(*jid.JID, *xmpp.Options) {})
		assert.ErrorIs(t, err, xmpp.Conflict)
		assert.ErrorContains(t, err, "connected already")
		assert.NoError(t, first.Err())
	})
}

// TestComponentSignOfLife: a server brings back what a component sends to its own domain, so that a silent one is noticed and
// one that has nothing to say is not.
func TestComponentSignOfLife(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		domain, o := p.component()
		o.Keepalive, o.DeadAfter = 50*time.Millisecond, 20*time.Second
		var pings, back, answers atomic.Int32
		o.Trace = &xmpp.Trace{
			Sent: func(b []byte) {
				pings.Add(int32(strings.Count(string(b), "urn:xmpp:ping")))
				answers.Add(int32(strings.Count(string(b), "result") + strings.Count(string(b), "error")))
			},
			Received: func(b []byte) { back.Add(int32(strings.Count(string(b), "urn:xmpp:ping"))) },
		}
		s, err := component.Dial(within(t), domain, o)
		require.NoError(t, err)
		require.Eventually(t, func() bool { return back.Load() >= 5 }, patience, 10*time.Millisecond)
		require.NoError(t, s.Close())
		require.NoError(t, ended(t, s))
		assert.LessOrEqual(t, back.Load(), pings.Load())
		assert.Zero(t, answers.Load(), "what comes back is no question")
	})
}

// TestComponentFrozen: promise 1 and SECURITY S20 for a component.
func TestComponentFrozen(t *testing.T) {
	eachOwn(t, servers.Config{}, func(t *testing.T, p *place) {
		domain, o := p.component()
		o.Keepalive, o.DeadAfter = time.Second, time.Second
		s, err := component.Dial(within(t), domain, o)
		require.NoError(t, err)
		p.freeze(t)
		_, err = s.Do(within(t), &stanza.IQ{Type: stanza.Get, To: jid.MustParse(p.domain), Payload: stanza.Payload(Version{})})
		require.ErrorIs(t, err, xmpp.ErrPeerSilent)
		require.ErrorIs(t, ended(t, s), xmpp.ErrPeerSilent)
		p.thaw(t)
	})
}

// TestComponentComesBack: a component client is there again after its server was.
func TestComponentComesBack(t *testing.T) {
	eachOwn(t, servers.Config{}, func(t *testing.T, p *place) {
		domain, o := p.component()
		c := component.NewClient(domain, o)
		xmpp.OnGet(c, func(context.Context, *stanza.IQ, Version) (any, error) { return Version{Name: "back"}, nil })
		bot := keep(t, c)
		next(t, bot.online)
		p.kill(t)
		p.restart(t)
		next(t, bot.online)
		v, err := xmpp.Get[Version](within(t), p.session(t), at("anybody"), Version{})
		require.NoError(t, err)
		assert.Equal(t, "back", v.Name)
		bot.end(t)
	})
}

// TestComponentFlood: what comes fast comes in order and whole.
func TestComponentFlood(t *testing.T) {
	each(t, servers.Config{}, func(t *testing.T, p *place) {
		part, alice := p.gateway(t), p.session(t)
		inbox := alice.Messages(t.Context())
		xmpp.OnMessage(part, func(ctx context.Context, m *stanza.Message) error {
			answer := m.Reply(m.Body)
			answer.From = m.To
			return part.Send(ctx, answer)
		})
		const messages = 300
		go func() {
			for i := range messages {
				_ = alice.Send(within(t), &stanza.Message{Type: stanza.Chat, To: at("echo"), Body: fmt.Sprint(i)}) // counted below
			}
		}()
		for i := range messages {
			require.Equal(t, fmt.Sprint(i), next(t, inbox).Body)
		}
	})
}
