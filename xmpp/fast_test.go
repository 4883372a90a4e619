package xmpp_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// kept is what the store has of a login.
func keptOf(t testing.TB, store xmpp.Store) (agent string, token map[string]any) {
	t.Helper()
	b, _, err := store.Load(t.Context(), "login alice@canto.test")
	require.NoError(t, err)
	require.NotEmpty(t, b)
	var v struct {
		Agent string
		Token map[string]any
	}
	require.NoError(t, json.Unmarshal(b, &v))
	return v.Agent, v.Token
}

const fastElement = "<fast [^>]*>|<request-token [^>]*>"

// TestFAST: the first login asks for a token, the later ones use it, each with the next count, and rotate it as the server likes.
func TestFAST(t *testing.T) {
	for name, c := range map[string]struct {
		sasl2    xmpptest.SASL2
		tls      uint16
		want     string
		count    string   // of the third login
		bindings []string // that the server knows; nil: all
	}{
		"the certificate":         {xmpptest.SASL2{FAST: []string{"HT-SHA-256-ENDP"}}, tls.VersionTLS13, "HT-SHA-256-ENDP", "2", []string{sasl.TLSServerEndPoint}},
		"no binding":              {xmpptest.SASL2{FAST: []string{"HT-SHA-256-NONE"}}, tls.VersionTLS13, "HT-SHA-256-NONE", "2", []string{}},
		"TLS 1.3":                 {xmpptest.SASL2{}, tls.VersionTLS13, "HT-SHA-256-EXPR", "2", nil},
		"TLS 1.2":                 {xmpptest.SASL2{}, tls.VersionTLS12, "HT-SHA-256-EXPR", "2", nil},
		"rotation":                {xmpptest.SASL2{Rotate: true}, tls.VersionTLS13, "HT-SHA-256-EXPR", "1", nil},
		"to the end of TLS alone": {xmpptest.SASL2{FAST: []string{"HT-SHA-256-UNIQ", "HT-SHA-256-NONE"}}, tls.VersionTLS12, "HT-SHA-256-UNIQ", "2", nil},
	} {
		t.Run(name, func(t *testing.T) {
			srv := modern(t, xmpptest.Options{SASL2: &c.sasl2, TLSVersion: c.tls, ChannelBindings: c.bindings})
			store := xmpp.FileStore(t.TempDir())
			state, p := login(t, srv, &xmpp.Options{Store: store})
			assert.Contains(t, state.Mechanism, "SCRAM-SHA-512")
			assert.Equal(t, []string{"<request-token xmlns='urn:xmpp:fast:0' mechanism='" + c.want + "'/>"}, p.said(t, fastElement))
			agent, first := keptOf(t, store)
			assert.Regexp(t, "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", agent)

			state, p = login(t, srv, &xmpp.Options{Store: store})
			assert.Equal(t, c.want, state.Mechanism)
			assert.Equal(t, c.want == "HT-SHA-256-NONE", state.ChannelBinding == "")
			assert.Equal(t, []string{"<fast xmlns='urn:xmpp:fast:0' count='1'/>"}, p.said(t, fastElement))
			again, second := keptOf(t, store)
			assert.Equal(t, agent, again, "one installation")
			assert.Equal(t, c.sasl2.Rotate, first["secret"] != second["secret"])

			_, p = login(t, srv, &xmpp.Options{Store: store})
			assert.Equal(t, []string{"<fast xmlns='urn:xmpp:fast:0' count='" + c.count + "'/>"}, p.said(t, fastElement))
		})
	}
}

// TestFASTOfAnotherDomain: a token is good for the domain that has given it out, and for the account: with the same store, nobody
// else hears of it.
func TestFASTOfAnotherDomain(t *testing.T) {
	srv := modern(t, xmpptest.Options{})
	store := xmpp.FileStore(t.TempDir())
	login(t, srv, &xmpp.Options{Store: store})
	other := modern(t, xmpptest.Options{Domain: "elsewhere.test"})
	state, p := login(t, other, &xmpp.Options{Store: store})
	assert.Equal(t, "SCRAM-SHA-512-PLUS", state.Mechanism)
	assert.Contains(t, p.said(t, fastElement)[0], "<request-token")
	bob := srv.Session(t, "bob", &xmpp.Options{Store: store})
	assert.Equal(t, "SCRAM-SHA-512-PLUS", bob.ConnectionState().Mechanism)
}

