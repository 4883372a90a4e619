package servers

import (
	"crypto/x509"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The names that every server serves. All are in its certificate, as DNS names, SRVName and xmppAddr.
const (
	Domain          = "canto.test"           // accounts
	AnonymousDomain = "anonymous.canto.test" // SASL ANONYMOUS
	RoomDomain      = "rooms.canto.test"     // XEP-0045
	PubSubDomain    = "pubsub.canto.test"    // XEP-0060
	UploadDomain    = "upload.canto.test"    // XEP-0363
	GatewayDomain   = "gateway.canto.test"   // XEP-0114, with GatewaySecret
	GatewaySecret   = "gateway-secret"       // the shared secret of XEP-0114
)

// readyWithin bounds a start: ejabberd needs up to 6 s on a quiet machine with two cores.
const readyWithin = 60 * time.Second

// A Server is a real server on loopback. Its methods may be called from any goroutine.
type Server struct {
	Kind   Kind
	Config Config // as asked for, completed

	Addr          string // host:port for STARTTLS, or for plaintext
	AddrTLS       string // host:port for direct TLS; empty without TLS
	AddrHTTP      string // host:port of XEP-0124 (/http-bind) and RFC 7395 (/xmpp-websocket) in clear
	AddrHTTPS     string // the same over TLS; empty without TLS
	AddrComponent string // host:port of XEP-0114
	CA            *x509.CertPool
	CAFile        string        // the same in PEM, for programs that take SSL_CERT_FILE
	Started       time.Duration // how long the last start took until the server answered

	dir  string
	port Ports

	mu       sync.Mutex // protects what follows
	proc     *process
	accounts map[string]string // passwords by user
	number   int               // of the last account made by NewAccount
}

// Start starts a server that is stopped when tb and its subtests have ended. It fails tb when the server does not come up.
func Start(tb testing.TB, kind Kind, cfg Config) *Server {
	tb.Helper()
	s, err := Run(kind, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Logf("%s", s.Log(0))
		}
		if err := s.Stop(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// Run starts a server for a caller that has no test at hand; the caller stops it.
func Run(kind Kind, cfg Config) (*Server, error) {
	cfg, err := cfg.complete(kind)
	if err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		s, err := try(kind, cfg)
		if err == nil || attempt == 3 || !portTaken(err) {
			return s, err
		}
	}
}

// portTaken tells whether another process took a port between its choice and the server's bind, which another choice mends.
// The servers say so in their logs, which are part of the error.
func portTaken(err error) bool {
	text := strings.ToLower(err.Error())
	return strings.Contains(text, "address already in use") || strings.Contains(text, "eaddrinuse")
}

func try(kind Kind, cfg Config) (*Server, error) {
	port, err := choosePorts()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "canto-"+string(kind)+"-")
	if err != nil {
		return nil, err
	}
	s := &Server{Kind: kind, Config: cfg, dir: dir, port: port, accounts: map[string]string{}}
	s.addresses()
	if err = s.prepare(); err == nil {
		err = s.Restart()
	}
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, s.Log(0))
		_ = s.Stop() // the first error tells more
		return nil, err
	}
	return s, nil
}

func (s *Server) addresses() {
	s.Addr, s.AddrHTTP, s.AddrComponent = loopback(s.port.C2S), loopback(s.port.HTTP), loopback(s.port.Component)
	if s.Config.HasTLS() {
		s.AddrTLS, s.AddrHTTPS = loopback(s.port.DirectTLS), loopback(s.port.HTTPS)
	}
}

// prepare writes the certificates and the configuration.
func (s *Server) prepare() error {
	ca, err := authority()
	if err != nil {
		return err
	}
	s.CA, s.CAFile = ca.pool(), filepath.Join(s.dir, "ca.pem")
	issued, err := ca.issue(serverNames())
	if err != nil {
		return err
	}
	config, err := s.configure()
	if err != nil {
		return err
	}
	files := map[string][]byte{
		"ca.pem":     ca.pem(),
		"server.pem": issued.cert,
		"server.key": issued.key,
		"both.pem":   append(slices.Clone(issued.cert), issued.key...),
	}
	maps.Copy(files, config)
	for name, content := range files {
		path := filepath.Join(s.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func serverNames() names {
	domains := []string{Domain, AnonymousDomain, RoomDomain, PubSubDomain, UploadDomain, GatewayDomain}
	n := names{common: Domain, dns: append(slices.Clone(domains), "localhost"), xmppAddr: domains}
	for _, d := range domains {
		n.srv = append(n.srv, "_xmpp-client."+d, "_xmpps-client."+d)
	}
	n.ips = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	return n
}

// Restart starts the server again, on the same data and ports, after Kill or Terminate, and returns once it answers.
func (s *Server) Restart() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc != nil && s.proc.running() {
		return fmt.Errorf("servers: %s is running", s.Kind)
	}
	begin := time.Now()
	cmd, err := s.command()
	if err != nil {
		return err
	}
	if s.proc, err = spawn(cmd, filepath.Join(s.dir, "output.log")); err != nil {
		return err
	}
	if err := s.await(readyWithin); err != nil {
		return err
	}
	s.Started = time.Since(begin)
	for user, password := range s.accounts { // a server that was killed may have lost what it had not written yet
		if err := s.register(user, password); err != nil {
			return err
		}
	}
	return nil
}

// Kill ends the server as a power failure would: SIGKILL, no word to its clients.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proc.kill()
}

// lastWords is how long Prosody must have been silent for the stream error of its end to reach its clients: right after
// an answer version 0.12.3 loses it in two of three ends, after this pause in none.
const lastWords = 200 * time.Millisecond

// Terminate asks the server to end in good order (SIGTERM) and waits for it. Its clients are told with a stream error, or
// not: about one in five ends of ejabberd 23.01 closes the connections without a word.
func (s *Server) Terminate() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Kind.isProsody() {
		time.Sleep(lastWords)
	}
	return s.proc.terminate()
}

// Freeze stops the server without a word, its connections open (SIGSTOP), until Thaw.
func (s *Server) Freeze() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proc.freeze()
}

// Thaw lets a frozen server go on.
func (s *Server) Thaw() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proc.signal(syscall.SIGCONT)
}

// Stop ends the server for good and removes its data. It may be called again.
func (s *Server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc != nil {
		if err := s.proc.kill(); err != nil {
			return err
		}
	}
	return os.RemoveAll(s.dir)
}

// Pid is the process id of the server's main process.
func (s *Server) Pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proc.cmd.Process.Pid
}
