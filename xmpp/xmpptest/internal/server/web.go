package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/canto-im/canto/internal/ns"
)

const webSocketPath = "/xmpp-websocket"

// A web is the HTTP side of a server: it begins with the first question for it.
type web struct {
	srv   *Server
	http  *http.Server
	tls   *tls.Config // nil: in clear, since the server knows no TLS
	conns chan net.Conn
	ended chan struct{}
	once  sync.Once
	addr  net.Addr // of the port; nil in memory

	listener net.Listener // of that

	asking sync.Mutex // one at a time: BOSH.Fault

	// Server.mu protects these.
	open      map[*faultConn]struct{}
	active    map[*faultConn]struct{} // those with a request under way
	sessions  map[string]*boshSession // by sid
	creations map[uint64]*boshSession // by the rid of the request that has created them
}

// webKey is where the context of a request has the connection that it came over.
type webKey struct{}

// webSide returns the HTTP side of the server, which it begins if there is none yet.
func (s *Server) webSide() (*web, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, fmt.Errorf("the server is closed")
	case s.web != nil:
		return s.web, nil
	}
	w := &web{
		srv: s, conns: make(chan net.Conn), ended: make(chan struct{}),
		open: make(map[*faultConn]struct{}), active: make(map[*faultConn]struct{}), sessions: make(map[string]*boshSession), creations: make(map[uint64]*boshSession),
	}
	if s.opts.StartTLS != Off {
		w.tls = s.tlsConfig.Clone()
		w.tls.NextProtos = []string{"http/1.1"}
	}
	if !s.opts.InMemory {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		w.listener, w.addr = l, l.Addr()
		s.wg.Go(func() { w.listen(l) })
	}
	w.http = &http.Server{
		Handler:     w,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, webKey{}, c) },
		ConnState:   w.count,
		ErrorLog:    log.New(io.Discard, "", 0), // clients that are cut off in a handshake are what tests are for
	}
	s.web = w
	s.wg.Go(func() { _ = w.http.Serve(w) }) // until Close
	return w, nil
}

// count keeps the list of connections, and makes Server.Close wait for their goroutines.
func (w *web) count(nc net.Conn, to http.ConnState) {
	fc, s := below(nc), w.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	switch to {
	case http.StateNew:
		s.wg.Add(1)
		w.open[fc] = struct{}{}
	case http.StateActive:
		w.active[fc] = struct{}{}
		return
	case http.StateClosed, http.StateHijacked:
		delete(w.open, fc)
		s.wg.Done()
	}
	delete(w.active, fc)
}

// below is the network below a connection of HTTP.
func below(nc net.Conn) *faultConn {
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn()
	}
	fc, ok := nc.(*faultConn)
	if !ok {
		panic(errors.New("server: the connection of a request is none of ours"))
	}
	return fc
}

// shutdown ends the HTTP side, once clients have what they are owed, or after a moment. Connections are not closed in the order of
// TLS: a client that does not read would hold that up.
func (w *web) shutdown() error {
	end := time.NewTimer(shutdownGrace)
	defer end.Stop()
	look := time.NewTicker(shutdownGrace / 40)
	defer look.Stop()
	for late := false; !late && w.owes(); {
		select {
		case <-look.C:
		case <-end.C:
			late = true
		}
	}
	w.srv.DropHTTP()
	err := w.http.Close()
	if w.listener != nil {
		err = errors.Join(err, w.listener.Close())
	}
	return err
}

// owes reports whether a request is under way, or the end of a session not told.
func (w *web) owes() bool {
	w.srv.mu.Lock()
	defer w.srv.mu.Unlock()
	for _, ses := range w.sessions {
		if !ses.isOver() {
			return true
		}
	}
	return len(w.active) > 0
}

func (w *web) listen(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		w.take(c)
	}
}

