package delivery

import (
	"context"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"slices"
	"sync"

	"github.com/canto-im/canto/xmpp/xmpptest"
)

// A plan gives the fault of the n-th connection (from 0) of a client.
type plan func(client string, n int) fault

// A network connects clients to the server of a bubble, and fails as planned.
type network struct {
	srv  *xmpptest.Server
	plan plan
	dial func(client string, n int) // told of each connection before it's made; nil: nobody is

	mu       sync.Mutex // protects what follows
	conns    map[string]int
	last     map[string]*path   // of each client
	held     map[string][]*path // the late ones of each client
	mute     []*path            // that fell silent
	happened map[string]int     // faults by kind
	total    int
	calm     bool
	enough   chan struct{} // closed when total reaches target
	target   int
}

func newNetwork(srv *xmpptest.Server, target int, p plan) *network {
	return &network{
		srv: srv, plan: p, target: target, enough: make(chan struct{}), conns: make(map[string]int), last: make(map[string]*path),
		held: make(map[string][]*path), happened: make(map[string]int),
	}
}

// dialer is xmpp.Options.Dial of a client.
func (n *network) dialer(client string) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		p, number := n.next(client)
		if n.dial != nil {
			n.dial(client, number)
		}
		n.srv.Serve(p.server())
		return p.client(), nil
	}
}

// next makes a client's next path.
func (n *network) next(client string) (*path, int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	number := n.conns[client]
	n.conns[client]++
	var f fault
	if !n.calm {
		f = n.plan(client, number)
	}
	var p *path
	p = newPath(f, func(kind string) { n.told(client, p, kind) })
	n.last[client] = p
	n.mute = slices.DeleteFunc(n.mute, (*path).bury)
	return p, number
}

// told is told of a fault.
func (n *network) told(client string, p *path, kind string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.happened[kind]++
	n.total++
	if n.total == n.target {
		close(n.enough)
	}
	if kind != cut {
		n.mute = append(n.mute, p)
	}
	if kind == late {
		n.held[client] = append(n.held[client], p)
	}
}

// hold lets nothing arrive any more on a client's connection.
func (n *network) hold(client string) { n.lastOf(client).hold() }

// drop cuts a client's connection now: what is under way is lost.
func (n *network) drop(client string) {
	n.lastOf(client).sever()
}

func (n *network) lastOf(client string) *path {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.last[client]
}

// faults is how many have happened.
func (n *network) faults() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.total
}

// release lets arrive what a client's older connections hold up.
func (n *network) release(client string) {
	n.mu.Lock()
	held := n.held[client]
	delete(n.held, client)
	n.mu.Unlock()
	for _, p := range held {
		p.release()
	}
}

// settle ends the faults: connections from now on have none, and one at most is still to come on each present one.
func (n *network) settle() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.calm = true
}

// randomPlan is the plan of a seed.
func randomPlan(seed uint64) plan {
	return func(client string, n int) fault {
		r := random(seed, client, n)
		f := fault{kind: cut, down: r.IntN(2) == 0, after: 1 + r.Int64N(6000), keep: r.IntN(600)}
		switch r.IntN(16) {
		case 0:
			f.kind = silent
		case 1, 2:
			f.kind = late
		}
		// What a TCP sends stops soon when nothing arrives of its peer's acknowledgements, so only the way down can die alone.
		f.both = r.IntN(2) == 0 || !f.down
		return f
	}
}

// random is a source of its own for the n-th connection of a client.
func random(seed uint64, client string, n int) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(client))
	return rand.New(rand.NewPCG(seed, h.Sum64()+uint64(n)))
}
