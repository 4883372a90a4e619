package delivery

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
)

// A world is an in-process server in a bubble, a network that fails, and clients that talk to each other.
type world struct {
	srv     *xmpptest.Server
	net     *network
	book    *ledger
	parties []*party
	rest    chan struct{} // closed when handlers are to be quick
}

// names are those of the clients, each with an account of its own.
var names = []string{"alice", "bob", "carol", "dave"}

// quietly are the options of a server without TLS, which would cost more than all the rest.
func quietly(sm xmpptest.SM) *xmpptest.Options {
	return &xmpptest.Options{InMemory: true, StartTLS: xmpptest.Off, PlainInClear: true, Mechanisms: []string{"SCRAM-SHA-1"}, Transcript: -1, SM: sm}
}

// newWorld must be called in a bubble. edit, which may be nil, has the last word on a client's options.
func newWorld(t *testing.T, o *xmpptest.Options, target int, p plan, edit func(o *xmpp.Options)) *world {
	o.SM.Ledger = 1 << 22
	w := &world{srv: xmpptest.NewServerWith(t, o), book: newLedger(), rest: make(chan struct{})}
	w.book.strict = true
	w.net = newNetwork(w.srv, target, p)
	for _, name := range names {
		co := w.srv.Options(name)
		co.Dial, co.AllowPlaintext, co.DeadAfter = w.net.dialer(name), true, 5*time.Second
		if edit != nil {
			edit(co)
		}
		p := newParty(name, w.srv.JID(name+"/r"), co, w.book)
		p.pause = 20 * time.Second // or no time at all would pass on a connection of which one direction has fallen silent
		w.parties = append(w.parties, p)
	}
	return w
}

// run has all talk to all until as many faults have happened as the network was told, and balances the ledger.
func (w *world) run(t *testing.T, seed uint64, window int) *verdict {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	for _, p := range w.parties {
		p.start(t)
		p.whenever(ctx, func(st xmpp.State) {
			if st.Kind == xmpp.Resumed || st.Kind == xmpp.Online {
				w.net.release(p.name)
			}
		})
	}
	var talking sync.WaitGroup
	for _, p := range w.parties {
		for _, q := range w.parties {
			if p != q {
				p.talk(ctx, &talking, q, window, w.net.enough)
			}
		}
	}
	select {
	case <-w.net.enough:
	case <-w.stuck(ctx):
		t.Errorf("seed %d: after %d faults, no connection comes to its next one", seed, w.net.faults())
	}
	stop()
	close(w.rest)
	w.net.settle()
	talking.Wait()
	return w.balance(t, seed)
}

// stuck is closed when nothing has gone wrong for long: then something is lost, and the senders wait for it.
func (w *world) stuck(ctx context.Context) <-chan struct{} {
	out := make(chan struct{})
	go func() {
		tick := time.NewTicker(10 * time.Minute)
		defer tick.Stop()
		for before := -1; before != w.net.faults(); {
			before = w.net.faults()
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
		close(out)
	}()
	return out
}

// balance waits until everything has come to rest and judges.
func (w *world) balance(t *testing.T, seed uint64) *verdict {
	ctx := within(t, 3*time.Hour)
	w.book.settled(ctx) // if it is not, the judge says what is open
	for range 2 {
		for _, p := range w.parties {
			p.ask(ctx)
		}
		synctest.Wait()
	}
	v := w.book.judge(nil)
	w.account(v)
	v.check(t, seed)
	if t.Failed() {
		for _, m := range w.srv.Managed("") {
			t.Logf("%v: %d waiting offline; stream: in %d, sent %d, acked %d, suspended %v", m.JID, len(w.srv.Offline(m.JID.Localpart())), m.In, m.Sent, m.Acked, m.Suspended)
		}
	}
	return v
}

// account compares with what the server has written down: it took nothing twice, and what is called acknowledged it took.
func (w *world) account(v *verdict) {
	taken := make(map[string]int)
	for _, name := range names {
		for _, h := range w.srv.Handled(name) {
			if strings.Contains(h.ID, "#") {
				taken[h.ID]++
			}
		}
	}
	w.book.mu.Lock()
	defer w.book.mu.Unlock()
	for _, e := range w.book.order {
		switch n := taken[e.id()]; {
		case n > 1:
			v.silentlyTwice = append(v.silentlyTwice, fmt.Sprintf("%v, taken %d times by the server", e, n))
		case n == 0 && e.fate == delivered:
			v.falselyAcked = append(v.falselyAcked, e.String()+", never taken by the server")
		}
	}
}

// habits are the ways of a server, chosen by the seed.
func habits(r *rand.Rand) xmpptest.SM {
	sm := xmpptest.SM{RequestEvery: []int{1, 5, 50, -1}[r.IntN(4)], NoDelay: r.IntN(2) == 0}
	if r.IntN(3) == 0 {
		sm.Max = time.Duration(1+r.IntN(4)) * time.Second // a back-off outlasts it now and then
	}
	return sm
}

// TestRandomCuts is the heart of the proof: four clients that all talk to each other, each of whose connections is cut
// or falls silent at a random byte, until 10,000 of them were cut in all.
func TestRandomCuts(t *testing.T) {
	const worlds, faults = 12, 1060
	first := seedOf()
	var mu sync.Mutex
	happened, played := make(map[string]int), 0
	t.Cleanup(func() {
		t.Logf("faults in all: %v", happened)
		if played == worlds**longFlag && !t.Failed() { // all of them, not some by -run
			assert.GreaterOrEqual(t, happened[cut], 10000)
		}
	})
	for i := range worlds * *longFlag {
		if *seedFlag != 0 && i > 0 {
			break
		}
		seed := first + uint64(i)
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := randomWorld(t, seed, faults)
				w.run(t, seed, 12)
				t.Logf("faults: %v; %+v", w.net.happened, w.srv.Stats())
				mu.Lock()
				defer mu.Unlock()
				played++
				for kind, n := range w.net.happened {
					happened[kind] += n
				}
			})
		})
	}
}

// randomWorld is the world of a seed.
func randomWorld(t *testing.T, seed uint64, faults int) *world {
	r := random(seed, "world", 0)
	w := newWorld(t, quietly(habits(r)), faults, randomPlan(seed), nil)
	w.srv.FaultSM(xmpptest.SMFaults{HalfStanza: r.IntN(3) == 0})
	if r.IntN(3) == 0 {
		w.net.dial = w.forgetful(seed)
	}
	if r.IntN(2) == 0 {
		for _, p := range w.parties {
			p.linger = lingering(seed, p.name, w.rest)
		}
	}
	return w
}

// forgetful has the server forget, now and then, the stream that a client is about to resume.
func (w *world) forgetful(seed uint64) func(client string, n int) {
	return func(client string, n int) {
		switch random(seed, client+" forgotten", n).IntN(8) {
		case 0:
			w.srv.ExpireSuspended(client)
		case 1:
			w.srv.ForgetSuspended(client)
		}
	}
}

// lingering makes handlers slow now and then, so that connections are lost while one is at work.
func lingering(seed uint64, name string, rest <-chan struct{}) func() {
	n := 0
	return func() {
		n++
		if r := random(seed, name+" lingers", n); r.IntN(50) == 0 {
			select {
			case <-time.After(time.Duration(r.IntN(3000)) * time.Millisecond):
			case <-rest:
			}
		}
	}
}
