package delivery

import (
	"context"
	"encoding/xml"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

// A party is a client that writes down what it sends and receives.
type party struct {
	*xmpp.Client
	name   string
	addr   jid.JID
	book   *ledger
	pause  time.Duration // before it goes on in a new session, a 30th of it after each window; 0: it sends as fast as it can
	lanes  []lane
	linger func() // called in the handler before it returns; nil: it returns at once

	got      func(k key, r receipt) // in the place of the ledger
	returned func(k key)
	bounced  func(k key)

	epoch atomic.Int64 // how many sessions were begun

	mu       sync.Mutex // protects what follows
	sessions map[*xmpp.Session]int

	stop  context.CancelFunc
	ended chan error // of Run
}

// A lane is one of the ways in which a party sends to another.
type lane struct {
	suffix string
	say    func(p *party, ctx context.Context, k key, to jid.JID)
}

func send(p *party, ctx context.Context, k key, to jid.JID)    { p.send(ctx, k, to) }
func deliver(p *party, ctx context.Context, k key, to jid.JID) { p.deliver(ctx, k, to) }

// newParty completes the options with where to report what comes back.
func newParty(name string, addr jid.JID, o *xmpp.Options, book *ledger) *party {
	p := &party{name: name, addr: addr, book: book, sessions: make(map[*xmpp.Session]int), ended: make(chan error, 1), lanes: []lane{{"", send}, {".deliver", deliver}}}
	p.got, p.returned, p.bounced = book.received, book.undelivered, book.bounced
	o.Undelivered = func(st stanza.Stanza, _ error) {
		if k, ok := keyOf(st); ok {
			p.returned(k)
		}
	}
	p.Client = xmpp.NewClient(addr, o)
	p.Online = func(ctx context.Context, s *xmpp.Session) error {
		p.epoch.Add(1)
		return s.Send(ctx, &stanza.Presence{})
	}
	xmpp.OnMessage(p, p.receive, stanza.Chat)
	xmpp.OnMessage(p, func(_ context.Context, m *stanza.Message) error {
		if k, ok := keyOf(m); ok {
			p.bounced(k)
		}
		return nil
	}, stanza.MessageError)
	return p
}

// keyOf returns which of our messages st is.
func keyOf(st stanza.Stanza) (key, bool) {
	m, ok := st.(*stanza.Message)
	if !ok {
		return key{}, false
	}
	return parseKey(m.ID)
}

// receive writes down what was handed over.
func (p *party) receive(ctx context.Context, m *stanza.Message) error {
	if k, ok := keyOf(m); ok {
		p.got(k, p.receipt(ctx, m))
	}
	if p.linger != nil {
		p.linger()
	}
	return nil
}

func (p *party) receipt(ctx context.Context, m *stanza.Message) receipt {
	r := receipt{session: p.session(xmpp.SessionFrom(ctx)), again: xmpp.Redelivered(ctx)}
	for _, e := range m.Payloads {
		r.delayed = r.delayed || e.Name() == xml.Name{Space: ns.Delay, Local: "delay"}
	}
	return r
}

// session is a name for s.
func (p *party) session(s *xmpp.Session) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, ok := p.sessions[s]
	if !ok {
		n = len(p.sessions) + 1
		p.sessions[s] = n
	}
	return fmt.Sprintf("%s/%d", p.name, n)
}

// start runs the client until the end of the test, or until it's stopped.
func (p *party) start(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	p.stop = cancel
	go func() { p.ended <- p.Run(ctx) }()
	t.Cleanup(func() { p.leave(t) })
}

// leave ends the client in order.
func (p *party) leave(t *testing.T) {
	if p.stop != nil {
		p.stop()
		p.stop = nil
		require.NoError(t, <-p.ended, "%s: Run", p.name)
	}
}

// now is the name of the session that the party is in.
func (p *party) now() string { return fmt.Sprint(p.name, p.epoch.Load()) }

// message is number k to the party q.
func message(k key, to jid.JID) *stanza.Message {
	return &stanza.Message{ID: k.id(), To: to.Bare(), Type: stanza.Chat, Body: k.id()}
}

// send sends one message and writes down what comes of it.
func (p *party) send(ctx context.Context, k key, to jid.JID) {
	before := p.now()
	p.book.try(k, before)
	err := p.Send(ctx, message(k, to))
	p.book.said(k, accepted, err, p.now())
}

// deliver is send that waits for the server's word.
func (p *party) deliver(ctx context.Context, k key, to jid.JID) {
	before := p.now()
	p.book.try(k, before)
	err := p.Deliver(ctx, message(k, to))
	p.book.said(k, delivered, err, p.now())
}

// talk sends to q, in each of its lanes, until enough is closed. At most window messages of a lane
// are on their way.
func (p *party) talk(ctx context.Context, wg *sync.WaitGroup, q *party, window int, enough <-chan struct{}) {
	for _, way := range p.lanes {
		lane := p.name + ">" + q.name + way.suffix
		wg.Go(func() {
			epoch := p.now()
			for n := 1; p.book.room(ctx, lane, window); n++ {
				pause := time.Duration(0)
				if n%window == 0 {
					pause = p.pause / 30
				}
				if now := p.now(); now != epoch {
					epoch, pause = now, p.pause
				}
				if ended(enough, pause) {
					return
				}
				way.say(p, ctx, key{lane, n}, q.addr)
			}
		})
	}
}

// ended reports whether enough is closed, or is within d.
func ended(enough <-chan struct{}, d time.Duration) bool {
	if d == 0 {
		select {
		case <-enough:
			return true
		default:
			return false
		}
	}
	select {
	case <-enough:
		return true
	case <-time.After(d):
		return false
	}
}

type ping struct {
	XMLName xml.Name `xml:"urn:xmpp:ping ping"`
}

// ask asks the server for a sign of life: what it said before, has arrived then. An error is an answer, too, but not that
// of a session that has ended.
func (p *party) ask(ctx context.Context) {
	for ctx.Err() == nil {
		reply, err := p.Do(ctx, &stanza.IQ{Type: stanza.Get, To: p.addr.Domain(), Payload: stanza.Payload(ping{})})
		if err == nil || reply != nil {
			return
		}
	}
}

// whenever calls f with each state of the client until ctx is done.
func (p *party) whenever(ctx context.Context, f func(st xmpp.State)) {
	states := p.State(ctx)
	go func() {
		for st := range states {
			f(st)
		}
	}()
}

// lost waits until the client has found out that it's not online.
func (p *party) lost(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for st := range p.State(ctx) {
		if st.Kind == xmpp.Suspended || st.Kind == xmpp.Offline {
			return
		}
	}
}

// hurry makes the client's next attempts at once, where waiting costs real time.
func (p *party) hurry(ctx context.Context) {
	p.whenever(ctx, func(st xmpp.State) {
		if st.Retry > 0 {
			p.Wake()
		}
	})
}

// within is a context for what has to happen before the test is given up.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}
