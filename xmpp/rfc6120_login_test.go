package xmpp_test

import (
	"crypto/tls"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// The tests of the files rfc6120_… show requirements of RFC 6120 on the wire, row by row; see internal/conformance.

// capulet is the account of the examples of RFC 6120.
var capulet = jid.MustParse("juliet@im.example.com")

// What servers say in the examples of RFC 6120 §9.1.
const (
	imHeader = `<?xml version='1.0'?><stream:stream from='im.example.com' id='t7AMCin9zjMNwQKDnplntZPIDEI=' version='1.0' xml:lang='en' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`

	startTLSRequired = `<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>`
	proceed          = `<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`
	scrams           = `<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1-PLUS</mechanism><mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism></mechanisms>`
)

// imTLS is the way to the second stream, the one inside TLS; imBind the way to the third.
const (
	imTLS = `
< <stream:stream to='im.example.com' version='1.0' xml:lang='en'>
> ` + imHeader + `<stream:features>` + startTLSRequired + `</stream:features>
< <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
> ` + proceed + `
starttls
< <stream:stream from='juliet@im.example.com' to='im.example.com' version='1.0' xml:lang='en'>
`
	imBind = imTLS + `
> ` + imHeader + `<stream:features>` + scrams + `</stream:features>
login juliet r0m30myr0m30
< <stream:stream from='juliet@im.example.com' to='im.example.com' version='1.0' xml:lang='en'>
`
	imBound = imBind + `
> ` + imHeader + `<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>
< <iq id='${bind}' type='set'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>
> <iq id='${bind}' type='result'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>juliet@im.example.com/4db06f06-1ea4-11dc-aca3-000bcd821bfb</jid></bind></iq>
`
	imClose = `
< </stream:stream>
> </stream:stream>
eof
`
)

// capuletOptions log in to what the scripts play.
func capuletOptions() *xmpp.Options {
	return &xmpp.Options{Password: "r0m30myr0m30", Lang: "en", TLS: &tls.Config{RootCAs: xmpptest.Roots()}}
}

// enact plays a script to a client that logs in as addr and returns what becomes of it. played gets the script's end.
func enact(t *testing.T, script string, addr jid.JID, o *xmpp.Options) (s *xmpp.Session, played <-chan error, err error) {
	t.Helper()
	client, server := net.Pipe()
	done := make(chan error, 1)
	go func() {
		err := (&xmpptest.Script{Text: script, Timeout: patience}).Play(server)
		if err != nil {
			server.Close()
		}
		done <- err
	}()
	s, err = xmpp.NewSession(t.Context(), client, addr, o)
	t.Cleanup(func() {
		if s != nil {
			s.Close()
		}
		server.Close()
	})
	return s, done, err
}

// sent collects what a client writes to its stream, inside TLS.
type sent struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *sent) trace() *xmpp.Trace {
	return &xmpp.Trace{Sent: func(b []byte) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.b.Write(b)
	}}
}