// TestFASTBetterBinding: where a better token can be had than the one that is there, a login with the password brings it (XEP-0484 §6).
func TestFASTBetterBinding(t *testing.T) {
	store := xmpp.FileStore(t.TempDir())
	login(t, modern(t, xmpptest.Options{SASL2: &xmpptest.SASL2{FAST: []string{"HT-SHA-256-NONE"}}, ChannelBindings: []string{}}), &xmpp.Options{Store: store})
	_, token := keptOf(t, store)
	require.Equal(t, "HT-SHA-256-NONE", token["mechanism"])
	better := modern(t, xmpptest.Options{SASL2: &xmpptest.SASL2{FAST: []string{"HT-SHA-256-EXPR", "HT-SHA-256-NONE"}}})
	p, o := new(tape), better.Options("alice")
	o.Store, o.Trace = store, p.trace()
	conn, err := better.Dial(t.Context(), "", "")
	require.NoError(t, err)
	s, err := xmpp.NewSession(t.Context(), conn, better.JID("alice"), o) // which hears the offer first
	require.NoError(t, err)
	defer s.Close()
	assert.Equal(t, "SCRAM-SHA-512-PLUS", s.ConnectionState().Mechanism)
	assert.Zero(t, better.Stats().LoginFailures)
	assert.Equal(t, []string{"<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-EXPR'/>"}, p.said(t, fastElement))
}

// TestFASTOfAClient: a Client has its token without a Store, too; a session of Dial has no use for one.
func TestFASTOfAClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := modern(t, xmpptest.Options{})
		bot := xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
		online := make(chan *xmpp.Session, 4)
		bot.Online = func(_ context.Context, s *xmpp.Session) error { online <- s; return nil }
		r := run(t, bot)
		assert.Equal(t, "SCRAM-SHA-512-PLUS", (<-online).ConnectionState().Mechanism)
		srv.CloseStream("alice", "")
		assert.Equal(t, "HT-SHA-256-EXPR", (<-online).ConnectionState().Mechanism)
		r.stop()
		require.NoError(t, <-r.err)
	})
	_, p := login(t, modern(t, xmpptest.Options{}), nil)
	assert.Empty(t, p.said(t, fastElement))
}

// TestFASTRefused: a token that is refused is forgotten, and the password takes its place in the same connection.
func TestFASTRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := modern(t, xmpptest.Options{SASL2: &xmpptest.SASL2{TokenAge: time.Hour}})
		store := xmpp.FileStore(t.TempDir())
		login(t, srv, &xmpp.Options{Store: store})
		_, first := keptOf(t, store)
		srv.ForgetTokens("alice")
		before := srv.Stats()
		state, p := login(t, srv, &xmpp.Options{Store: store})
		assert.Equal(t, "SCRAM-SHA-512-PLUS", state.Mechanism)
		assert.Len(t, p.said(t, authenticateElement), 2)
		assert.EqualValues(t, 1, srv.Stats().Conns-before.Conns, "in one connection")
		_, second := keptOf(t, store)
		assert.NotEqual(t, first["secret"], second["secret"])

		elapse(time.Hour) // now it is void, and not even tried
		_, p = login(t, srv, &xmpp.Options{Store: store})
		assert.Len(t, p.said(t, authenticateElement), 1)
		assert.Contains(t, p.said(t, authenticateElement)[0], "SCRAM")
	})
}

// TestFASTForgotten: whoever logs out takes the token along: the server does not take it any more, and it's nowhere kept.
func TestFASTForgotten(t *testing.T) {
	for name, sasl2 := range map[string]xmpptest.SASL2{"": {}, "rotation": {Rotate: true}} {
		t.Run(name, func(t *testing.T) {
			srv := modern(t, xmpptest.Options{SASL2: &sasl2})
			store := xmpp.FileStore(t.TempDir())
			forget := &xmpp.Options{Store: store, ForgetToken: true}
			state, p := login(t, srv, forget)
			assert.Equal(t, "SCRAM-SHA-512-PLUS", state.Mechanism)
			assert.Empty(t, p.said(t, fastElement), "there is none, and none is asked for")

			login(t, srv, &xmpp.Options{Store: store})
			saved, _, err := store.Load(t.Context(), "login alice@canto.test")
			require.NoError(t, err)
			state, p = login(t, srv, forget)
			assert.Equal(t, "HT-SHA-256-EXPR", state.Mechanism)
			assert.Equal(t, []string{"<fast xmlns='urn:xmpp:fast:0' count='1' invalidate='true'/>"}, p.said(t, fastElement))
			agent, token := keptOf(t, store)
			assert.Nil(t, token)
			assert.NotEmpty(t, agent, "it is still this installation")

			stolen := xmpp.FileStore(t.TempDir())
			_, err = stolen.Save(t.Context(), "login alice@canto.test", saved, 0)
			require.NoError(t, err)
			o := srv.Options("alice")
			o.Password, o.Store = "", stolen
			_, err = xmpp.Dial(t.Context(), srv.JID("alice"), o)
			assert.ErrorIs(t, err, sasl.NotAuthorized)
		})
	}
}

