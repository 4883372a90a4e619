package integration

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

var (
	otherThanPlain = regexp.MustCompile(`<mechanism>(SCRAM|HT)[A-Z0-9-]*</mechanism>`)
	bestSCRAM      = regexp.MustCompile(`<mechanism>SCRAM-SHA-512[A-Z-]*</mechanism>`)
)

const onlyPlain = `<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>`

// forgeries are what somebody in the middle, whose certificate is good, may do to a login.
var forgeries = []struct {
	name string
	o    xmpptest.Options // with what is tampered with
	know bool             // the account has logged in before
	want error            // nil: whatever
}{
	{name: "success without the server's signature", o: xmpptest.Options{TamperSASL: data(xmpptest.StepSuccess, func([]byte) []byte { return nil })}},
	{name: "success with another signature", o: xmpptest.Options{TamperSASL: data(xmpptest.StepSuccess, func([]byte) []byte { return []byte("v=AAAA") })}},
	{name: "another nonce", o: xmpptest.Options{TamperSASL: data(xmpptest.StepChallenge, func(b []byte) []byte { return bytes.Replace(b, []byte("r="), []byte("r=x"), 1) })}},
	{name: "few iterations", o: xmpptest.Options{TamperSASL: data(xmpptest.StepChallenge, func(b []byte) []byte { return bytes.Replace(b, []byte("i=4096"), []byte("i=1"), 1) })}},
	{name: "success in place of the challenge", o: xmpptest.Options{Tamper: said(xmpptest.StepChallenge, func(string) string { return "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>" })}},
	{name: "success before the login", o: xmpptest.Options{Tamper: said(xmpptest.StepFeatures, func(s string) string { return s + "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>" })}},
	{name: "features twice", o: xmpptest.Options{Tamper: said(xmpptest.StepFeatures, func(s string) string { return s + onlyPlain })}},
	{name: "features in place of the challenge", o: xmpptest.Options{Tamper: said(xmpptest.StepChallenge, func(string) string { return onlyPlain })}},
	{name: "bound, and no login", o: xmpptest.Options{Tamper: said(xmpptest.StepFeatures, func(string) string {
		return `<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>`
	})}},
	{name: "the best mechanism stripped, with XEP-0474", want: sasl.ErrDowngrade, o: xmpptest.Options{
		DowngradeProtection: true, Tamper: said(xmpptest.StepFeatures, func(s string) string { return bestSCRAM.ReplaceAllString(s, "") })}},
	{name: "PLAIN alone, for one who knows better", know: true, want: sasl.ErrDowngrade, o: xmpptest.Options{
		Tamper: said(xmpptest.StepFeatures, func(s string) string { return otherThanPlain.ReplaceAllString(s, "") })}},
}

// said changes what is said at one step of the first stream.
func said(step xmpptest.Step, change func(string) string) func(xmpptest.Exchange) string {
	return func(e xmpptest.Exchange) string {
		if e.Step != step || e.User != "" || !e.Secure { // what is said before TLS nobody believes
			return e.XML
		}
		return change(e.XML)
	}
}

// data changes the data of SASL at one step.
func data(step xmpptest.Step, change func([]byte) []byte) func(xmpptest.Exchange, []byte) []byte {
	return func(e xmpptest.Exchange, was []byte) []byte {
		if e.Step != step {
			return was
		}
		return change(was)
	}
}

// TestSecurityS11Carriers: who sits in the middle with a certificate that is good can't have a login believed that is none, over
// whatever the stream goes.
func TestSecurityS11Carriers(t *testing.T) {
	for _, by := range []carrier{byTCP, byWebSocket, byBOSH} {
		for _, profile := range []string{"RFC 6120", "XEP-0388"} {
			for _, c := range forgeries {
				t.Run(strings.TrimPrefix(string(by)+", "+profile+", "+c.name, ", "), func(t *testing.T) {
					o := c.o
					if profile == "XEP-0388" {
						o.SASL2 = &xmpptest.SASL2{FAST: []string{}}
					}
					store := xmpp.FileStore(t.TempDir())
					password := "pencil"
					if c.know {
						clean := o
						clean.Tamper, clean.TamperSASL = nil, nil
						password = knows(t, by, &clean, store)
					}
					p := insideWith(t, &o)
					p.by = by
					require.NoError(t, p.inside.AddUser("alice", password))
					opts := p.options(password)
					opts.Store = store
					_, err := xmpp.Dial(within(t), p.jid("alice"), opts)
					assertStep(t, xmpp.StepAuth, err)
					if c.want != nil {
						require.ErrorIs(t, err, c.want)
					}
				})
			}
		}
	}
}

// knows logs in where nobody is in the middle, so that the store knows what the account has. It returns the password.
func knows(t *testing.T, by carrier, o *xmpptest.Options, store xmpp.Store) string {
	t.Helper()
	p := insideWith(t, o)
	p.by = by
	opts := p.options(p.inside.Password("alice"))
	opts.Store = store
	require.NoError(t, p.login(t, p.jid("alice"), opts).Close())
	return opts.Password
}