func (s *sent) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// TestRFC6120Login is the exchange of RFC 6120 §9.1.1 to §9.1.4, from the first byte to the last: TLS, then SASL, then
// binding, each where it belongs, with a new stream after the first two and none after the third.
func TestRFC6120Login(t *testing.T) {
	t.Attr("conformance", "bind-mtn bind-restart bind-support sasl-restart sasl-support tls-restart tls-support stream-negotiation-restart "+
		"xml-namespace-content-client")
	t.Attr("conformance", "6120-4.3.2-3 6120-4.3.3-1 6120-4.3.3-2 6120-4.3.5-2 6120-4.3.6-5 6120-4.7.1-1 6120-4.8.2-2 6120-5.2-1 6120-5.2-3 6120-5.3.2-1 "+
		"6120-5.3.4-1 6120-5.4.3.1-1 6120-5.4.3.3-4 6120-6.2-1 6120-6.3.2-1 6120-6.4.6-4 6120-7.1-1 6120-7.2-1 6120-7.3.2-1 6120-7.4-3 "+
		"6120-13.3-1 6120-13.4-1 6120-13.5-1 6120-13.8.1-2 6120-13.8.2-2 6120-13.9.4-1 6120-13.14-3")
	synctest.Test(t, func(t *testing.T) {
		var out sent
		o := capuletOptions()
		o.Trace = out.trace()
		s, played, err := enact(t, imBound+`
< <message to='romeo@example.net' type='chat'><body>Art thou not Romeo, and a Montague?</body></message>
> <message from='romeo@example.net/orchard' type='chat'><body>Neither, fair saint, if either thee dislike.</body></message>
`+imClose, capulet, o)
		require.NoError(t, err)
		require.Equal(t, "juliet@im.example.com/4db06f06-1ea4-11dc-aca3-000bcd821bfb", s.JID().String(), "whatever the server has bound")
		require.EqualValues(t, tls.VersionTLS13, s.ConnectionState().TLS.Version)
		inbox := s.Messages(t.Context())
		require.NoError(t, s.Send(t.Context(), &stanza.Message{To: jid.MustParse("romeo@example.net"), Type: stanza.Chat, Body: "Art thou not Romeo, and a Montague?"}))
		require.Equal(t, "Neither, fair saint, if either thee dislike.", (<-inbox).Body)
		require.NoError(t, s.Close())
		require.NoError(t, <-played)

		const header = `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'`
		all := out.String()
		require.Equal(t, 3, strings.Count(all, header), "a declaration and a header for each stream")
		require.True(t, strings.HasPrefix(all, header+` to='im.example.com' xml:lang='en'><starttls `), "nobody is named before TLS: %s", all)
		require.Equal(t, 2, strings.Count(all, header+` from='juliet@im.example.com' to='im.example.com' xml:lang='en'>`), "and who we are after it")
		require.Equal(t, 1, strings.Count(all, "</stream:stream>"), "only the last stream is closed")
		require.True(t, strings.HasSuffix(all, "</message></stream:stream>"), all)
	})
}

// TestRFC6120Resource is RFC 6120 §7.7: the client asks for a resource, and takes the one that it gets.
func TestRFC6120Resource(t *testing.T) {
	t.Attr("conformance", "6120-7.7-1 6120-4.3.6-5")
	synctest.Test(t, func(t *testing.T) {
		asked, err := capulet.WithResource("balcony")
		require.NoError(t, err)
		for _, given := range []string{"balcony", "balcony 2"} {
			s, played, err := enact(t, imBind+`
> `+imHeader+`<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>
< <iq id='${bind}' type='set'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>balcony</resource></bind></iq>
> <iq id='${bind}' type='result'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>juliet@im.example.com/`+given+`</jid></bind></iq>
`+imClose, asked, capuletOptions())
			require.NoError(t, err)
			require.Equal(t, given, s.JID().Resourcepart())
			require.NoError(t, s.Close())
			require.NoError(t, <-played)
		}
	})
}

