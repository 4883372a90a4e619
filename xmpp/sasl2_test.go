package xmpp_test

import (
	"context"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A tape records what goes over the stream, as Options.Trace shows it.
type tape struct {
	mu             sync.Mutex
	sent, received strings.Builder
}

func (p *tape) trace() *xmpp.Trace {
	record := func(b *strings.Builder) func([]byte) {
		return func(xml []byte) {
			p.mu.Lock()
			defer p.mu.Unlock()
			b.Write(xml)
		}
	}
	return &xmpp.Trace{Sent: record(&p.sent), Received: record(&p.received)}
}

// said is what the client has sent that matches, without what differs from run to run.
func (p *tape) said(t testing.TB, pattern string) []string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	s := regexp.MustCompile(` id='[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'`).ReplaceAllString(p.sent.String(), ` id='UUID'`)
	return regexp.MustCompile(pattern).FindAllString(s, -1)
}

const authenticateElement = `<authenticate .*?</authenticate>`

// modern is a server in memory that offers the logins of XEP-0388 and no others.
func modern(t testing.TB, o xmpptest.Options) *xmpptest.Server {
	t.Helper()
	o.InMemory = true
	if o.SASL2 == nil {
		o.SASL2 = &xmpptest.SASL2{}
	}
	o.SASL2.Only = true
	return xmpptest.NewServerWith(t, &o)
}

// login is a session that is used and closed.
func login(t testing.TB, srv *xmpptest.Server, o *xmpp.Options) (xmpp.ConnectionState, *tape) {
	t.Helper()
	p := new(tape)
	if o == nil {
		o = &xmpp.Options{}
	}
	c := *o
	c.Trace = p.trace()
	s := srv.Session(t, "alice", &c)
	_, err := s.Do(t.Context(), &stanza.IQ{Type: stanza.Get, Payload: stanza.Payload(pingQuery{})})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	return s.ConnectionState(), p
}

type pingQuery struct {
	XMLName xml.Name `xml:"urn:xmpp:ping ping"`
}

// TestSASL2 is a first login without a Store: one request with all that is wanted, and no token, which would be of no use.
func TestSASL2(t *testing.T) {
	srv := modern(t, xmpptest.Options{SASL2: &xmpptest.SASL2{Inline: []string{"urn:xmpp:carbons:2"}}})
	carbons, err := stanza.ParseElement(`<enable xmlns='urn:xmpp:carbons:2'/>`)
	require.NoError(t, err)
	inactive, err := stanza.ParseElement(`<inactive xmlns='urn:xmpp:csi:0'/>`)
	require.NoError(t, err)
	state, p := login(t, srv, &xmpp.Options{Inline: []stanza.Element{carbons, inactive}, Software: "bot"})
	assert.Equal(t, []string{"<authenticate xmlns='urn:xmpp:sasl:2' mechanism='SCRAM-SHA-512-PLUS'><initial-response>[SASL]</initial-response>" +
		"<user-agent id='UUID'><software>bot</software></user-agent><bind xmlns='urn:xmpp:bind:0'><tag>bot</tag>" +
		"<enable xmlns='urn:xmpp:carbons:2'/><enable xmlns='urn:xmpp:sm:3'/></bind></authenticate>"}, p.said(t, authenticateElement))
	assert.Empty(t, p.said(t, "<iq[^>]*><bind"))
	assert.Equal(t, []string{"urn:xmpp:carbons:2"}, state.Inlined, "of what was wanted, the server can do one")
	assert.Equal(t, "SCRAM-SHA-512-PLUS", state.Mechanism)
	assert.Equal(t, sasl.TLSExporter, state.ChannelBinding)
	assert.Contains(t, state.Mechanisms, "SCRAM-SHA-1-PLUS")
	assert.Regexp(t, "^alice@canto.test/bot/[a-z2-7]{16}$", state.JID.String())
}

