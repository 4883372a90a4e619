package main

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// connecting is a session from the dial to its end. The twin exchanges the same things as bytes that stand ready.
func (p place) connecting(name string, ops int) contest {
	each := func(open func() (interface{ Close() error }, error)) func() (*runner, error) {
		return func() (*runner, error) {
			return &runner{run: func(n int) error {
				for range n {
					c, err := open()
					if err != nil {
						return err
					}
					if err := c.Close(); err != nil {
						return err
					}
				}
				return nil
			}}, nil
		}
	}
	return contest{name: name, unit: "sessions", ops: ops, sides: []side{
		{name: "canto", open: each(func() (interface{ Close() error }, error) { return p.session(modeQuiet, nil) })},
		{name: "bare bytes", open: each(func() (interface{ Close() error }, error) { return p.bare(modeQuiet) })},
	}}
}

// A flightCounter counts the flights of a connection: how often its user has written after it had read. Each costs a round
// trip; that of TCP itself comes on top.
type flightCounter struct {
	net.Conn
	mu      sync.Mutex // protects what follows
	flights int
	flying  bool
}

func (c *flightCounter) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	if n > 0 {
		c.flying = false
	}
	return n, err
}

func (c *flightCounter) Write(p []byte) (int, error) {
	c.mu.Lock()
	if !c.flying {
		c.flights, c.flying = c.flights+1, true
	}
	c.mu.Unlock()
	return c.Conn.Write(p)
}

// A route is a way to a bound session. The table of all of them is a test of package xmpp; these are for the report.
type route struct {
	name    string
	peer    bool // to the peer of the other benchmarks
	server  xmpptest.Options
	again   bool // the second time, with what the first has left in the store
	budget  int  // flights, at most
	flights int  // counted
}

// routes are the ways whose flights are counted. TLS is direct and 1.3.
func routes() []route {
	return []route{
		{name: "RFC 6120 without TLS, a mechanism of one step", peer: true, budget: 4},
		{name: "RFC 6120, TLS, a mechanism of one step", budget: 5, server: xmpptest.Options{Mechanisms: []string{"PLAIN"}}},
		{name: "RFC 6120, TLS, SCRAM", budget: 6},
		{name: "XEP-0388 and 0386, TLS, SCRAM", budget: 4, server: xmpptest.Options{SASL2: &xmpptest.SASL2{}}},
		{name: "the same again, with a token (XEP-0484)", budget: 2, again: true, server: xmpptest.Options{SASL2: &xmpptest.SASL2{}}},
	}
}

// count goes the way once and counts up to the answer to the bind request.
func (r *route) count() (err error) {
	o := &xmpp.Options{AllowPlaintext: true}
	account := jid.MustParse(address + "/" + modeQuiet)
	if r.peer {
		var addr peerAddr
		peer, err := start("peer", &addr)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, peer.end()) }()
		o.Addr = addr.Plain
	} else {
		srv, err := xmpptest.Start(&r.server)
		if err != nil {
			return err
		}
		defer srv.Close()
		account, o = srv.JID("juliet"), srv.Options("juliet")
		o.Addr, o.DirectTLS = srv.DirectAddr(), true
	}
	dir, err := os.MkdirTemp("", "canto-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	o.Store = xmpp.FileStore(dir)
	if err = r.dial(o, account); err == nil && r.again {
		err = r.dial(o, account)
	}
	return err
}

func (r *route) dial(o *xmpp.Options, account jid.JID) error {
	var c *flightCounter
	o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		c = &flightCounter{Conn: conn}
		return c, err
	}
	o.Setup = func(*xmpp.Session) { r.flights = c.count() } // bound, and nothing said since
	s, err := xmpp.Dial(context.Background(), account, o)
	if err != nil {
		return err
	}
	return s.Close()
}

func (c *flightCounter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flights
}
