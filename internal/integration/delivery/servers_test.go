package delivery

import (
	"context"
	"crypto/tls"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/integration/relay"
	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// patience bounds what takes seconds, in real time.
const patience = 6 * time.Minute

// A place is a server that clients reach over TCP.
type place struct {
	name    string
	addr    string
	domain  string
	account func(t *testing.T) (user, password string)
	tls     *tls.Config     // nil: in clear
	real    *servers.Server // nil: in process
	inside  *xmpptest.Server
}

// each runs f at every place: in process, and on the servers that are installed. own says that the test harms its server.
func each(t *testing.T, cfg servers.Config, own bool, f func(t *testing.T, p *place)) {
	t.Run("in-process", func(t *testing.T) { f(t, inside(t, cfg)) })
	for _, kind := range servers.Older(t) {
		t.Run(string(kind), func(t *testing.T) {
			cfg := configOf(kind, cfg)
			if own {
				f(t, outside(servers.Start(t, kind, cfg)))
			} else {
				f(t, outside(servers.Shared(t, kind, cfg)))
			}
		})
	}
}

// configOf is cfg as that kind of server can keep it. ejabberd 23.01 loses what it takes for somebody who is just logging in,
// out of its offline store (see doc.go): without that store it gives such messages back.
func configOf(kind servers.Kind, cfg servers.Config) servers.Config {
	cfg.NoOffline = kind == servers.Ejabberd
	return cfg
}

func outside(srv *servers.Server) *place {
	p := &place{
		name: string(srv.Kind), addr: srv.Addr, domain: servers.Domain, real: srv,
		account: func(t *testing.T) (string, string) { return srv.NewAccount(t) },
	}
	if srv.Config.HasTLS() {
		p.tls = &tls.Config{RootCAs: srv.CA}
	}
	return p
}

func inside(t *testing.T, cfg servers.Config) *place {
	o := &xmpptest.Options{Transcript: -1}
	if !cfg.HasTLS() {
		o.StartTLS, o.PlainInClear = xmpptest.Off, true
	}
	srv := xmpptest.NewServerWith(t, o)
	p := &place{name: "in-process", addr: srv.Addr(), domain: srv.Domain().String(), inside: srv}
	if cfg.HasTLS() {
		p.tls = &tls.Config{RootCAs: xmpptest.Roots()}
	}
	number := 0
	p.account = func(*testing.T) (string, string) {
		number++
		user := fmt.Sprintf("user%d", number)
		return user, srv.Password(user)
	}
	return p
}

// ledger is one for that server.
func (p *place) ledger() *ledger {
	l := newLedger()
	l.racy, l.bounces = p.name == string(servers.Ejabberd), p.real != nil && p.real.Config.NoOffline
	return l
}

// party makes a client with an account of its own, by way of addr.
func (p *place) party(t *testing.T, book *ledger, addr string) *party {
	user, password := p.account(t)
	o := &xmpp.Options{Password: password, Addr: addr, TLS: p.tls, AllowPlaintext: p.tls == nil, DeadAfter: 5 * time.Second}
	watched(t, user, o, book.observe(user))
	return newParty(user, jid.MustParse(user+"@"+p.domain+"/r"), o, book)
}

// parties makes some and starts them.
func (p *place) parties(t *testing.T, ctx context.Context, book *ledger, addr string, n int) (list []*party) {
	for range n {
		q := p.party(t, book, addr)
		q.hurry(ctx)
		q.start(t)
		list = append(list, q)
	}
	return list
}

// allTalk has all talk to all until enough is closed, and waits for their calls to return.
func allTalk(ctx context.Context, list []*party, window int, enough <-chan struct{}) (wait func()) {
	var talking sync.WaitGroup
	for _, p := range list {
		for _, q := range list {
			if p != q {
				p.talk(ctx, &talking, q, window, enough)
			}
		}
	}
	return talking.Wait
}

// settle waits for what is open. What is open after that, the judge says.
func settle(ctx context.Context, book *ledger, list []*party) {
	long := time.Minute
	if book.racy {
		long = 10 * time.Second // what the server has lost does not come
	}
	soon, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	book.settled(soon)
	for _, p := range list {
		p.ask(ctx) // what came twice, or came too late, has come then
	}
}

// TestCutsOnServers cuts connections over TCP and TLS at random bytes while all talk to all.
func TestCutsOnServers(t *testing.T) {
	cuts := 220 * *longFlag
	seed := seedOf()
	each(t, servers.Config{}, false, func(t *testing.T, p *place) {
		t.Parallel()
		cutting(t, p, seed, cuts)
	})
}

// TestHalfStanzas is the same in clear, where a cut leaves the server with half a stanza, which Prosody 0.12 and 13 take up
// again after a resumption: the stream can't go on then, and what was open has to be reported.
func TestHalfStanzas(t *testing.T) {
	seed := seedOf()
	each(t, servers.Config{TLS: servers.Plaintext}, false, func(t *testing.T, p *place) {
		t.Parallel()
		cutting(t, p, seed, 60**longFlag)
	})
}

// cutting has all talk to all through a relay until it has cut so many connections, and balances the ledger.
func cutting(t *testing.T, p *place, seed uint64, cuts int) {
	ctx := within(t, patience*time.Duration(*longFlag))
	faults := relay.RandomCuts(seed, 12000, 16000)
	enough := make(chan struct{})
	var once sync.Once
	r := relay.Start(t, p.addr, nil)
	r.Set(func(n int) relay.Faults {
		if r.Reached() >= cuts {
			once.Do(func() { close(enough) })
			return relay.Faults{}
		}
		return faults(n)
	})
	book := p.ledger()
	list := p.parties(t, ctx, book, r.Addr, 4)
	wait := allTalk(ctx, list, 12, enough)
	select {
	case <-enough:
	case <-ctx.Done():
		t.Errorf("seed %d: the cuts do not come to an end", seed)
	}
	r.Set(nil)
	wait()
	r.Cut() // what is still to be cut on the present connections
	settle(ctx, book, list)
	book.judge(nil).check(t, seed)
	t.Logf("%d connections, %d were cut at their byte", len(r.Conns()), r.Reached())
	assert.GreaterOrEqual(t, r.Reached(), cuts)
}

// TestServerKilled kills the server with -9 in traffic and starts it again, several times. What it had acknowledged and lost is
// its own and counted apart; nothing else may be.
func TestServerKilled(t *testing.T) {
	seed := seedOf()
	for _, kind := range servers.Older(t) {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			srv := servers.Start(t, kind, configOf(kind, servers.Config{}))
			p := outside(srv)
			ctx := within(t, patience*time.Duration(*longFlag))
			book := p.ledger()
			list := p.parties(t, ctx, book, p.addr, 3)
			for _, q := range list {
				q.lanes = []lane{{".1", deliver}, {".2", deliver}, {".3", deliver}} // whatever is accepted must be known to be acknowledged or not
			}
			enough := make(chan struct{})
			wait := allTalk(ctx, list, 12, enough)
			flow := func() {
				arrived := book.receipts()
				require.True(t, book.await(ctx, func() bool { return len(book.arrived) > arrived+300 }), "%s", book.judge(nil))
			}
			for range 3 * *longFlag {
				flow()
				require.NoError(t, srv.Kill())
				for _, q := range list {
					q.lost(ctx)
				}
				book.excuse() // what the dead server had acknowledged is known by now
				require.NoError(t, srv.Restart())
			}
			flow()
			close(enough)
			wait()
			settle(ctx, book, list)
			book.judge(func(e *entry) bool { return e.excused }).check(t, seed)
		})
	}
}