// TestFASTForgottenAnyway: a token that comes although none was to is not kept (XEP-0484 §3.6: the server MUST NOT send one).
func TestFASTForgottenAnyway(t *testing.T) {
	srv := modern(t, xmpptest.Options{Tamper: func(e xmpptest.Exchange) string {
		if e.Step != xmpptest.StepSuccess || e.Conn == 1 {
			return e.XML
		}
		return strings.Replace(e.XML, "</authorization-identifier>", "</authorization-identifier><token xmlns='urn:xmpp:fast:0' token='again' expiry='2999-01-01T00:00:00Z'/>", 1)
	}})
	store := xmpp.FileStore(t.TempDir())
	login(t, srv, &xmpp.Options{Store: store})
	login(t, srv, &xmpp.Options{Store: store, ForgetToken: true})
	_, token := keptOf(t, store)
	assert.Nil(t, token)
}

// TestFASTWithoutPassword: a token alone will do, as long as it's good.
func TestFASTWithoutPassword(t *testing.T) {
	srv := modern(t, xmpptest.Options{})
	store := xmpp.FileStore(t.TempDir())
	login(t, srv, &xmpp.Options{Store: store})
	o := srv.Options("alice")
	o.Password, o.Store = "", store
	s, err := xmpp.Dial(t.Context(), srv.JID("alice"), o)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	srv.ForgetTokens("alice")
	_, err = xmpp.Dial(t.Context(), srv.JID("alice"), o)
	require.ErrorIs(t, err, sasl.NotAuthorized)
	_, token := keptOf(t, store)
	assert.Nil(t, token)
}

// TestSecurityS11Token: a token goes nowhere but over the channel binding it was given for, and a server that can't prove that
// it knows it is no server of ours: the password is not tried there.
func TestSecurityS11Token(t *testing.T) {
	noEXPR := func(e xmpptest.Exchange) string {
		return regexp.MustCompile("<mechanism>HT-SHA-256-(EXPR|ENDP|UNIQ)</mechanism>").ReplaceAllString(e.XML, "")
	}
	for name, c := range map[string]struct {
		stored string // the mechanism of the token that is in the store; empty: the one it was given for
		change func(e xmpptest.Exchange) string
		sasl   func(e xmpptest.Exchange, data []byte) []byte
		want   error // nil: the password takes over
	}{
		"offered without channel binding only": {change: noEXPR},
		"stored for no channel binding":        {stored: "HT-SHA-256-NONE", change: noEXPR},
		"success without proof": {change: func(e xmpptest.Exchange) string {
			if e.Step != xmpptest.StepSuccess {
				return e.XML
			}
			return regexp.MustCompile("<additional-data>.*</additional-data>").ReplaceAllString(e.XML, "")
		}, want: sasl.ErrUnverified},
		"wrong proof": {sasl: func(e xmpptest.Exchange, data []byte) []byte {
			if e.Step == xmpptest.StepSuccess {
				return bytes.Repeat([]byte("x"), 32)
			}
			return data
		}, want: sasl.ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			attack := false
			srv := modern(t, xmpptest.Options{Tamper: func(e xmpptest.Exchange) string {
				if !attack || c.change == nil {
					return e.XML
				}
				return c.change(e)
			}, TamperSASL: func(e xmpptest.Exchange, data []byte) []byte {
				if !attack || c.sasl == nil {
					return data
				}
				return c.sasl(e, data)
			}})
			store := xmpp.FileStore(t.TempDir())
			login(t, srv, &xmpp.Options{Store: store})
			if c.stored != "" {
				saved, version, err := store.Load(t.Context(), "login alice@canto.test")
				require.NoError(t, err)
				weaker := bytes.Replace(saved, []byte("HT-SHA-256-EXPR"), []byte(c.stored), 1)
				require.NotEqual(t, saved, weaker)
				_, err = store.Save(t.Context(), "login alice@canto.test", weaker, version)
				require.NoError(t, err)
			}
			attack = true
			p, o := new(tape), srv.Options("alice")
			o.Store, o.Trace = store, p.trace()
			conn, err := srv.Dial(t.Context(), "", "")
			require.NoError(t, err)
			s, err := xmpp.NewSession(t.Context(), conn, srv.JID("alice"), o)
			require.Len(t, p.said(t, authenticateElement), 1)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
				return
			}
			require.NoError(t, err)
			defer s.Close()
			assert.Equal(t, "SCRAM-SHA-512-PLUS", s.ConnectionState().Mechanism)
			assert.NotContains(t, p.said(t, authenticateElement)[0], "request-token", "a login that binds asks for no token that does not")
		})
	}
}

