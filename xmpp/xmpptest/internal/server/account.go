package server

import (
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
)

// An account is a registered user: who it is, and what is kept for it between its sessions. Server.mu protects it.
type account struct {
	bare     jid.JID
	secret   credential
	sessions map[string]*session // by resource
	roster   roster
	requests map[jid.JID]*Element      // inbound subscription requests that wait for an answer (RFC 6121 §3.1.3)
	offline  []*Element                // messages that wait for the account, oldest first
	fast     map[string]*fastTokens    // by the user-agent's id
	private  map[xmltext.Name]*Element // XEP-0049
	details  map[string]string         // what it has told of itself when it was registered
	gone     *Element                  // the last unavailable presence, for probes
	left     time.Time                 // and when that was
	archive  *archive                  // nil: there is none
}

// ordered returns the sessions in the order of their resources, so that what goes to several goes in a known order.
func (a *account) ordered() []*session {
	list := make([]*session, 0, len(a.sessions))
	for _, r := range slices.Sorted(maps.Keys(a.sessions)) {
		list = append(list, a.sessions[r])
	}
	return list
}

// available returns the sessions that have sent presence.
func (a *account) available() []*session {
	return slices.DeleteFunc(a.ordered(), func(s *session) bool { return s.presence == nil })
}

// interested returns the sessions that have asked for the roster; RFC 6121 §2.2.
func (a *account) interested() []*session {
	return slices.DeleteFunc(a.ordered(), func(s *session) bool { return !s.interested })
}

// AddUser registers an account, or gives an existing one a new password. The name is a localpart.
func (s *Server) AddUser(user, password string) error {
	bare, err := jid.New(user, s.domain.Domainpart(), "")
	if err != nil {
		return fmt.Errorf("user %q: %w", user, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addUser(bare, password)
	return nil
}

func (s *Server) addUser(bare jid.JID, password string) {
	if a, ok := s.accounts[bare.Localpart()]; ok {
		a.secret = newCredential(password)
		return
	}
	s.accounts[bare.Localpart()] = &account{
		bare:     bare,
		secret:   newCredential(password),
		sessions: make(map[string]*session),
		requests: make(map[jid.JID]*Element),
		roster:   newRoster(),
		archive:  s.newArchive(bare),
	}
}

// Password returns the password of an account, and whether there is such an account.
func (s *Server) Password(user string) (string, bool) {
	c, ok := s.credential(user)
	return c.password, ok
}

// AddToken lets an account log in with an OAuth 2.0 bearer token (RFC 7628).
func (s *Server) AddToken(user, token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[token] = user
}

// credential implements credentialStore.
func (s *Server) credential(user string) (credential, bool) {
	// RFC 6120 §6.3.7: the simple user name is the localpart, prepared as that.
	bare, err := jid.New(user, s.domain.Domainpart(), "")
	if err != nil {
		return credential{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.accounts[bare.Localpart()]
	if !ok {
		return credential{}, false
	}
	return a.secret, true
}

func (s *Server) token(token string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	user, ok := s.tokens[token]
	return user, ok
}

func (s *Server) anonymous() string {
	user := strings.ToLower(rand.Text())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addUser(jid.MustParse(user+"@"+s.domain.Domainpart()), rand.Text())
	return user
}

func (s *Server) local(address string) (string, bool) {
	j, err := jid.Parse(address)
	if err != nil || j.Domain() != s.domain || j.Resourcepart() != "" {
		return "", false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.accounts[j.Localpart()]
	return j.Localpart(), ok
}

// account returns the account of an address of this server, nil when there is none. Server.mu is held.
func (s *Server) account(j jid.JID) *account {
	if j.Domain() != s.domain {
		return nil
	}
	return s.accounts[j.Localpart()]
}
