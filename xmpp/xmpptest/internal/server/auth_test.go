package server

import (
	"crypto/tls"
	"encoding/base64"
	"testing"

	"github.com/canto-im/canto/internal/ns"
	"github.com/stretchr/testify/require"
)

func TestScramFinalInChallenge(t *testing.T) {
	s := startServer(t, Options{FinalInChallenge: true})
	c := secured(t, s)
	c.auth("SCRAM-SHA-256", "n,,n=alice,r=abc")
	final, signature := c.scram(scramSHA256, "n,,", "", "n=alice,r=abc", c.challenge(), "secret of alice")
	c.respond(final)
	require.Equal(t, signature, c.challenge())
	c.respond("")
	c.success()
}

func TestAuthWithoutInitialResponse(t *testing.T) {
	s := startServer(t, Options{})
	c := secured(t, s)
	c.send("<auth xmlns='%s' mechanism='PLAIN'/>", ns.SASL)
	require.Empty(t, c.challenge())
	c.respond("\x00alice\x00secret of alice")
	c.success()
}

func TestExternal(t *testing.T) {
	s := startServer(t, Options{})
	cert, err := Certificate(CertSpec{Address: "alice@" + DefaultDomain})
	require.NoError(t, err)
	for name, tt := range map[string]struct{ initial, condition string }{
		"as the certificate says": {"=", ""},
		"by name":                 {base64.StdEncoding.EncodeToString([]byte("alice@" + DefaultDomain)), ""},
		"as another":              {base64.StdEncoding.EncodeToString([]byte("bob@" + DefaultDomain)), "invalid-authzid"},
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, s)
			c.open("")
			c.startTLS(&tls.Config{Certificates: []tls.Certificate{cert}})
			c.open("")
			require.Equal(t, "EXTERNAL", c.features.child(ns.SASL, "mechanisms").first().text())
			c.send("<auth xmlns='%s' mechanism='EXTERNAL'>%s</auth>", ns.SASL, tt.initial)
			if tt.condition != "" {
				require.NotNil(t, c.next().child(ns.SASL, tt.condition))
				return
			}
			c.success()
			c.bind("x")
			require.Equal(t, "alice@"+DefaultDomain+"/x", c.jid)
		})
	}
}

func TestExternalWithoutCertificate(t *testing.T) {
	s := startServer(t, Options{ExternalAlways: true})
	c := secured(t, s)
	c.auth("EXTERNAL", "alice@"+DefaultDomain)
	require.NotNil(t, c.next().child(ns.SASL, "not-authorized"))
}

func TestAnonymous(t *testing.T) {
	s := startServer(t, Options{Mechanisms: []string{"ANONYMOUS"}})
	c := secured(t, s)
	c.auth("ANONYMOUS", "me")
	c.success()
	c.bind("x")
	require.Regexp(t, "^[a-z2-7]{26}@canto.test/x$", c.jid)
}

func TestOAuthBearer(t *testing.T) {
	s := startServer(t, Options{Mechanisms: []string{"OAUTHBEARER"}})
	s.AddToken("alice", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==")
	message := func(token string) string {
		return "n,a=alice@" + DefaultDomain + ",\x01host=" + DefaultDomain + "\x01port=5222\x01auth=Bearer " + token + "\x01\x01"
	}
	c := secured(t, s)
	c.auth("OAUTHBEARER", message("wrong"))
	require.JSONEq(t, `{"status":"invalid_token"}`, c.challenge())
	c.respond("\x01")
	require.NotNil(t, c.next().child(ns.SASL, "not-authorized"))
	c.auth("OAUTHBEARER", "nonsense")
	require.NotNil(t, c.next().child(ns.SASL, "malformed-request"))
	c.auth("OAUTHBEARER", message("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="))
	c.success()
}

func TestSASLOnTheWire(t *testing.T) {
	s := startServer(t, Options{})
	c := secured(t, s)
	c.send("<auth xmlns='%s' mechanism='PLAIN'>%%%%</auth>", ns.SASL)
	require.NotNil(t, c.next().child(ns.SASL, "incorrect-encoding"))
	c.send("<response xmlns='%s'>AAAA</response>", ns.SASL)
	require.NotNil(t, c.next().child(ns.SASL, "malformed-request"))
	c.auth("SCRAM-SHA-1", "n,,n=alice,r=abc")
	c.challenge()
	c.send("<abort xmlns='%s'/>", ns.SASL)
	require.NotNil(t, c.next().child(ns.SASL, "aborted"))
	for range 2 {
		c.auth("PLAIN", "\x00alice\x00wrong")
		require.NotNil(t, c.next().child(ns.SASL, "not-authorized"))
	}
	c.wantStreamError("policy-violation")
}

func TestNothingOfSASLInClear(t *testing.T) {
	s := startServer(t, Options{StartTLS: Off})
	c := dial(t, s)
	c.open("")
	for m := range c.features.child(ns.SASL, "mechanisms").elements() {
		require.Regexp(t, `^SCRAM-SHA-(1|256|512)$`, m.text())
	}
	c.auth("PLAIN", "\x00alice\x00secret of alice")
	require.NotNil(t, c.next().child(ns.SASL, "invalid-mechanism"))
	c.auth("SCRAM-SHA-512", "y,,n=alice,r=abc")
	final, _ := c.scram(scramSHA512, "y,,", "", "n=alice,r=abc", c.challenge(), "secret of alice")
	c.respond(final)
	c.success()
}

func TestDowngradeProtection(t *testing.T) {
	s := startServer(t, Options{DowngradeProtection: true, Mechanisms: []string{"SCRAM-SHA-256", "SCRAM-SHA-1"}})
	c := secured(t, s)
	c.auth("SCRAM-SHA-256", "y,,n=alice,r=abc")
	// XEP-0474 §6.1: sorted mechanisms, 0x1f, sorted types of XEP-0440
	want := scramSHA256.sum([]byte("SCRAM-SHA-1\x1eSCRAM-SHA-256\x1ftls-exporter\x1etls-server-end-point"))
	first := c.challenge()
	require.Contains(t, first, ",h="+base64.StdEncoding.EncodeToString(want))
	final, _ := c.scram(scramSHA256, "y,,", "", "n=alice,r=abc", first, "secret of alice")
	c.respond(final)
	c.success()
}

func TestTamper(t *testing.T) {
	s := startServer(t, Options{
		Tamper: func(e Exchange) string {
			if e.Step == StepFeatures && e.Secure && e.User == "" {
				return "<stream:features><x xmlns='urn:x'/></stream:features>"
			}
			return e.XML
		},
		TamperSASL: func(e Exchange, data []byte) []byte {
			if e.Step == StepSuccess {
				return nil
			}
			return append(data, ",x=y"...)
		},
	})
	c := secured(t, s)
	require.NotNil(t, c.features.child("urn:x", "x"))
	c.auth("SCRAM-SHA-1", "n,,n=alice,r=abc")
	first := c.challenge()
	require.Contains(t, first, ",x=y")
	final, _ := c.scram(scramSHA1, "n,,", "", "n=alice,r=abc", first[:len(first)-4], "secret of alice")
	c.respond(final)
	e := c.next()
	require.True(t, e.is(ns.SASL, "success"))
	require.Empty(t, e.text(), "the signature is gone")
}
