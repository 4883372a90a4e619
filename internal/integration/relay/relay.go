package relay

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A Relay carries connections from its address to another. Its methods may be called from any goroutine.
type Relay struct {
	Addr   string // host:port to dial instead of the target's
	target string

	running sync.WaitGroup // the acceptor and the lanes
	reached atomic.Int64   // see Reached

	mu       sync.Mutex   // protects what follows
	listener net.Listener // nil while new connections are refused, and once closed
	schedule Schedule
	conns    []*conn
	stalled  bool
	resumed  chan struct{} // closed, and replaced, by Resume
	closed   bool
}

// Start relays to target until tb and its subtests have ended.
func Start(tb testing.TB, target string, s Schedule) *Relay {
	tb.Helper()
	r, err := New(target, s)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(r.Close)
	return r
}

// New relays to target until Close.
func New(target string, s Schedule) (*Relay, error) {
	r := &Relay{target: target, schedule: s, resumed: make(chan struct{})}
	l, err := choose()
	if err != nil {
		return nil, err
	}
	r.Addr = l.Addr().String()
	r.listen(l)
	return r, nil
}

// The relay's port lies below those that the kernel gives to outgoing connections, so that none of them takes it while
// the relay refuses connections.
const portLow, portHigh = 12000, 20000

func choose() (l net.Listener, err error) {
	for range 100 {
		if l, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(portLow+rand.IntN(portHigh-portLow)))); err == nil {
			return l, nil
		}
	}
	return nil, fmt.Errorf("relay: no free port: %w", err)
}

// listen starts accepting on l. The caller holds mu or is alone.
func (r *Relay) listen(l net.Listener) {
	r.listener = l
	r.running.Go(func() { r.accept(l) })
}

func (r *Relay) accept(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return // closed by Refuse or Close
		}
		if c := r.enter(client.(*net.TCPConn)); c != nil {
			r.running.Go(func() { r.carry(c) })
		}
	}
}

// enter numbers a connection and looks up its faults, or turns it away when the relay has closed meanwhile.
func (r *Relay) enter(client *net.TCPConn) *conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		client.Close()
		return nil
	}
	c := &conn{relay: r, client: client, done: make(chan struct{}), open: true}
	if r.schedule != nil {
		c.faults = r.schedule(len(r.conns))
	}
	r.conns = append(r.conns, c)
	return c
}

// carry connects to the target and runs both lanes until the connection has ended.
func (r *Relay) carry(c *conn) {
	defer c.finish()
	server, err := net.DialTimeout("tcp", r.target, 10*time.Second)
	if err != nil || !c.attach(server.(*net.TCPConn)) {
		return // a target that is not there looks like a cut
	}
	var lanes sync.WaitGroup
	lanes.Go(func() { c.lane(Up) })
	lanes.Go(func() { c.lane(Down) })
	lanes.Wait()
}

// Set gives another schedule to the connections from now on; their numbers go on.
func (r *Relay) Set(s Schedule) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.schedule = s
}

// Cut ends all open connections now.
func (r *Relay) Cut() {
	for _, c := range r.snapshot() {
		c.cut()
	}
}

// Reached is how many connections were ended by the Cut of one of their lanes. It may be called by a Schedule.
func (r *Relay) Reached() int { return int(r.reached.Load()) }

// Stall makes all connections silent, those to come too: they stay open, and nothing passes until Resume.
func (r *Relay) Stall() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stalled = true
}

// Resume ends the silence of Stall and of every lane that has reached its Stall position.
func (r *Relay) Resume() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stalled = false
	close(r.resumed)
	r.resumed = make(chan struct{})
}

// Refuse closes the door (a dial fails with connection refused) or opens it again at the same address.
func (r *Relay) Refuse(refuse bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return errors.New("relay: closed")
	case refuse && r.listener != nil:
		err := r.listener.Close()
		r.listener = nil
		return err
	case !refuse && r.listener == nil:
		l, err := net.Listen("tcp", r.Addr)
		if err != nil {
			return err
		}
		r.listen(l)
	}
	return nil
}

// Close cuts everything and returns when all goroutines of the relay have ended.
func (r *Relay) Close() {
	r.mu.Lock()
	r.closed = true
	if r.listener != nil {
		r.listener.Close()
		r.listener = nil
	}
	r.mu.Unlock()
	r.Cut()
	r.running.Wait()
}

// snapshot returns the connections so far.
func (r *Relay) snapshot() []*conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*conn(nil), r.conns...)
}

// wait holds a lane back while the relay is stalled, or until the next Resume when the lane itself is to be silent. It
// returns false when the connection has ended meanwhile.
func (r *Relay) wait(c *conn, silent bool) bool {
	for {
		r.mu.Lock()
		hold, resumed := r.stalled || silent, r.resumed
		r.mu.Unlock()
		if !hold {
			return true
		}
		select {
		case <-resumed:
			silent = false
		case <-c.done:
			return false
		}
	}
}
