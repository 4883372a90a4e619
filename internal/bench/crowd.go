package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// A crowd is many sessions in one process, and what is wanted of them.
type crowd struct {
	Peer    peerAddr
	Secure  bool
	Bare    bool // connections with a goroutine that reads, and nothing else
	Size    int
	Seconds int // how long each sends a message to itself whenever the last has come back; 0: they are idle
}

// A count is what a crowd costs its process.
type count struct {
	Bytes      float64 // of heap and stacks, for one
	Resident   float64 // of the process, for one
	Goroutines float64 // for one; while it's busy the most that were seen
	Opening    float64 // CPU milliseconds until it was bound
	Messages   float64 // a second, there and back, of all together
	CPU        float64 // microseconds a message, there and back
}

func init() {
	parts["crowd"] = playCrowd
	parts["server"] = playServer
}

// playServer is the in-process server of xmpptest, in a process of its own. Everybody is let in.
func playServer(in io.Reader, say *json.Encoder) error {
	cert, err := certificate()
	if err != nil {
		return err
	}
	srv, err := xmpptest.Start(&xmpptest.Options{Domain: domain, Certificate: &cert, Mechanisms: []string{"ANONYMOUS"}, Transcript: -1})
	if err != nil {
		return err
	}
	defer srv.Close()
	if err := say.Encode(peerAddr{Plain: srv.Addr(), TLS: srv.DirectAddr(), Cert: cert.Certificate[0]}); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, in)
	return err
}

// playCrowd gathers each crowd that it's asked for.
func playCrowd(in io.Reader, say *json.Encoder) error {
	var c crowd
	if err := json.NewDecoder(in).Decode(&c); err != nil {
		return err
	}
	n, err := c.gather()
	if err != nil {
		return err
	}
	return say.Encode(n)
}

// inProcess asks a process of its own to gather the crowd.
func (c crowd) inProcess() (count, error) {
	var n count
	host, err := start("crowd", nil)
	if err != nil {
		return n, err
	}
	err = host.ask(c, &n)
	return n, errors.Join(err, host.end())
}

// gather opens the sessions, eight at a time, and counts.
func (c crowd) gather() (n count, err error) {
	at := place{peer: &c.Peer, secure: c.Secure}
	var t traffic
	one := func(i int) (io.Closer, error) {
		if c.Bare {
			return at.bareReader()
		}
		return at.echoing(fmt.Sprintf("quiet%d", i), &t)
	}
	before, routines, rss, cpu := held(), runtime.NumGoroutine(), resident(), processTime()
	members := make([]io.Closer, c.Size)
	err = share(c.Size, 8, indexed(func(i int) (err error) {
		members[i], err = one(i)
		return err
	}))
	if err != nil {
		return n, err
	}
	size := float64(c.Size)
	n.Opening = (processTime() - cpu).Seconds() * 1000 / size
	settled(routines + c.Size)
	n.Bytes = (float64(held()) - float64(before)) / size
	n.Resident = float64(resident()-rss) / size
	n.Goroutines = float64(runtime.NumGoroutine()-routines) / size
	if c.Seconds > 0 {
		if err := c.work(&n, members, &t, routines); err != nil {
			return n, err
		}
	}
	return n, nil // the process ends, and with it they
}

// indexed counts the calls of what share calls.
func indexed(f func(i int) error) func() error {
	var i atomic.Int64
	return func() error { return f(int(i.Add(1)) - 1) }
}

// settled waits until no more goroutines are there than that, or 10 s: dialers and handshakes leave late.
func settled(routines int) {
	for range 1000 {
		if runtime.NumGoroutine() <= routines {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// bareReader is a connection with a goroutine that waits for bytes.
func (p place) bareReader() (io.Closer, error) {
	c, err := p.bare(modeQuiet)
	if err == nil {
		go func() { _, _ = c.Read(make([]byte, 16)) }()
	}
	return c, err
}

// traffic is what the sessions of a busy crowd send to themselves.
type traffic struct {
	goesOn      atomic.Bool // what comes is sent again
	sent, taken atomic.Int64
}

// echoing is a session that sends itself again what it gets, while the traffic goes on.
func (p place) echoing(mode string, t *traffic) (*xmpp.Session, error) {
	return p.session(mode, func(s *xmpp.Session) {
		xmpp.OnMessage(s, func(ctx context.Context, m *stanza.Message) error {
			t.taken.Add(1)
			if !t.goesOn.Load() {
				return nil
			}
			t.sent.Add(1)
			return s.Send(ctx, &stanza.Message{To: m.To, Type: stanza.Chat, ID: m.ID, Body: m.Body})
		})
	})
}

// work lets every session send itself one message, again and again, and counts.
func (c crowd) work(n *count, members []io.Closer, t *traffic, routines int) error {
	t.goesOn.Store(true)
	cpu, began := processTime(), time.Now()
	for _, m := range members {
		s := m.(*xmpp.Session)
		t.sent.Add(1)
		err := s.Send(context.Background(), &stanza.Message{To: s.JID(), Type: stanza.Chat, Body: "Art thou not Romeo, and a Montague?"})
		if err != nil {
			return err
		}
	}
	for time.Since(began) < time.Duration(c.Seconds)*time.Second {
		time.Sleep(50 * time.Millisecond)
		n.Goroutines = max(n.Goroutines, float64(runtime.NumGoroutine()-routines)/float64(c.Size))
	}
	taken := float64(t.taken.Load())
	n.Messages = taken / time.Since(began).Seconds()
	n.CPU = (processTime() - cpu).Seconds() * 1e6 / taken
	t.goesOn.Store(false)
	for range 1000 {
		if t.taken.Load() == t.sent.Load() {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("of %d messages %d were not received", t.sent.Load(), t.sent.Load()-t.taken.Load())
}
