package xmpp_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ways are the two ways to a session. Each returns the error with which the first attempt ends, or nil once one is bound,
// which is closed.
var ways = map[string]func(t *testing.T, addr jid.JID, o *xmpp.Options) error{
	"Session": func(t *testing.T, addr jid.JID, o *xmpp.Options) error {
		s, err := xmpp.Dial(t.Context(), addr, o)
		if err != nil {
			return err
		}
		return s.Close()
	},
	"Client": func(t *testing.T, addr jid.JID, o *xmpp.Options) error {
		c := xmpp.NewClient(addr, o)
		r := run(t, c)
		defer r.stop()
		for st := range c.State(t.Context()) {
			if st.Kind == xmpp.Online {
				return nil
			}
			if st.Err != nil {
				return st.Err
			}
		}
		return <-r.err
	},
}

// forEachWay runs f with each of them.
func forEachWay(t *testing.T, f func(t *testing.T, enter func(addr jid.JID, o *xmpp.Options) error)) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			f(t, func(addr jid.JID, o *xmpp.Options) error { return way(t, addr, o) })
		})
	}
}

// atStep changes what a server says at a step of the negotiation.
func atStep(step xmpptest.Step, change func(xml string) string) func(e xmpptest.Exchange) string {
	return func(e xmpptest.Exchange) string {
		if e.Step != step {
			return e.XML
		}
		return change(e.XML)
	}
}

// inData changes the data of SASL at a step.
func inData(step xmpptest.Step, change func(data string) string) func(e xmpptest.Exchange, data []byte) []byte {
	return func(e xmpptest.Exchange, data []byte) []byte {
		if e.Step != step {
			return data
		}
		return []byte(change(string(data)))
	}
}

var (
	scramData  = regexp.MustCompile(`^r=([^,]*),(s=[^,]*),i=([0-9]+)(.*)$`) // server-first-message
	classicOf  = regexp.MustCompile(`>[^<]*</success>`)
	modernOf   = regexp.MustCompile(`<additional-data>.*</additional-data>`)
	plusOffers = regexp.MustCompile(`<mechanism>[A-Z0-9-]*-PLUS</mechanism>`)
)

// firstMessage changes the first message of a SCRAM server.
func firstMessage(becomes string) func(e xmpptest.Exchange, data []byte) []byte {
	return inData(xmpptest.StepChallenge, func(data string) string { return scramData.ReplaceAllString(data, becomes) })
}

// A hostileLogin is what a server that does not know the password says, or somebody on the way has made of what it said.
type hostileLogin struct {
	o      xmpptest.Options
	want   error
	proved bool // the client had proved the password by then
}

