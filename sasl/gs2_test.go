package sasl

import (
	"crypto/sha1"
	"crypto/tls"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	exporter  = Binding{TLSExporter, []byte("exporter")}
	unique    = Binding{TLSUnique, []byte("unique")}
	endOfLine = Binding{TLSServerEndPoint, []byte("certificate")}
)

// TestChannelBindingFlag goes through who can bind, who offers what, and what is announced: RFC 5802 section 6 and the
// rules of XEP-0440 section 3.
func TestChannelBindingFlag(t *testing.T) {
	t.Attr("conformance", "5802-6-4 5802-6-5 5802-6-6 5802-6.1-2")
	both, bar := "SCRAM-SHA-1 SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"
	tls12, tls13 := []Binding{exporter, unique, endOfLine}, []Binding{exporter, endOfLine}
	tests := []struct {
		name      string
		bindings  []Binding
		offered   string
		announced []string
		sasl2     bool
		selected  string // the mechanism that Select puts first
		flag      string
		err       error
	}{
		{"rule 2: we cannot", nil, both, []string{TLSExporter}, false, bar, "n", nil},
		{"rule 2: nobody can", nil, bar, nil, false, bar, "n", nil},
		{"rule 3: the server cannot", tls13, bar, nil, false, bar, "y", nil},
		{"rule 3: the same with SASL2", tls13, bar, nil, true, bar, "y", nil},
		{"rule 4: SASL2 without announcement", tls12, both, nil, true, bar, "", ErrDowngrade},
		{"rule 4: the same on TLS 1.3", tls13, both, nil, true, bar, "", ErrDowngrade},
		{"SASL without announcement on TLS 1.2", tls12, both, nil, false, bar + "-PLUS", "p=tls-unique", nil},
		{"SASL without announcement on TLS 1.3", tls13, both, nil, false, bar, "n", nil},
		{"SASL without announcement, no extended master secret", []Binding{endOfLine}, both, nil, false, bar, "n", nil},
		{"rule 5: -PLUS was stripped", tls13, bar, []string{TLSExporter}, false, bar, "", ErrDowngrade},
		{"rule 5: the same with SASL2", tls13, bar, []string{TLSExporter}, true, bar, "", ErrDowngrade},
		{"rule 6: types were exchanged", tls13, both, []string{"tls-imaginary"}, false, bar, "n", nil},
		{"rule 6: not a single type", tls13, both, []string{}, false, bar, "n", nil},
		{"rule 6: a server of TLS 1.2 without server-end-point", []Binding{endOfLine}, both, []string{TLSUnique}, false, bar, "n", nil},
		{"a certificate that has no server-end-point", []Binding{exporter}, both, []string{TLSServerEndPoint}, false, bar, "n", nil},
		{"rule 7: the strongest", tls13, both, []string{TLSServerEndPoint, TLSExporter}, false, bar + "-PLUS", "p=tls-exporter", nil},
		{"rule 7: the strongest of TLS 1.2", tls12, both, []string{TLSUnique, TLSServerEndPoint}, true, bar + "-PLUS", "p=tls-unique", nil},
		{"rule 1: the last resort", tls13, both, []string{TLSServerEndPoint}, false, bar + "-PLUS", "p=tls-server-end-point", nil},
		{"only with channel binding", tls13, bar + "-PLUS", []string{TLSExporter}, false, bar + "-PLUS", "p=tls-exporter", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := Conn{Encrypted: true, Bindings: tt.bindings, Mechanisms: strings.Fields(tt.offered), BindingTypes: tt.announced, SASL2: tt.sasl2}
			mechs := Select(Password("user", "pencil", nil), c)
			require.Len(t, mechs, 1)
			require.Equal(t, tt.selected, mechs[0].Name())
			x, err := mechs[0].Start(t.Context(), c)
			if tt.err != nil {
				require.ErrorIs(t, err, tt.err)
				assert.ErrorContains(t, err, "XEP-0440")
				return
			}
			require.NoError(t, err)
			flag, _, _ := strings.Cut(string(x.Initial()), ",")
			assert.Equal(t, tt.flag, flag)
			if typ, binds := strings.CutPrefix(flag, "p="); binds {
				assert.Equal(t, typ, x.(*scramExchange).ChannelBinding())
			} else {
				assert.Empty(t, x.(*scramExchange).ChannelBinding())
			}
		})
	}
}

// TestPlusNeedsBinding: -PLUS is never started without a channel to bind to.
func TestPlusNeedsBinding(t *testing.T) {
	t.Attr("conformance", "5802-6-7")
	m := find(t, Password("user", "pencil", nil), "SCRAM-SHA-1-PLUS")
	for _, c := range []Conn{
		{Encrypted: true},
		{Encrypted: true, BindingTypes: []string{TLSExporter}},
		{Encrypted: true, Bindings: []Binding{exporter}},
		{Encrypted: true, Bindings: []Binding{exporter}, BindingTypes: []string{TLSUnique}},
	} {
		_, err := m.Start(t.Context(), c)
		assert.ErrorIs(t, err, ErrNoBinding)
		c.Mechanisms = []string{m.Name()}
		assert.ErrorIs(t, Usable(m, c), ErrNoBinding)
	}
}