// TestSecurityS21Token: no token, and nothing that proves one, is in a log, a trace or an error; not even where all that the
// server has to say comes in one piece.
func TestSecurityS21Token(t *testing.T) {
	held, hold := "", false
	o := xmpptest.Options{Mechanisms: []string{"SCRAM-SHA-256-PLUS"}, SASL2: &xmpptest.SASL2{Rotate: true}} // a short offer fits into one record of TLS
	o.Tamper = func(e xmpptest.Exchange) string {
		if !hold || !e.Secure {
			return e.XML
		}
		if held += e.XML; e.Step != xmpptest.StepFeatures || e.User == "" {
			return ""
		}
		return held
	}
	srv := modern(t, o)
	store := xmpp.FileStore(t.TempDir())
	var logs bytes.Buffer
	var secrets []string
	logger := slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	record := func() *tape {
		_, p := login(t, srv, &xmpp.Options{Store: store, Logger: logger})
		logs.WriteString(p.sent.String() + p.received.String())
		return p
	}
	for range 2 {
		record()
		_, token := keptOf(t, store)
		secrets = append(secrets, token["secret"].(string))
	}
	hold = true
	p := record()
	assert.Regexp(t, `(?s)<stream:stream.*<mechanism>HT-SHA-256-EXPR.*<success xmlns='urn:xmpp:sasl:2'>\[SASL\]</success><stream:features.*rosterver`,
		p.received.String(), "the trace has all the rest, in its order")
	hold = false
	_, token := keptOf(t, store)
	secrets = append(secrets, token["secret"].(string))
	srv.ForgetTokens("alice")
	record()
	require.Contains(t, logs.String(), "the token of an earlier login was refused")
	for _, s := range secrets {
		assert.NotContains(t, logs.String(), s)
	}
	proofs := 0
	for _, e := range srv.Transcript("") {
		for _, m := range regexp.MustCompile("(?:initial-response|response)[^>]*>([^<]+)<").FindAllStringSubmatch(e.XML, -1) {
			proofs++
			assert.NotContains(t, logs.String(), m[1])
		}
	}
	require.Equal(t, 7, proofs)
}

// A brittleStore fails to save once it's told to.
type brittleStore struct {
	xmpp.Store
	broken bool
}

var errBrittle = errors.New("the disk is full")

func (s *brittleStore) Save(ctx context.Context, key string, value []byte, version uint64) (uint64, error) {
	if s.broken {
		return 0, errBrittle
	}
	return s.Store.Save(ctx, key, value, version)
}

// TestFASTUncounted: a token whose use can't be counted is not used.
func TestFASTUncounted(t *testing.T) {
	srv := modern(t, xmpptest.Options{})
	store := &brittleStore{Store: xmpp.FileStore(t.TempDir())}
	login(t, srv, &xmpp.Options{Store: store})
	store.broken = true
	state, p := login(t, srv, &xmpp.Options{Store: store})
	assert.Equal(t, "SCRAM-SHA-512-PLUS", state.Mechanism)
	assert.Len(t, p.said(t, authenticateElement), 1)
}

// An overtakenStore lets another process go first when something is saved.
type overtakenStore struct {
	xmpp.Store
	other func()
}

func (s *overtakenStore) Save(ctx context.Context, key string, value []byte, version uint64) (uint64, error) {
	if other := s.other; other != nil {
		s.other = nil
		other()
	}
	return s.Store.Save(ctx, key, value, version)
}

// TestFASTCountOfTwoProcesses: no count is used twice, although two processes have read the same one (XEP-0484 §3.4).
func TestFASTCountOfTwoProcesses(t *testing.T) {
	srv := modern(t, xmpptest.Options{})
	store := xmpp.FileStore(t.TempDir())
	login(t, srv, &xmpp.Options{Store: store})
	late := &overtakenStore{Store: store}
	late.other = func() {
		_, p := login(t, srv, &xmpp.Options{Store: store})
		assert.Equal(t, []string{"<fast xmlns='urn:xmpp:fast:0' count='1'/>"}, p.said(t, fastElement))
	}
	_, p := login(t, srv, &xmpp.Options{Store: late})
	assert.Nil(t, late.other)
	assert.Equal(t, []string{"<fast xmlns='urn:xmpp:fast:0' count='2'/>"}, p.said(t, fastElement))
}
