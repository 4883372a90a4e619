package servers

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestChoose(t *testing.T) {
	none := errors.New("not there")
	only := func(there ...Kind) func(Kind) error {
		return func(k Kind) error {
			for _, h := range there {
				if h == k {
					return nil
				}
			}
			return none
		}
	}
	for _, c := range []struct {
		wanted string
		there  func(Kind) error
		kinds  []Kind
		err    string
	}{
		{"", only(), nil, ""},
		{"", only(Ejabberd), []Kind{Ejabberd}, ""},
		{"", only(Ejabberd, Prosody), []Kind{Prosody, Ejabberd}, ""},
		{"none", only(Ejabberd, Prosody), nil, ""},
		{"ejabberd", only(Ejabberd, Prosody), []Kind{Ejabberd}, ""},
		{"prosody, ejabberd", only(Ejabberd, Prosody), []Kind{Prosody, Ejabberd}, ""},
		{"", only(Prosody13, Ejabberd24, Ejabberd), []Kind{Ejabberd, Prosody13, Ejabberd24}, ""},
		{"prosody13,ejabberd24", only(all...), []Kind{Prosody13, Ejabberd24}, ""},
		{"prosody13", only(Prosody), nil, "requires prosody13: not there"},
		{"prosody,ejabberd", only(Prosody), nil, "requires ejabberd: not there"},
		{"openfire", only(Prosody), nil, `names "openfire"`},
	} {
		kinds, err := choose(c.wanted, c.there)
		assert.Equal(t, len(c.kinds), len(kinds), c.wanted)
		for i := range kinds {
			assert.Equal(t, c.kinds[i], kinds[i], c.wanted)
		}
		if c.err == "" {
			assert.NoError(t, err, c.wanted)
		} else {
			assert.ErrorContains(t, err, c.err)
		}
	}
}

func TestConfigComplete(t *testing.T) {
	c, err := Config{}.complete(Prosody)
	require.NoError(t, err)
	assert.Equal(t, Config{Passwords: Plain, Resume: time.Minute}, c)
	again, err := c.complete(Prosody)
	require.NoError(t, err)
	assert.Equal(t, c, again, "a completed one is complete")
	for _, bad := range []struct {
		kind Kind
		cfg  Config
	}{
		{Prosody, Config{External: true, TLS: Plaintext}},
		{Ejabberd, Config{External: true, TLS: Plaintext}},
		{Prosody, Config{External: true, Passwords: SHA1}},
		{Prosody, Config{Passwords: SHA512}},
	} {
		_, err := bad.cfg.complete(bad.kind)
		assert.Error(t, err, "%+v", bad)
	}
}

// The vector of RFC 7677 §3 has another salt, so the keys are checked by their relation to what a client would send.
func TestScramFieldsDifferByHash(t *testing.T) {
	one, err := scramFields(SHA1, "pencil")
	require.NoError(t, err)
	two, err := scramFields(SHA256, "pencil")
	require.NoError(t, err)
	assert.Len(t, one["stored_key"], 2*20)
	assert.Len(t, two["server_key"], 2*32)
	assert.NotEqual(t, one["stored_key"], one["server_key"])
}

func TestEscapeFile(t *testing.T) {
	assert.Equal(t, "canto%2etest", escapeFile("canto.test"))
	assert.Equal(t, "a%20b%c3%a9", escapeFile("a bé"))
}

// A port that another process took between the choice and the bind is a reason to choose again; nothing else is.
func TestPortTaken(t *testing.T) {
	assert.True(t, portTaken(errors.New("listen: Address already in use")))
	assert.True(t, portTaken(errors.New("{error, eaddrinuse}")))
	assert.False(t, portTaken(errors.New("no such host")))
}

// A server that cannot start says why at once, with the end of its log.
func TestBrokenConfigurationIsReported(t *testing.T) {
	for _, kind := range Kinds(t) {
		s := &Server{Kind: kind, dir: t.TempDir(), accounts: map[string]string{}}
		s.addresses()
		begin := time.Now()
		err := s.Restart() // there is no configuration file
		assert.ErrorContains(t, err, "ended while it started", "%s", kind)
		assert.Less(t, time.Since(begin), readyWithin/2)
		assert.NotEmpty(t, strings.TrimSpace(s.Log(0)), "%s", kind)
	}
}
