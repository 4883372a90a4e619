package xmpp_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const pinKey = "pin alice@canto.test"

// keptKeys are the keys that the store has of alice; empty: none.
func keptKeys(t *testing.T, store xmpp.Store) string {
	t.Helper()
	b, _, err := store.Load(t.Context(), pinKey)
	require.NoError(t, err)
	var v struct{ Keys struct{ Keys string } }
	require.NoError(t, json.Unmarshal(b, &v))
	return v.Keys.Keys
}

// TestKeysAreKept: what SCRAM has derived from the password is not derived again by a later process: it logs in although its
// password is another. The keys are good for one account at one domain, and as long as the server keeps the salt.
func TestKeysAreKept(t *testing.T) {
	for profile, o := range map[string]xmpptest.Options{"RFC 6120": {}, "XEP-0388": {SASL2: &xmpptest.SASL2{Only: true, FAST: []string{}}}} {
		t.Run(profile, func(t *testing.T) {
			o.InMemory = true
			srv := xmpptest.NewServerWith(t, &o)
			store := xmpp.FileStore(t.TempDir())
			dial := func(srv *xmpptest.Server, user, password string) error {
				o := srv.Options(user)
				o.Store, o.Password = store, password
				s, err := xmpp.Dial(t.Context(), srv.JID(user), o)
				if err != nil {
					return err
				}
				return s.Close()
			}
			require.NoError(t, dial(srv, "alice", srv.Password("alice")))
			keys := keptKeys(t, store)
			require.NotEmpty(t, keys)
			require.NoError(t, dial(srv, "alice", "not her password"))
			require.Equal(t, keys, keptKeys(t, store))
			require.ErrorIs(t, dial(srv, "bob", "not his password"), sasl.NotAuthorized)

			require.NoError(t, srv.AddUser("alice", "her new password")) // and a new salt
			before := srv.Stats().LoginFailures
			require.NoError(t, dial(srv, "alice", "her new password"))
			require.Equal(t, before, srv.Stats().LoginFailures, "the old ones were not tried")
			require.NotEqual(t, keys, keptKeys(t, store))

			o.Domain = "elsewhere.test"
			require.ErrorIs(t, dial(xmpptest.NewServerWith(t, &o), "alice", "not her password"), sasl.NotAuthorized)
		})
	}
}

// TestKeysThatDoNotFit: keys that the server refuses do not keep the right password out, which is tried on the same connection, once.
func TestKeysThatDoNotFit(t *testing.T) {
	for profile, o := range map[string]xmpptest.Options{"RFC 6120": {}, "XEP-0388": {SASL2: &xmpptest.SASL2{Only: true, FAST: []string{}}}} {
		t.Run(profile, func(t *testing.T) {
			o.InMemory = true
			srv := xmpptest.NewServerWith(t, &o)
			store := xmpp.FileStore(t.TempDir())
			login(t, srv, &xmpp.Options{Store: store})
			good := keptKeys(t, store)
			spoil := func() {
				b, version, err := store.Load(t.Context(), pinKey)
				require.NoError(t, err)
				wrong := bytes.Repeat([]byte{1}, base64.StdEncoding.DecodedLen(len(good))/2*2)
				wrong = wrong[:len(wrong)/64*64]
				spoilt := strings.Replace(string(b), good, base64.StdEncoding.EncodeToString(wrong), 1)
				require.NotEqual(t, string(b), spoilt)
				_, err = store.Save(t.Context(), pinKey, []byte(spoilt), version)
				require.NoError(t, err)
			}
			spoil()
			before := srv.Stats()
			state, _ := login(t, srv, &xmpp.Options{Store: store})
			assert.Equal(t, "SCRAM-SHA-512-PLUS", state.Mechanism)
			assert.EqualValues(t, 1, srv.Stats().LoginFailures-before.LoginFailures)
			assert.EqualValues(t, 1, srv.Stats().Conns-before.Conns)
			assert.Equal(t, good, keptKeys(t, store))

			spoil()
			before = srv.Stats()
			opts := srv.Options("alice")
			opts.Store, opts.Password = store, "not her password"
			_, err := xmpp.Dial(t.Context(), srv.JID("alice"), opts)
			require.ErrorIs(t, err, sasl.NotAuthorized)
			assert.EqualValues(t, 2, srv.Stats().LoginFailures-before.LoginFailures)
			assert.Empty(t, keptKeys(t, store))
		})
	}
}

// TestKeysAreForgotten with the token.
func TestKeysAreForgotten(t *testing.T) {
	srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
	store := xmpp.FileStore(t.TempDir())
	login(t, srv, &xmpp.Options{Store: store})
	require.NotEmpty(t, keptKeys(t, store))
	o := srv.Options("alice")
	o.Store, o.Password, o.ForgetToken = store, "not her password", true
	_, err := xmpp.Dial(t.Context(), srv.JID("alice"), o)
	require.ErrorIs(t, err, sasl.NotAuthorized, "nor are they used")
	login(t, srv, &xmpp.Options{Store: store, ForgetToken: true})
	require.Empty(t, keptKeys(t, store))
}

// TestSecurityS21NoPasswordInStore: whatever the login, the store has nothing in it that the password could be read from.
func TestSecurityS21NoPasswordInStore(t *testing.T) {
	for name, o := range map[string]xmpptest.Options{
		"PLAIN":              {Mechanisms: []string{"PLAIN"}},
		"SCRAM":              {},
		"XEP-0388":           {SASL2: &xmpptest.SASL2{Only: true}},
		"XEP-0388 and PLAIN": {Mechanisms: []string{"PLAIN"}, SASL2: &xmpptest.SASL2{Only: true}, ChannelBindings: []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			perform(t, o, func(t *testing.T, srv *xmpptest.Server) {
				dir := t.TempDir()
				for range 2 {
					login(t, srv, &xmpp.Options{Store: xmpp.FileStore(dir)})
				}
				o := srv.Options("alice")
				o.Store = xmpp.FileStore(dir)
				bot := xmpp.NewClient(srv.JID("alice"), o)
				online := make(chan struct{}, 1)
				bot.Online = func(context.Context, *xmpp.Session) error { online <- struct{}{}; return nil }
				r := run(t, bot)
				<-online
				synctest.Wait() // for <enabled/>, without which there is nothing to leave to anybody
				require.NoError(t, bot.Detach(t.Context()))
				require.NoError(t, <-r.err)

				password, files := srv.Password("alice"), 0
				require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
					if err != nil || d.IsDir() {
						return err
					}
					files++
					b, err := os.ReadFile(path)
					for _, secret := range []string{
						password, hex.EncodeToString([]byte(password)), base64.StdEncoding.EncodeToString([]byte(password)),
						base64.StdEncoding.EncodeToString([]byte("\x00alice\x00" + password)),
					} {
						assert.NotContains(t, string(b), strings.TrimRight(secret, "="), path)
					}
					return err
				}))
				require.GreaterOrEqual(t, files, 3, "the login, the pin, the stream")
			})
		})
	}
}
