package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/canto-im/canto/jid"
)

// A Server is an XMPP server. Its methods may be called from any goroutine.
type Server struct {
	opts      Options // as completed by New; not changed afterwards
	domain    jid.JID
	tlsConfig *tls.Config
	begun     time.Time
	tables    tables
	counters  counters
	journal   journal
	wg        sync.WaitGroup // every goroutine of the server

	mu            sync.Mutex // protects what follows, and accounts and sessions
	closed        bool
	listeners     []net.Listener // STARTTLS, direct TLS, components: one for each entrance
	web           *web           // HTTP; nil: nobody has asked for it
	conns         map[*conn]struct{}
	lastConn      int
	accounts      map[string]*account   // by localpart
	components    map[string]*component // by domain
	tokens        map[string]string     // bearer token → localpart
	invites       map[string]*invite    // by token
	rooms         map[string]*room      // by localpart
	registrations int                   // accounts that strangers have registered
	faults        netFaults             // of connections to come
	redirects     []string              // see-other-host for the streams to come
	replies       map[string][]string   // per account: what to answer to its next IQ requests instead
	intercepts    []*intercept
	pushes        uint64 // IQ requests that the server has sent
	sm            smState
	alarms        map[*alarm]struct{}
	pubs          map[jid.JID]*pubService    // by bare address
	interests     map[string]map[string]bool // by what capabilities are called: the nodes that are wanted
	asked         map[string]question        // by the id of the request
}

// New makes a server. It listens nowhere yet: see Listen, Serve and Dial.
func New(o Options) (*Server, error) {
	o = o.withDefaults()
	domain, err := jid.Parse(o.Domain)
	if err != nil {
		return nil, fmt.Errorf("domain %q: %w", o.Domain, err)
	}
	if domain != domain.Domain() {
		return nil, fmt.Errorf("domain %q is an address", o.Domain)
	}
	o.Domain = domain.String()
	conf, err := tlsConfigFor(o)
	if err != nil {
		return nil, err
	}
	s := &Server{
		opts:       o,
		domain:     domain,
		tlsConfig:  conf,
		begun:      time.Now(),
		tables:     newTables(o, modules()),
		conns:      make(map[*conn]struct{}),
		accounts:   make(map[string]*account),
		components: make(map[string]*component),
		tokens:     make(map[string]string),
		invites:    make(map[string]*invite),
		rooms:      make(map[string]*room),
		replies:    make(map[string][]string),
		faults:     noFaults,
		sm:         newSMState(),
		alarms:     make(map[*alarm]struct{}),
		pubs:       make(map[jid.JID]*pubService),
		interests:  make(map[string]map[string]bool),
		asked:      make(map[string]question),
	}
	s.journal.limit = o.Transcript
	return s, nil
}

// Domain returns the domain that the server serves.
func (s *Server) Domain() jid.JID { return s.domain }

// An entrance is what a connection is for.
type entrance int

// The entrances, in the order of Server.listeners.
const (
	forSTARTTLS entrance = iota
	forDirectTLS
	forComponents
	overHTTP // what another protocol carries, with TLS below it; it has no listener of its own
	overBOSH // likewise, over any number of connections
)

// Listen opens three ports on the loopback interface, for STARTTLS, for direct TLS and for components, and serves them until Close.
// With Options.InMemory it does nothing.
func (s *Server) Listen() error {
	if s.opts.InMemory {
		return nil
	}
	var opened []net.Listener
	for range forComponents + 1 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return errors.Join(err, closeAll(opened))
		}
		opened = append(opened, l)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.listeners != nil {
		return errors.Join(fmt.Errorf("the server is closed or listens already"), closeAll(opened))
	}
	s.listeners = opened
	for i, l := range opened {
		s.wg.Go(func() { s.accept(l, entrance(i)) })
	}
	return nil
}

func closeAll(list []net.Listener) error {
	var errs []error
	for _, l := range list {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

func (s *Server) accept(l net.Listener, in entrance) {
	for {
		c, err := l.Accept()
		if err != nil { // closed, or out of files: either way nobody comes in here any more
			s.logf("accept: %v", err)
			return
		}
		s.serve(c, in)
	}
}

// Addr is the host:port for STARTTLS, "" before Listen.
func (s *Server) Addr() string { return s.listenAddr(0) }

// DirectAddr is the host:port for TLS from the first byte (XEP-0368), "" before Listen.
func (s *Server) DirectAddr() string { return s.listenAddr(1) }

func (s *Server) listenAddr(i int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listeners == nil {
		return ""
	}
	return s.listeners[i].Addr().String()
}

// Serve takes a connection over and serves it, with STARTTLS; it returns at once.
func (s *Server) Serve(c net.Conn) { s.serve(c, forSTARTTLS) }

// ServeTLS is like Serve, for a client that speaks TLS from the first byte.
func (s *Server) ServeTLS(c net.Conn) { s.serve(c, forDirectTLS) }

// Dial returns a connection in memory (net.Pipe) that the server serves, with STARTTLS. Its arguments are those of
// net.Dialer.DialContext and mean nothing here, so that it serves as the Dial of a client's options.
func (s *Server) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	return s.dial(ctx, forSTARTTLS)
}

func (s *Server) dial(ctx context.Context, in entrance) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return nil, fmt.Errorf("dial %s: the server is closed", s.domain)
	}
	client, server := net.Pipe()
	s.serve(server, in)
	return client, nil
}

func (s *Server) serve(nc net.Conn, in entrance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		// A client that comes too late sees its connection end, as it would with a process that is gone.
		_ = nc.Close()
		return
	}
	s.lastConn++
	fc := newFaultConn(nc, s.faults, s.counters.countRead, s.counters.countWritten)
	s.begin(newConn(s, s.lastConn, fc, in))
}

// begin serves a connection. s.mu is held.
func (s *Server) begin(c *conn) {
	s.conns[c] = struct{}{}
	s.counters.conns.Add(1)
	s.logf("conn %d: from %v", c.id, c.net.RemoteAddr())
	s.wg.Go(c.write)
	s.wg.Go(c.read)
}

// forget takes a connection off the list; its reader calls it last.
func (s *Server) forget(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// shutdownGrace is how long Close lets clients take their leave.
const shutdownGrace = 200 * time.Millisecond

// Close ends every stream with system-shutdown, closes the listeners and waits until nothing of the server runs any more.
// Clients that do not react within 200 ms are cut off.
func (s *Server) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.callOffAll()
	listeners, web := s.listeners, s.web
	conns := s.open()
	s.mu.Unlock()
	if !first {
		s.wg.Wait()
		return nil
	}
	err := closeAll(listeners)
	for _, c := range conns {
		if c.headers.Load() > 0 && !c.securing.Load() { // there is a stream to end
			c.endWith(&streamError{condition: "system-shutdown"})
		} else {
			c.net.Close()
		}
	}
	if web != nil {
		err = errors.Join(err, web.shutdown())
	}
	done := make(chan struct{})
	go func() { s.wg.Wait(); close(done) }()
	t := time.NewTimer(shutdownGrace)
	defer t.Stop()
	select {
	case <-done:
	case <-t.C:
		for _, c := range conns {
			c.out.kill()
			c.net.Close()
		}
		<-done
	}
	return err
}

// open returns the connections. s.mu is held.
func (s *Server) open() []*conn {
	list := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		list = append(list, c)
	}
	return list
}

func (s *Server) logf(format string, args ...any) {
	if s.opts.Logf != nil {
		s.opts.Logf(format, args...)
	}
}