// TestSASL2Parts: every part may be missing, and the login goes on in the old way from there.
func TestSASL2Parts(t *testing.T) {
	for name, c := range map[string]struct {
		o        xmpptest.Options
		resource string
		want     string
	}{
		"without binding":              {xmpptest.Options{SASL2: &xmpptest.SASL2{NoBind: true}}, "", "^[A-Z2-7]{26}$"},
		"a resource by name":           {xmpptest.Options{}, "/phone", "^phone$"},
		"without stream management":    {xmpptest.Options{Without: []string{"sm"}}, "", "^canto/"},
		"a session to be asked for":    {xmpptest.Options{SASL2: &xmpptest.SASL2{NoBind: true}, Session: xmpptest.SessionRequired}, "", "^[A-Z2-7]{26}$"},
		"the last word in a challenge": {xmpptest.Options{FinalInChallenge: true}, "", "^canto/"},
		"a server that vouches":        {xmpptest.Options{DowngradeProtection: true}, "", "^canto/"},
		"TLS 1.2":                      {xmpptest.Options{TLSVersion: tls.VersionTLS12}, "", "^canto/"},
		"without channel binding":      {xmpptest.Options{ChannelBindings: []string{}}, "", "^canto/"},
		"PLAIN, which is one message":  {xmpptest.Options{Mechanisms: []string{"PLAIN"}}, "", "^canto/"},
		"stream management that is refused": {xmpptest.Options{Tamper: func(e xmpptest.Exchange) string {
			return regexp.MustCompile("<enabled.*?/>").ReplaceAllString(e.XML, "<failed xmlns='urn:xmpp:sm:3'/>")
		}}, "", "^canto/"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := modern(t, c.o)
			s := srv.Session(t, "alice"+c.resource, nil)
			assert.Regexp(t, c.want, s.JID().Resourcepart())
			_, err := s.Do(t.Context(), &stanza.IQ{Type: stanza.Get, Payload: stanza.Payload(pingQuery{})})
			require.NoError(t, err)
		})
	}
}

// TestSASL2NotInClear: XEP-0388 §3: not without TLS, whatever is offered.
func TestSASL2NotInClear(t *testing.T) {
	ours, theirs := net.Pipe()
	played := make(chan error, 1)
	script := xmpptest.Script{Timeout: patience, Text: strings.Replace(loginScript, "<stream:features><mechanisms",
		"<stream:features><authentication xmlns='urn:xmpp:sasl:2'><mechanism>ANONYMOUS</mechanism></authentication><mechanisms", 1),
		Vars: map[string]string{"features": bindFeature}}
	go func() { played <- script.Play(theirs) }()
	s, err := xmpp.NewSession(t.Context(), ours, juliet, inClear(nil))
	require.NoError(t, <-played, "it's <auth/> that comes")
	require.NoError(t, err)
	theirs.Close()
	s.Close()
}

// TestSASL2Tasks: what the server wants beside the password is an error that says it, after the server has proved itself.
func TestSASL2Tasks(t *testing.T) {
	srv := modern(t, xmpptest.Options{SASL2: &xmpptest.SASL2{Tasks: []string{"TOTP-EXAMPLE", "HOTP-EXAMPLE"}}})
	_, err := xmpp.Dial(t.Context(), srv.JID("alice"), srv.Options("alice"))
	var tasks *sasl.TasksError
	require.ErrorAs(t, err, &tasks)
	assert.Equal(t, []string{"TOTP-EXAMPLE", "HOTP-EXAMPLE"}, tasks.Tasks)
	assert.Equal(t, "There is more to be done.", tasks.Text)

	err = xmpp.NewClient(srv.JID("alice"), srv.Options("alice")).Run(t.Context())
	require.ErrorAs(t, err, &tasks, "and no reason to try again")
}

// TestSASL2Resume: a stream is resumed with the login; where that fails, a resource is bound in the same flight.
func TestSASL2Resume(t *testing.T) {
	for name, c := range map[string]struct {
		sasl2   xmpptest.SASL2
		forget  bool
		resumed bool
		want    string // of the last <authenticate/>
	}{
		"resumed":                       {xmpptest.SASL2{}, false, true, "<resume xmlns='urn:xmpp:sm:3' h='[0-9]+' previd='[^']+'/><bind xmlns='urn:xmpp:bind:0'>.*<enable xmlns='urn:xmpp:sm:3' resume='true'/></bind><fast"},
		"forgotten":                     {xmpptest.SASL2{}, true, false, "<resume .*<bind"},
		"forgotten, without binding":    {xmpptest.SASL2{NoBind: true}, true, false, "<resume [^>]*/><fast"},
		"not with the login":            {xmpptest.SASL2{NoResume: true}, false, true, "</user-agent><fast"},
		"not with the login, forgotten": {xmpptest.SASL2{NoResume: true}, true, false, "</user-agent><fast"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := modern(t, xmpptest.Options{SASL2: &c.sasl2})
				p, o := new(tape), srv.Options("alice")
				o.Trace = p.trace()
				bot := xmpp.NewClient(srv.JID("alice"), o)
				online := make(chan *xmpp.Session, 4)
				bot.Online = func(_ context.Context, s *xmpp.Session) error {
					online <- s
					return s.Send(t.Context(), &stanza.Presence{})
				}
				r := run(t, bot)
				first := <-online
				synctest.Wait()
				srv.DropConns()
				if c.forget {
					synctest.Wait() // the server has noticed, and the client takes its time
					srv.ForgetSuspended("alice")
				}
				if c.resumed {
					require.NoError(t, bot.Deliver(t.Context(), &stanza.Presence{Status: "again"}))
					require.Empty(t, online)
				} else {
					require.NotSame(t, first, <-online)
				}
				all := p.said(t, authenticateElement)
				require.Len(t, all, 2)
				assert.Regexp(t, c.want, all[1])
				r.stop()
				require.NoError(t, <-r.err)
			})
		})
	}
}

