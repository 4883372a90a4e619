package xmpp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"time"
)

// The figures that RFC 8305 recommends, and a bound of our own.
const (
	attemptDelay    = 250 * time.Millisecond // §5: before the next attempt is started beside those under way
	resolutionDelay = 50 * time.Millisecond  // §3: what IPv4 waits for the answer about IPv6
	maxAddresses    = 16                     // of one family at one host
)

// The address families, in the order of preference (RFC 8305 §4).
const (
	ipv6 = iota
	ipv4
)

var (
	lookupNetworks = [...]string{ipv6: "ip6", ipv4: "ip4"}
	familyNames    = [...]string{ipv6: "IPv6", ipv4: "IPv4"}
)

// errNoConn takes the place of what a Dial of the caller's should have said.
var errNoConn = errors.New("Options.Dial returned neither a connection nor an error")

func familyOf(ip netip.Addr) int {
	if ip.Unmap().Is4() {
		return ipv4
	}
	return ipv6
}

// candidates are the addresses of one target that have not been tried yet.
type candidates struct {
	target
	untried [2][]string // host:port by family
	unknown []int       // families whose addresses have not been learnt
	turn    int         // the family whose turn it is
	known   bool        // there are addresses
	absent  error       // DNS says that there are none, of one family at least
}

func (c *candidates) add(family int, addrs ...string) {
	for _, addr := range addrs {
		if !slices.Contains(c.untried[family], addr) && len(c.untried[family]) < maxAddresses {
			c.untried[family] = append(c.untried[family], addr)
		}
	}
	c.known = c.known || len(addrs) > 0
}

// take returns the next address to try. RFC 8305 §4: the families take turns.
func (c *candidates) take() (dialAttempt, bool) {
	for range c.untried {
		family := c.turn
		c.turn = (c.turn + 1) % len(c.untried)
		if list := c.untried[family]; len(list) > 0 {
			c.untried[family] = list[1:]
			return dialAttempt{family: family, addr: list[0]}, true
		}
	}
	return dialAttempt{}, false
}

// putBack makes an attempt untried again.
func (c *candidates) putBack(a dialAttempt) {
	c.untried[a.family] = slices.Insert(slices.Clone(c.untried[a.family]), 0, a.addr)
}

// A dialAttempt is one address being tried, and then its outcome.
type dialAttempt struct {
	family int
	addr   string
	conn   net.Conn
	err    error
}

// A dialRace is one run over the candidates until the first connection stands.
type dialRace struct {
	*connector
	ctx      context.Context // ends with the race: it cancels lookups and attempts under way
	learnt   chan hostAddrs
	finished chan dialAttempt
	timer    *time.Timer
	open     bool          // the next attempt may start now
	running  []dialAttempt // in the order in which they were started
	lookups  int           // under way
}

// hostAddrs are the outcome of a lookup.
type hostAddrs struct {
	family int
	addrs  []string
	err    error
}

// race returns the first connection to an address of the current target (RFC 8305 §5), or nil and nil when there is none
// left to try; then c.failed says why. The error is that of a context which ended before.
func (c *connector) race(ctx context.Context) (net.Conn, error) {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &dialRace{
		connector: c, ctx: inner,
		learnt:   make(chan hostAddrs, len(c.current.unknown)),
		finished: make(chan dialAttempt),
		timer:    time.NewTimer(attemptDelay),
		open:     c.current.known || len(c.current.unknown) == 0,
	}
	r.timer.Stop()
	defer r.timer.Stop()
	for _, family := range c.current.unknown {
		r.lookup(family)
	}
	return r.run()
}

func (r *dialRace) run() (net.Conn, error) {
	for {
		if r.ctx.Err() != nil {
			return nil, r.stopped()
		}
		r.start()
		if len(r.running) == 0 && r.lookups == 0 {
			r.noteAbsence()
			return nil, nil
		}
		select {
		case found := <-r.learnt:
			r.learn(found)
		case <-r.timer.C:
			r.open = true
		case a := <-r.finished:
			if a.err == nil {
				r.win(a)
				return a.conn, nil
			}
			r.lose(a)
		case <-r.ctx.Done():
			return nil, r.stopped()
		}
	}
}

// start begins the next attempt if its time has come.
func (r *dialRace) start() {
	if !r.open {
		return
	}
	a, ok := r.current.take()
	if !ok {
		return
	}
	r.open = false
	r.timer.Reset(attemptDelay)
	r.running = append(r.running, a)
	go func() {
		a.conn, a.err = r.dial(r.ctx, "tcp", a.addr)
		if a.conn == nil && a.err == nil {
			a.err = errNoConn
		}
		select {
		case r.finished <- a:
		case <-r.ctx.Done(): // another one has won, or the caller has gone
			if a.conn != nil {
				a.conn.Close()
			}
		}
	}()
}

// win leaves the other addresses for the next race, should this connection turn out to be of no use.
func (r *dialRace) win(a dialAttempt) {
	r.settle(a)
	for _, other := range slices.Backward(r.running) {
		r.current.putBack(other)
	}
}

// lose notes a failed attempt; the next need not wait for its turn then.
func (r *dialRace) lose(a dialAttempt) {
	r.settle(a)
	r.failed = append(r.failed, &attemptError{target: r.current.target, addr: a.addr, err: a.err})
	r.open = true
}

// settle takes an attempt off the list of those under way.
func (r *dialRace) settle(a dialAttempt) {
	r.running = slices.DeleteFunc(r.running, func(b dialAttempt) bool { return a.addr == b.addr })
}

// stopped says why there is no connection when the context has ended: what had failed, and what was being waited for.
func (r *dialRace) stopped() error {
	cause := context.Cause(r.ctx)
	errs := slices.Clone(r.failed)
	for _, a := range r.running {
		errs = append(errs, &attemptError{target: r.current.target, addr: a.addr, err: cause})
	}
	if len(r.running) == 0 {
		errs = append(errs, &attemptError{target: r.current.target, addr: r.current.target.String(), err: cause})
	}
	return joinReasons(errs)
}

// lookup asks for the addresses of one family.
func (r *dialRace) lookup(family int) {
	r.lookups++
	t := r.current.target
	go func() {
		ips, err := r.resolver.LookupNetIP(r.ctx, lookupNetworks[family], t.lookupName())
		found := hostAddrs{family: family, err: err}
		for _, ip := range ips {
			found.addrs = append(found.addrs, netip.AddrPortFrom(ip.Unmap(), t.port).String())
		}
		r.learnt <- found
	}()
}

// learn takes in the outcome of a lookup and decides when the first attempt may start.
func (r *dialRace) learn(found hostAddrs) {
	r.lookups--
	r.current.unknown = slices.DeleteFunc(r.current.unknown, func(f int) bool { return f == found.family })
	r.current.add(found.family, found.addrs...)
	switch {
	case dnsNotFound(found.err):
		r.current.absent = found.err // no fault if there are addresses of the other family
	case found.err != nil:
		r.failed = append(r.failed, &lookupError{familyNames[found.family] + " addresses of " + r.current.host, found.err})
	}
	if len(r.running) > 0 {
		return
	}
	if found.family == ipv4 && len(found.addrs) > 0 && r.lookups > 0 && !r.open {
		r.timer.Reset(resolutionDelay) // RFC 8305 §3: IPv6 gets a moment to catch up
		return
	}
	r.open = true
}

// noteAbsence tells of a host that has no address at all.
func (r *dialRace) noteAbsence() {
	if c := r.current; !c.known && c.absent != nil {
		r.failed = append(r.failed, &lookupError{"addresses of " + c.host, c.absent})
	}
}