// TestRFC6120Mandatory is a table of servers that leave out what has to be negotiated, or ask for it in another order.
// The client neither goes without nor sends a stanza before: the scripts have no place for one.
func TestRFC6120Mandatory(t *testing.T) {
	for _, c := range []struct {
		name, script string
		clear        bool // AllowPlaintext
		step         xmpp.Step
	}{
		{"sasl-mtn 6120-6.3.1-1 stream-negotiation-complete no SASL, though binding is offered", imTLS + `
> ` + imHeader + `<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>` + imClose, false, xmpp.StepAuth},
		{"sasl-mtn 6120-6.3.1-1 no features at all", imTLS + `
> ` + imHeader + `<stream:features/>` + imClose, false, xmpp.StepAuth},
		{"bind-mtn 6120-7.3.1-1 no binding", imBind + `
> ` + imHeader + `<stream:features/>` + imClose, false, xmpp.StepBind},
		{"tls-mtn 6120-5.3.1-1 STARTTLS alone, and plaintext allowed", `
< <stream:stream to='im.example.com' version='1.0'>
> ` + imHeader + `<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>
< <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
> <failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>
< </stream:stream>
eof`, true, xmpp.StepTLS},
		{"tls-mtn 6120-5.3.1-1 6120-5.3.4-1 STARTTLS required beside SASL", `
< <stream:stream to='im.example.com' version='1.0'>
> ` + imHeader + `<stream:features>` + startTLSRequired + scrams + `</stream:features>
< <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
> <failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>
< </stream:stream>
eof`, true, xmpp.StepTLS},
		{"6120-5.2-3 6120-13.8.3-3 STARTTLS is offered and plaintext not allowed", `
< <stream:stream to='im.example.com' version='1.0'>
> ` + imHeader + `<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>` + scrams + `</stream:features>
< <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
> <failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>
< </stream:stream>
eof`, false, xmpp.StepTLS},
		{"6120-13.8.3-3 PLAIN alone, in clear", `
< <stream:stream to='im.example.com' version='1.0'>
> ` + imHeader + `<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>` + imClose, true, xmpp.StepAuth},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Attr("conformance", c.name)
			synctest.Test(t, func(t *testing.T) {
				o := capuletOptions()
				o.AllowPlaintext = c.clear
				_, played, err := enact(t, c.script, capulet, o)
				var dial *xmpp.DialError
				require.ErrorAs(t, err, &dial)
				require.Equal(t, c.step, dial.Step, "%v", err)
				require.NoError(t, <-played)
			})
		})
	}
}

// TestRFC7590AsksForTLS: a server does not offer STARTTLS, or somebody took the offer out. It's asked for all the same.
func TestRFC7590AsksForTLS(t *testing.T) {
	t.Attr("conformance", "7590-3.1-1 7590-3.1-2")
	synctest.Test(t, func(t *testing.T) {
		s, played, err := enact(t, strings.Replace(imBound, startTLSRequired, scrams, 1)+imClose, capulet, capuletOptions())
		require.NoError(t, err)
		require.NotZero(t, s.ConnectionState().TLS.Version)
		require.NoError(t, s.Close())
		require.NoError(t, <-played)
	})
}

// TestRFC6120BeforeTLSIsForgotten: what was said in clear counts for nothing once TLS is there (RFC 6120 §5.4.3.3).
func TestRFC6120BeforeTLSIsForgotten(t *testing.T) {
	t.Attr("conformance", "6120-5.4.3.3-2 6120-8.1.5-4")
	synctest.Test(t, func(t *testing.T) {
		var inbox <-chan *stanza.Message
		o := capuletOptions()
		o.Setup = func(s *xmpp.Session) { inbox = s.Messages(t.Context()) }
		s, played, err := enact(t, `
< <stream:stream to='im.example.com' version='1.0'>
> <stream:stream from='elsewhere.example' id='in clear' version='1.0' xml:lang='tlh' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>
> <stream:features>`+startTLSRequired+`<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>X-CLEAR</mechanism></mechanisms><sm xmlns='urn:xmpp:sm:3'/><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>
< <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
> `+proceed+`
starttls
< <stream:stream from='juliet@im.example.com' to='im.example.com' version='1.0'>
`+strings.Split(imBind, imTLS)[1]+strings.Split(imBound, imBind)[1]+`
> <message type='chat'><body>hi</body></message>
`+imClose, capulet, o)
		require.NoError(t, err)
		require.Equal(t, "t7AMCin9zjMNwQKDnplntZPIDEI=", s.ConnectionState().StreamID)
		require.Equal(t, []string{"SCRAM-SHA-1-PLUS", "SCRAM-SHA-1", "PLAIN"}, s.ConnectionState().Mechanisms)
		require.False(t, s.Features().Has("urn:xmpp:sm:3"))
		m := <-inbox
		require.NotNil(t, m)
		require.Equal(t, "en", m.Lang, "the language of the stream that it came on (RFC 6120 §8.1.5)")
		require.NoError(t, s.Close())
		require.NoError(t, <-played)
	})
}