// TestSecurityS11SASL2OutOfTurn: what was not asked for, and what contradicts itself, ends the login.
func TestSecurityS11SASL2OutOfTurn(t *testing.T) {
	for name, c := range map[string]struct {
		change func(e xmpptest.Exchange) string
		want   string
	}{
		"bound to no full JID": {func(e xmpptest.Exchange) string {
			return regexp.MustCompile("(alice@canto.test)/[^<]*").ReplaceAllString(e.XML, "$1")
		}, `it has bound a resource and calls us "alice@canto.test", which is no full JID`},
		"bound in another domain": {func(e xmpptest.Exchange) string {
			return strings.ReplaceAll(e.XML, "alice@canto.test/", "alice@example.net/")
		}, `which is not in the domain "canto.test"`},
		"data that is no base64": {func(e xmpptest.Exchange) string {
			return strings.ReplaceAll(e.XML, "<additional-data>", "<additional-data>*")
		}, "data of SASL that is no base64"},
		"a success of the other profile": {func(e xmpptest.Exchange) string {
			return strings.ReplaceAll(e.XML, "urn:xmpp:sasl:2", "urn:ietf:params:xml:ns:xmpp-sasl")
		}, "in place of an element of SASL"},
		"another element": {func(xmpptest.Exchange) string { return "<next xmlns='urn:xmpp:sasl:2' task='x'/>" }, "in place of a challenge, success or failure"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := modern(t, xmpptest.Options{Tamper: func(e xmpptest.Exchange) string {
				if e.Step != xmpptest.StepSuccess {
					return e.XML
				}
				return c.change(e)
			}})
			_, err := xmpp.Dial(t.Context(), srv.JID("alice"), srv.Options("alice"))
			require.ErrorContains(t, err, c.want)
		})
	}
	old := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, Mechanisms: []string{"PLAIN"}, Tamper: func(e xmpptest.Exchange) string {
		if e.Step != xmpptest.StepSuccess {
			return e.XML
		}
		return "<continue xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
	}})
	_, err := xmpp.Dial(t.Context(), old.JID("alice"), old.Options("alice"))
	require.ErrorContains(t, err, "in place of a challenge, success or failure", "RFC 6120 has no tasks")
	// A stream that is resumed and was not to be is passed over: what follows is then not what has to.
	srv := modern(t, xmpptest.Options{Tamper: func(e xmpptest.Exchange) string {
		if e.Step != xmpptest.StepSuccess {
			return e.XML
		}
		return strings.Replace(e.XML, "</success>", "<resumed xmlns='urn:xmpp:sm:3' h='7' previd='x'/></success>", 1)
	}})
	s := srv.Session(t, "alice", nil)
	require.NotEmpty(t, s.JID().Resourcepart())
}

// TestSASL2BoundUnasked: who asks for a resource by name does not have it bound with the login; a server that says it has bound one
// all the same is asked for the one that is wanted.
func TestSASL2BoundUnasked(t *testing.T) {
	srv := modern(t, xmpptest.Options{Tamper: func(e xmpptest.Exchange) string {
		if e.Step != xmpptest.StepSuccess {
			return e.XML
		}
		return strings.Replace(e.XML, "</success>", "<bound xmlns='urn:xmpp:bind:0'/></success>", 1)
	}})
	s, err := xmpp.Dial(t.Context(), srv.JID("alice/balcony"), srv.Options("alice"))
	require.NoError(t, err)
	require.Equal(t, srv.JID("alice/balcony"), s.JID())
	require.NoError(t, s.Close())
}

// TestSASL2Silent: a server that leaves the login half done is given up in time.
func TestSASL2Silent(t *testing.T) {
	for _, step := range []xmpptest.Step{xmpptest.StepChallenge, xmpptest.StepSuccess} {
		synctest.Test(t, func(t *testing.T) {
			srv := modern(t, xmpptest.Options{Tamper: func(e xmpptest.Exchange) string {
				if e.Step == step {
					return ""
				}
				return e.XML
			}})
			o := srv.Options("alice")
			o.DeadAfter = time.Minute
			start := time.Now()
			_, err := xmpp.Dial(t.Context(), srv.JID("alice"), o)
			require.True(t, errors.Is(err, xmpp.ErrPeerSilent) || step == xmpptest.StepSuccess, "%v", err)
			require.Error(t, err)
			require.LessOrEqual(t, time.Since(start), time.Minute+time.Second)
		})
	}
}
