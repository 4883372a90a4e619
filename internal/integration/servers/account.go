package servers

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// NewAccount makes an account of its own for a test and returns its localpart and password.
func (s *Server) NewAccount(tb testing.TB) (user, password string) {
	tb.Helper()
	s.mu.Lock()
	s.number++
	user = fmt.Sprintf("user%d", s.number)
	s.mu.Unlock()
	return user, s.Account(tb, user)
}

// Account returns the password of user, after making the account if there is none.
func (s *Server) Account(tb testing.TB, user string) (password string) {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if password, ok := s.accounts[user]; ok {
		return password
	}
	password = "secret of " + user
	if err := s.register(user, password); err != nil {
		tb.Fatal(err)
	}
	s.accounts[user] = password
	return password
}

// SetPassword makes the account user with this password, which must be prepared already (RFC 8265 §4).
func (s *Server) SetPassword(tb testing.TB, user, password string) {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.register(user, password); err != nil {
		tb.Fatal(err)
	}
	s.accounts[user] = password
}

// ClientCertificate returns a certificate with the xmppAddr of each of the users, for SASL EXTERNAL.
func (s *Server) ClientCertificate(tb testing.TB, users ...string) tls.Certificate {
	tb.Helper()
	n := names{common: users[0]}
	for _, user := range users {
		s.Account(tb, user)
		n.xmppAddr = append(n.xmppAddr, user+"@"+Domain)
	}
	cert, err := clientCertificate(n)
	if err != nil {
		tb.Fatal(err)
	}
	return cert
}

func clientCertificate(n names) (cert tls.Certificate, err error) {
	ca, err := authority()
	if err != nil {
		return cert, err
	}
	issued, err := ca.issue(n)
	if err != nil {
		return cert, err
	}
	return issued.tls()
}

// Token returns a token for user, good for OAUTHBEARER (RFC 7628). Of these servers Prosody 13 alone takes any.
func (s *Server) Token(tb testing.TB, user string) string {
	tb.Helper()
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + s.AddrHTTP + "/canto_token/" + user)
	if err != nil {
		tb.Fatal(err)
	}
	defer resp.Body.Close()
	token, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		tb.Fatalf("servers: no token for %q: %s: %q %v", user, resp.Status, token, err)
	}
	return string(token)
}

// register makes the account, or leaves it as it is when it's there with this password.
func (s *Server) register(user, password string) error {
	if s.Kind.isProsody() {
		return s.writeAccount(user, password)
	}
	return s.postAccount(user, password)
}

// writeAccount puts an account where Prosody keeps it, which it reads at each login.
func (s *Server) writeAccount(user, password string) error {
	fields := map[string]any{"password": password}
	if s.Config.Passwords != Plain {
		var err error
		if fields, err = scramFields(s.Config.Passwords, password); err != nil {
			return err
		}
	}
	var b strings.Builder
	b.WriteString("return {")
	for k, v := range fields {
		fmt.Fprintf(&b, " [%q] = %#v;", k, v)
	}
	b.WriteString(" };\n")
	path := filepath.Join(s.dir, "data", escapeFile(Domain), "accounts", escapeFile(user)+".dat")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(path+"~", []byte(b.String()), 0o600); err != nil {
		return err
	}
	return os.Rename(path+"~", path)
}

// iterations is what Prosody uses by itself.
const iterations = 10000

// scramFields is what Prosody keeps of a password: the keys of RFC 5802 §3.
func scramFields(p Passwords, password string) (map[string]any, error) {
	h := sha1.New
	if p == SHA256 {
		h = sha256.New
	}
	const salt = "salt of the Canto tests"
	salted, err := pbkdf2.Key(h, password, []byte(salt), iterations, h().Size())
	if err != nil {
		return nil, err
	}
	stored := h()
	stored.Write(mac(h, salted, "Client Key"))
	return map[string]any{
		"iteration_count": iterations,
		"salt":            salt,
		"stored_key":      hex.EncodeToString(stored.Sum(nil)),
		"server_key":      hex.EncodeToString(mac(h, salted, "Server Key")),
	}, nil
}

func mac(h func() hash.Hash, key []byte, text string) []byte {
	m := hmac.New(h, key)
	io.WriteString(m, text)
	return m.Sum(nil)
}

// escapeFile names a file as Prosody's data manager does.
func escapeFile(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	return b.String()
}

// postAccount asks ejabberd's API on loopback for an account.
func (s *Server) postAccount(user, password string) error {
	body, err := json.Marshal(map[string]string{"user": user, "host": Domain, "password": password})
	if err != nil {
		return err
	}
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Post("http://"+s.AddrHTTP+"/api/register", "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusConflict { // 409: it was there
		return nil
	}
	answer, _ := io.ReadAll(resp.Body)
	return fmt.Errorf("servers: ejabberd made no account %q: %s: %q", user, resp.Status, answer)
}