// TestChosenWithoutBinding: who leaves -PLUS out of the list wants none; "y" would be a false alarm at the server.
func TestChosenWithoutBinding(t *testing.T) {
	x := begin(t, "SCRAM-SHA-256", "user", "pencil", nil, offers())
	assert.True(t, strings.HasPrefix(string(x.Initial()), "n,,"))
}

// TestSecurityS11StrippedPlus: somebody took -PLUS away. The server learns of it through the flag (RFC 5802 section 6).
func TestSecurityS11StrippedPlus(t *testing.T) {
	s := newScramServer(t, "SCRAM-SHA-256", password)
	s.offersPlus = true
	c := Conn{Encrypted: true, Bindings: []Binding{exporter}, Mechanisms: []string{"SCRAM-SHA-256"}}
	err := s.run(begin(t, "SCRAM-SHA-256", "user", password, nil, c))
	require.ErrorIs(t, err, ServerDoesSupportChannelBinding)
	assert.ErrorIs(t, err, ErrDowngrade)
}

// TestSecurityS11OtherChannel: a man in the middle has two channels, and not one that binds.
func TestSecurityS11OtherChannel(t *testing.T) {
	s := newScramServer(t, "SCRAM-SHA-256-PLUS", password)
	s.bindings = map[string][]byte{TLSExporter: []byte("the other channel")}
	assert.ErrorIs(t, s.run(begin(t, "SCRAM-SHA-256-PLUS", "user", password, nil, offers())), ChannelBindingsDontMatch)
}

// TestSecurityS11OfferChanged: XEP-0474 finds every change of the offer, whatever was selected.
func TestSecurityS11OfferChanged(t *testing.T) {
	sent := offers()
	tests := []struct {
		name   string
		change func(c *Conn)
		want   error
	}{
		{"unchanged", func(c *Conn) {}, nil},
		{"another order", func(c *Conn) { c.Mechanisms[0], c.Mechanisms[1] = c.Mechanisms[1], c.Mechanisms[0] }, nil},
		{"stronger hash stripped", func(c *Conn) { c.Mechanisms = c.Mechanisms[2:] }, ErrDowngrade},
		{"mechanism added", func(c *Conn) { c.Mechanisms = append(c.Mechanisms, "X-TOKEN") }, ErrDowngrade},
		{"mechanism repeated", func(c *Conn) { c.Mechanisms = append(c.Mechanisms, "PLAIN") }, ErrDowngrade},
		{"type stripped", func(c *Conn) { c.BindingTypes = c.BindingTypes[:1] }, ErrDowngrade},
		{"types stripped", func(c *Conn) { c.BindingTypes = nil }, ErrDowngrade},
		{"types emptied", func(c *Conn) { c.BindingTypes = []string{} }, ErrDowngrade},
		{"types exchanged", func(c *Conn) { c.BindingTypes = []string{"tls-imaginary"} }, ErrDowngrade},
		{"TLS version", func(c *Conn) { c.TLSVersion = tls.VersionTLS12 }, ErrDowngrade},
		{"TLS version not known here", func(c *Conn) { c.TLSVersion = 0 }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScramServer(t, "SCRAM-SHA-1", password)
			s.suffix = ",t=0304,h=" + offerHash(scramHash{"SHA-1", sha1.New}, sent)
			c := offers()
			tt.change(&c)
			err := s.run(begin(t, "SCRAM-SHA-1", "user", password, nil, c))
			if tt.want == nil {
				assert.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, tt.want)
		})
	}
}

// TestSecurityS11NoCommonType: without a common type and without tls-server-end-point, only a server that vouches for such
// an offer is let through (XEP-0474 section 7, new rule 6).
func TestSecurityS11NoCommonType(t *testing.T) {
	c := offers()
	c.BindingTypes = []string{"tls-imaginary"}
	s := newScramServer(t, "SCRAM-SHA-256", password)
	err := s.run(begin(t, "SCRAM-SHA-256", "user", password, nil, c))
	require.ErrorIs(t, err, ErrDowngrade)
	assert.ErrorContains(t, err, "vouch")

	s.suffix = ",h=" + offerHash(hashes[1], c)
	assert.NoError(t, s.run(begin(t, "SCRAM-SHA-256", "user", password, nil, c)))
}

// TestOfferHash is the example of XEP-0474 section 6.3.
func TestOfferHash(t *testing.T) {
	c := Conn{Mechanisms: []string{"SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"}, BindingTypes: []string{TLSServerEndPoint, TLSExporter}}
	assert.Equal(t, "G6k/rBLDqgOhRRaCuuatSDFkJ08=", offerHash(hashes[2], c))
}