var hostileLogins = map[string]hostileLogin{
	"success without proof": {xmpptest.Options{Tamper: atStep(xmpptest.StepSuccess, func(s string) string {
		return modernOf.ReplaceAllString(classicOf.ReplaceAllString(s, "></success>"), "")
	})}, sasl.ErrUnverified, true},
	"an empty proof": {xmpptest.Options{Tamper: atStep(xmpptest.StepSuccess, func(s string) string {
		if strings.Contains(s, "urn:xmpp:sasl:2") {
			return modernOf.ReplaceAllString(s, "<additional-data/>")
		}
		return classicOf.ReplaceAllString(s, ">=</success>")
	})}, sasl.ErrUnverified, true},
	"a wrong proof": {xmpptest.Options{TamperSASL: inData(xmpptest.StepSuccess, func(string) string {
		return "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	})}, sasl.ErrSignature, true},
	"a wrong proof in a challenge": {xmpptest.Options{FinalInChallenge: true, TamperSASL: inData(xmpptest.StepChallenge, func(s string) string {
		if scramData.MatchString(s) {
			return s
		}
		return "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	})}, sasl.ErrSignature, true},
	"success before the exchange": {xmpptest.Options{Tamper: atStep(xmpptest.StepChallenge, func(s string) string {
		if strings.Contains(s, "urn:xmpp:sasl:2") {
			return "<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>alice@canto.test/x</authorization-identifier><bound xmlns='urn:xmpp:bind:0'/></success><stream:features/>"
		}
		return "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
	})}, sasl.ErrUnverified, false},
	"tasks without proof": {xmpptest.Options{SASL2: &xmpptest.SASL2{Tasks: []string{"T"}},
		Tamper: atStep(xmpptest.StepContinue, func(s string) string { return modernOf.ReplaceAllString(s, "") })}, sasl.ErrUnverified, true},
	"another nonce": {xmpptest.Options{TamperSASL: firstMessage("r=another-" + strings.Repeat("x", 50) + ",$2,i=$3$4")}, sasl.ErrNonce, false},
	"a nonce that is no more than ours": {xmpptest.Options{TamperSASL: func(e xmpptest.Exchange, data []byte) []byte {
		const ours = 32 // characters: base64 of 24 bytes
		m := scramData.FindSubmatch(data)
		if m == nil {
			return data
		}
		return []byte("r=" + string(m[1][:ours]) + "," + string(m[2]) + ",i=" + string(m[3]))
	}}, sasl.ErrNonce, false},
	"a mandatory extension":  {xmpptest.Options{TamperSASL: firstMessage("m=x,r=$1,$2,i=$3$4")}, sasl.ErrExtension, false},
	"no nonce":               {xmpptest.Options{TamperSASL: firstMessage("$2,i=$3$4")}, sasl.ErrMalformed, false},
	"no salt":                {xmpptest.Options{TamperSASL: firstMessage("r=$1,i=$3$4")}, sasl.ErrMalformed, false},
	"no iterations":          {xmpptest.Options{TamperSASL: firstMessage("r=$1,$2$4")}, sasl.ErrMalformed, false},
	"attributes out of turn": {xmpptest.Options{TamperSASL: firstMessage("i=$3,r=$1,$2$4")}, sasl.ErrMalformed, false},
	"few iterations":         {xmpptest.Options{TamperSASL: firstMessage("r=$1,$2,i=4095$4")}, sasl.ErrIterations, false},
	"endless iterations":     {xmpptest.Options{TamperSASL: firstMessage("r=$1,$2,i=99999999999$4")}, sasl.ErrIterations, false},
	"the best hash stripped": {xmpptest.Options{DowngradeProtection: true, Tamper: atStep(xmpptest.StepFeatures, func(s string) string {
		return strings.ReplaceAll(s, "<mechanism>SCRAM-SHA-512-PLUS</mechanism>", "")
	})}, sasl.ErrDowngrade, false},
	"-PLUS stripped": {xmpptest.Options{Tamper: atStep(xmpptest.StepFeatures, func(s string) string {
		return plusOffers.ReplaceAllString(s, "")
	})}, sasl.ErrDowngrade, false},
	"-PLUS stripped, and no types announced": {xmpptest.Options{HideBindings: true, Tamper: atStep(xmpptest.StepFeatures, func(s string) string {
		return plusOffers.ReplaceAllString(s, "")
	})}, sasl.NotAuthorized, false}, // the flag "y" tells the server (RFC 5802 §6)
}

// TestSecurityS11Login: a server that does not prove itself is not believed, whatever it says beside, and an offer that somebody
// has changed ends the login, before the password is proved where that can be known. In both profiles, for both kinds of
// endpoint; a Client does not try again.
func TestSecurityS11Login(t *testing.T) {
	for name, c := range hostileLogins {
		for profile, offer := range map[string]*xmpptest.SASL2{"RFC 6120": nil, "XEP-0388": {}} {
			if c.o.SASL2 != nil && offer == nil {
				continue // there are no tasks in RFC 6120
			}
			t.Run(name+", "+profile, func(t *testing.T) {
				forEachWay(t, func(t *testing.T, enter func(jid.JID, *xmpp.Options) error) {
					srv := hostile(t, c.o, offer)
					p, o := new(tape), srv.Options("alice")
					o.Trace = p.trace()
					err := enter(srv.JID("alice"), o)
					require.ErrorIs(t, err, c.want)
					requireStep(t, xmpp.StepAuth, err)
					assert.Equal(t, c.proved, len(p.said(t, "<response")) > 0)
					assert.EqualValues(t, 1, srv.Stats().Conns, "it's not tried again")
					assert.Empty(t, srv.Sessions("alice"))
				})
			})
		}
	}
	t.Run("the types of channel binding stripped, XEP-0388", func(t *testing.T) { // XEP-0440 §3, rule 4, is of that profile alone
		forEachWay(t, func(t *testing.T, enter func(jid.JID, *xmpp.Options) error) {
			srv := modern(t, xmpptest.Options{HideBindings: true})
			require.ErrorIs(t, enter(srv.JID("alice"), srv.Options("alice")), sasl.ErrDowngrade)
		})
	})
}

// hostile is a server in memory with the logins of one profile.
func hostile(t *testing.T, o xmpptest.Options, offer *xmpptest.SASL2) *xmpptest.Server {
	if offer != nil {
		return modern(t, o)
	}
	o.InMemory = true
	return xmpptest.NewServerWith(t, &o)
}
