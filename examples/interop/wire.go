package main

import (
	"context"
	"net"
	"sync"
	"sync/atomic"

	"github.com/canto-im/canto/xmpp"
)

// A network makes connections that are counted and can be cut.
type network struct {
	dial func(ctx context.Context, network, addr string) (net.Conn, error)

	mu   sync.Mutex // protects last
	last *countedConn
}

// through makes o's connections go through a network.
func through(o *xmpp.Options) (*xmpp.Options, *network) {
	c := *o
	n := &network{dial: o.Dial}
	if n.dial == nil {
		n.dial = new(net.Dialer).DialContext
	}
	c.Dial = n.Dial
	return &c, n
}

func (n *network) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := n.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	c := &countedConn{Conn: conn}
	n.mu.Lock()
	n.last = c
	n.mu.Unlock()
	return c, nil
}

// cut ends the newest connection as a network that fails does.
func (n *network) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.last.Close()
}

// trips is how often the client has spoken and waited for an answer on the newest connection.
func (n *network) trips() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return int(n.last.turns.Load())
}

// A countedConn counts how often the client begins to write after it has read: its round trips.
type countedConn struct {
	net.Conn
	spoke atomic.Bool
	turns atomic.Int64
}

func (c *countedConn) Write(p []byte) (int, error) {
	if !c.spoke.Swap(true) {
		c.turns.Add(1)
	}
	return c.Conn.Write(p)
}

func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.spoke.Store(false)
	}
	return n, err
}