// take hands a connection to the HTTP server.
func (w *web) take(nc net.Conn) {
	s := w.srv
	s.mu.Lock()
	faults := s.faults
	s.mu.Unlock()
	var c net.Conn = newFaultConn(nc, faults, s.counters.countRead, s.counters.countWritten)
	if w.tls != nil {
		c = tls.Server(c, w.tls)
	}
	select {
	case w.conns <- c:
	case <-w.ended:
		nc.Close()
	}
}

// Accept, Close and Addr make w the listener of its HTTP server.
func (w *web) Accept() (net.Conn, error) {
	select {
	case c := <-w.conns:
		return c, nil
	case <-w.ended:
		return nil, net.ErrClosed
	}
}

func (w *web) Close() error {
	w.once.Do(func() { close(w.ended) })
	return nil
}

func (w *web) Addr() net.Addr {
	if w.addr == nil {
		return &net.TCPAddr{}
	}
	return w.addr
}

// WebSocketURL is where the server speaks RFC 7395: over wss:, or ws: where it knows no TLS.
func (s *Server) WebSocketURL() (string, error) { return s.webURL("wss", "ws", webSocketPath) }

func (s *Server) webURL(secure, plain, path string) (string, error) {
	w, err := s.webSide()
	if err != nil {
		return "", err
	}
	scheme, host := secure, s.domain.Host()
	if w.tls == nil {
		scheme = plain
	}
	if w.addr != nil {
		host = w.addr.String()
	}
	return scheme + "://" + host + path, nil
}

// DialWeb returns a connection in memory (net.Pipe) to the HTTP side of the server. Its arguments mean nothing.
func (s *Server) DialWeb(ctx context.Context, _, _ string) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w, err := s.webSide()
	if err != nil {
		return nil, err
	}
	client, server := net.Pipe()
	w.take(server)
	return client, nil
}

// ServeHTTP answers a request.
func (w *web) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case webSocketPath:
		w.upgrade(rw, r)
	case boshPath:
		w.bosh(rw, r)
	case "/.well-known/host-meta":
		w.hostMeta(rw, "<?xml version='1.0'?><XRD xmlns='"+ns.XRD+"'><Link rel='urn:xmpp:alt-connections:websocket' href='%s'/><Link rel='urn:xmpp:alt-connections:xbosh' href='%s'/></XRD>")
	case "/.well-known/host-meta.json":
		w.hostMeta(rw, `{"links":[{"rel":"urn:xmpp:alt-connections:websocket","href":"%s"},{"rel":"urn:xmpp:alt-connections:xbosh","href":"%s"}]}`)
	default:
		http.NotFound(rw, r)
	}
}

// hostMeta answers XEP-0156.
func (w *web) hostMeta(rw http.ResponseWriter, form string) {
	socket, err := w.srv.WebSocketURL()
	if err == nil {
		var bosh string
		if bosh, err = w.srv.BOSHURL(); err == nil {
			fmt.Fprintf(rw, form, socket, bosh)
			return
		}
	}
	http.Error(rw, err.Error(), http.StatusServiceUnavailable)
}

// upgrade runs the handshake of RFC 6455 §4.2 and makes a stream of the connection.
func (w *web) upgrade(rw http.ResponseWriter, r *http.Request) {
	answer, err := handshake(r)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	nc, buffered, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	if _, err := nc.Write([]byte(answer)); err != nil {
		nc.Close()
		return
	}
	var cs *tls.ConnectionState
	if t, ok := nc.(*tls.Conn); ok {
		state := t.ConnectionState()
		cs = &state
	}
	w.srv.serveOver(below(nc), newWebSocket(nc, buffered.Reader, w.srv.opts.MaxStanza), cs)
}

// serveOver serves a stream that another protocol carries on fc; cs is nil in clear.
func (s *Server) serveOver(fc *faultConn, over net.Conn, cs *tls.ConnectionState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = fc.Close()
		return
	}
	s.lastConn++
	c := newConn(s, s.lastConn, fc, overHTTP)
	c.out.use(over)
	c.in.r = over
	if c.tls = cs; cs != nil {
		c.serverCert = s.tlsConfig.Certificates[0].Certificate[0]
		s.counters.tls.Add(1)
	}
	s.begin(c)
}