// TestRFC6120Correlate is RFC 6120 §13.7.2 and §6.4.6: the 'from' of the server's stream is the identity that the
// certificate was checked for, and so on each stream. Before TLS it's no matter, and it may be absent.
func TestRFC6120Correlate(t *testing.T) {
	t.Attr("conformance", "tls-correlate sasl-correlate 6120-13.7.2-4 6120-13.7.2-5 6120-4.7.1-5")
	other := strings.Replace(imHeader, "im.example.com", "im.example.org", 1)
	nobody := strings.Replace(imHeader, "from='im.example.com' ", "", 1)
	for name, c := range map[string]struct{ clear, tls, authenticated, fails string }{
		"the same everywhere": {imHeader, imHeader, imHeader, ""},
		"nowhere":             {nobody, nobody, nobody, ""},
		"another in clear":    {other, imHeader, imHeader, ""},
		"another inside TLS":  {imHeader, other, imHeader, `its stream is from "im.example.org", in place of "im.example.com"`},
		"another after SASL":  {imHeader, imHeader, other, `its stream is from "im.example.org"`},
		"somebody's":          {imHeader, strings.Replace(imHeader, "im.example.com", "romeo@im.example.com", 1), imHeader, "its stream is from"},
		"no address":          {imHeader, strings.Replace(imHeader, "im.example.com", "@", 1), imHeader, "its stream is from"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				headers := strings.SplitN(imBound, imHeader, 4)
				require.Len(t, headers, 4)
				script := headers[0] + c.clear + headers[1] + c.tls + headers[2] + c.authenticated + headers[3] + imClose
				s, played, err := enact(t, script, capulet, capuletOptions())
				if c.fails != "" {
					require.ErrorContains(t, err, c.fails)
					require.Error(t, <-played, "the client has left")
					return
				}
				require.NoError(t, err)
				require.NoError(t, s.Close())
				require.NoError(t, <-played)
			})
		})
	}
}

// TestRFC6120SASLErrors is RFC 6120 §6.5: every failure that is defined, with and without text, and one that is not. No
// further mechanism is tried and the stream is closed in order (§6.4.5), but for the two that speak of the mechanism.
func TestRFC6120SASLErrors(t *testing.T) {
	t.Attr("conformance", "sasl-errors 6120-6.4.5-4 6120-6.5-3 6120-6.5-4")
	for _, condition := range []sasl.Condition{
		sasl.Aborted, sasl.AccountDisabled, sasl.CredentialsExpired, sasl.EncryptionRequired, sasl.IncorrectEncoding, sasl.InvalidAuthzID,
		sasl.MalformedRequest, sasl.NotAuthorized, sasl.TemporaryAuthFailure, sasl.InvalidMechanism, sasl.MechanismTooWeak, "too-tired",
	} {
		t.Run(string(condition), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts := 1
				if condition == sasl.InvalidMechanism || condition == sasl.MechanismTooWeak {
					attempts = 2 // the server offers two that we'd use
				}
				_, played, err := enact(t, imTLS+`
> `+imHeader+`<stream:features><sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'/><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism><mechanism>SCRAM-SHA-256</mechanism></mechanisms></stream:features>
`+strings.Repeat(`
< <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='*'>*</auth>
> <failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><`+string(condition)+`/><text xml:lang='en'>Call 212-555-1212 for assistance.</text></failure>
`, attempts)+imClose, capulet, capuletOptions())
				var refused *sasl.Error
				require.ErrorAs(t, err, &refused)
				require.Equal(t, condition, refused.Condition)
				require.Equal(t, "Call 212-555-1212 for assistance.", refused.Text)
				require.Equal(t, "en", refused.Lang)
				require.ErrorIs(t, err, condition)
				require.Equal(t, condition == sasl.NotAuthorized || condition == "too-tired", errorsIs(err, sasl.NotAuthorized))
				require.NoError(t, <-played)
			})
		})
	}
}
