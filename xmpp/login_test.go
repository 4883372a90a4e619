package xmpp_test

import (
	"bytes"
	"encoding/base64"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// What a server may answer to resource binding, and what must not do for one (RFC 6120 §7.6.1, §7.7.1, §8.2.3).
func TestBindAnswers(t *testing.T) {
	result := func(jid string) string {
		return "> <iq id='${bind}' type='result'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>" + jid + "</jid></bind></iq>"
	}
	for _, c := range []struct{ name, answer, says string }{
		{"a full JID", result("juliet@im.example.com/x"), ""},
		{"another localpart", result("anon-1@im.example.com/x"), ""}, // the server knows best, as with ANONYMOUS
		{"another case of the domain", result("juliet@IM.Example.com/x"), ""},
		{"another id", strings.Replace(result("juliet@im.example.com/x"), "${bind}", "other", 1), `with the id "other" in answer to the id`},
		{"no id", strings.Replace(result("juliet@im.example.com/x"), "id='${bind}'", "", 1), "no id"},
		{"a request", strings.Replace(result("juliet@im.example.com/x"), "result", "set", 1), `an iq of type "set"`},
		{"a bare JID", result("juliet@im.example.com"), "names no full JID"},
		{"a domain", result("im.example.com"), "names no full JID"},
		{"no JID", result(""), "names no full JID"},
		{"nothing of a JID", result("@/"), "names no full JID"},
		{"no payload", "> <iq id='${bind}' type='result'/>", "names no full JID"},
		{"another payload", "> <iq id='${bind}' type='result'><x xmlns='urn:x'/></iq>", "names no full JID"},
		{"another domain", result("juliet@im.example.org/x"), `bound us to "juliet@im.example.org/x", which is not in the domain "im.example.com"`},
		{"a domain below", result("juliet@a.im.example.com/x"), "which is not in the domain"},
		{"a message", "> <message/>", "<message "},
		{"an error without a condition", "> <iq id='${bind}' type='error'/>", "undefined-condition"},
		{"a refusal", "> <iq id='${bind}' type='error'><error type='cancel'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>", "not-allowed"},
		{"too many", "> <iq id='${bind}' type='error'><error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>", "resource-constraint"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, played, err := enact(t, withFeature(imBinding, "")+c.answer+imClose, capulet, capuletOptions())
				if c.says == "" {
					require.NoError(t, err)
					require.NoError(t, s.Close())
				} else {
					requireStep(t, xmpp.StepBind, err)
					require.ErrorContains(t, err, c.says)
				}
				require.NoError(t, <-played, "the stream is ended in order")
			})
		})
	}
}

// The domain of a JID has two forms of writing, and both are the account's.
func TestBindAnswerInALabels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := strings.NewReplacer("im.example.com", "münchen.example").Replace(loginScriptTo("münchen.example", "xn--mnchen-3ya.example"))
		s, played, err := enact(t, script+imClose, jid.MustParse("juliet@münchen.example"), inClear(nil))
		require.NoError(t, err)
		require.NoError(t, s.Close())
		require.NoError(t, <-played)
	})
}

// loginScriptTo is loginScript to a domain, where the answer to binding names the domain otherwise.
func loginScriptTo(domain, bound string) string {
	s := strings.ReplaceAll(loginScript, "juliet@example.net/balcony", "juliet@"+bound+"/balcony")
	return strings.ReplaceAll(strings.ReplaceAll(s, "example.net", domain), "${features}", bindFeature)
}

// RFC 6120 §7.7.2.2: a server that refuses a resource in use keeps the stream, and we bind one that it makes.
func TestBindConflict(t *testing.T) {
	const conflict = "> <iq id='${bind}' type='error'><error type='modify'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>\n"
	const first = "\n> " + imHeader + "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>" +
		"\n< <iq id='${bind}' type='set'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>balcony</resource></bind></iq>\n" + conflict
	const second = "< <iq id='${again}' type='set'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>\n"
	asked := jid.MustParse("juliet@im.example.com/balcony")
	t.Run("and then one of its making", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, played, err := enact(t, imBind+first+second+
				"> <iq id='${again}' type='result'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>juliet@im.example.com/made</jid></bind></iq>"+imClose,
				asked, capuletOptions())
			require.NoError(t, err)
			require.Equal(t, "made", s.JID().Resourcepart())
			require.NoError(t, s.Close())
			require.NoError(t, <-played)
		})
	})
	t.Run("twice is an error", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, played, err := enact(t, imBind+first+second+strings.Replace(conflict, "bind", "again", 1)+imClose, asked, capuletOptions())
			requireStep(t, xmpp.StepBind, err)
			require.ErrorIs(t, err, stanza.Conflict)
			require.NoError(t, <-played)
		})
	})
	t.Run("of a real server", func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{Conflict: xmpptest.Refuse})
		old, young := srv.Session(t, "alice/desk", nil), srv.Session(t, "alice/desk", nil)
		require.Equal(t, "desk", old.JID().Resourcepart())
		require.NotEqual(t, old.JID(), young.JID())
		require.NotEmpty(t, young.JID().Resourcepart())
		require.NoError(t, old.Err())
	})
}

// RFC 3921 §3: the session that old servers ask for is established where they require it, and only there.
func TestLegacySession(t *testing.T) {
	const ask = "< <iq id='${session}' type='set'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>\n"
	for _, c := range []struct{ name, feature, script, says string }{
		{"required", imSessionFeature(""), ask + "> <iq id='${session}' type='result'/>", ""},
		{"required, and answered at length", imSessionFeature(""), ask +
			"> <iq id='${session}' type='result'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>", ""},
		{"optional", imSessionFeature("<optional/>"), "", ""},
		{"not known", "", "", ""},
		{"required and refused", imSessionFeature(""), ask +
			"> <iq id='${session}' type='error'><error type='wait'><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
			"internal-server-error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, played, err := enact(t, withFeature(imBinding, c.feature)+bindResult+c.script+imClose, capulet, capuletOptions())
				if c.says == "" {
					require.NoError(t, err)
					require.NoError(t, s.Close())
				} else {
					requireStep(t, xmpp.StepBind, err)
					require.ErrorContains(t, err, c.says)
				}
				require.NoError(t, <-played, "nothing else is said")
			})
		})
	}
	for how, asked := range map[xmpptest.SessionFeature]int{xmpptest.SessionRequired: 1, xmpptest.SessionOptional: 0, xmpptest.NoSession: 0} {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{Session: how})
		s := srv.Session(t, "alice", nil)
		require.NoError(t, s.Send(t.Context(), &stanza.Presence{}))
		n := 0
		for _, e := range srv.Transcript("alice") {
			n += strings.Count(e.XML, "urn:ietf:params:xml:ns:xmpp-session")
		}
		require.Equal(t, asked, n)
	}
}

func imSessionFeature(how string) string { return strings.ReplaceAll(imSession, "${how}", how) }

// A record keeps all that a session tells: its trace in both directions, and its log.
type record struct {
	mu             sync.Mutex // protects what follows
	sent, received bytes.Buffer
	log            bytes.Buffer
}

func (r *record) add(to *bytes.Buffer) func([]byte) {
	return func(b []byte) {
		r.mu.Lock()
		defer r.mu.Unlock()
		to.Write(b)
	}
}

// Write takes lines of the log.
func (r *record) Write(b []byte) (int, error) {
	r.add(&r.log)(b)
	return len(b), nil
}

// SECURITY S21: no SASL content is in the trace, in either direction, nor in the log: of a login that succeeds, of one that
// is refused, and of a server that cheats; with every mechanism.
func TestSecurityS21NoSASLInTraceOrLog(t *testing.T) {
	const password = "pencil-und-r0m30"
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512"} {
		for name, change := range map[string]func(srv *xmpptest.Options, o *xmpp.Options){
			"accepted": func(*xmpptest.Options, *xmpp.Options) {},
			"refused":  func(_ *xmpptest.Options, o *xmpp.Options) { o.Password = password + "!" },
			"cheated": func(srv *xmpptest.Options, _ *xmpp.Options) {
				srv.TamperSASL = func(e xmpptest.Exchange, data []byte) []byte { return append(data, ",x=forged"...) }
			},
		} {
			for profile, offer := range map[string]*xmpptest.SASL2{"RFC 6120": nil, "XEP-0388": {Only: true}} {
				t.Run(mechanism+" "+name+" "+profile, func(t *testing.T) {
					forEachWay(t, func(t *testing.T, enter func(jid.JID, *xmpp.Options) error) {
						server := xmpptest.Options{Mechanisms: []string{mechanism}, SASL2: offer}
						if !strings.HasSuffix(mechanism, "-PLUS") {
							server.ChannelBindings = []string{}
						}
						o := xmpp.Options{Password: password}
						change(&server, &o)
						noSASLIsTold(t, &server, &o, password, enter)
					})
				})
			}
		}
	}
}

// noSASLIsTold logs in and looks at what the session tells of it.
func noSASLIsTold(t *testing.T, server *xmpptest.Options, o *xmpp.Options, password string, enter func(jid.JID, *xmpp.Options) error) {
	t.Helper()
	var mu sync.Mutex
	var wire []string // the data of SASL, as both sides have sent it
	tamper := server.TamperSASL
	server.TamperSASL = func(e xmpptest.Exchange, data []byte) []byte {
		if tamper != nil {
			data = tamper(e, data)
		}
		mu.Lock()
		defer mu.Unlock()
		if len(data) > 0 {
			wire = append(wire, base64.StdEncoding.EncodeToString(data), string(data))
		}
		return data
	}
	srv := xmpptest.NewServerWith(t, server)
	require.NoError(t, srv.AddUser("alice", password))
	var r record
	o.Addr, o.TLS = srv.Addr(), srv.Options("bob").TLS
	o.Trace = &xmpp.Trace{Sent: r.add(&r.sent), Received: r.add(&r.received)}
	o.Logger = slog.New(slog.NewTextHandler(&r, &slog.HandlerOptions{Level: slog.LevelDebug}))
	err := enter(srv.JID("alice"), o)
	mu.Lock()
	defer mu.Unlock()
	for _, e := range srv.Transcript("") {
		wire = append(wire, secrets(t, e.XML)...)
	}
	require.NotEmpty(t, wire)
	r.mu.Lock()
	defer r.mu.Unlock()
	told := r.sent.String() + r.received.String() + r.log.String()
	if err != nil {
		told += err.Error()
	}
	for _, secret := range append(wire, password, base64.StdEncoding.EncodeToString([]byte("\x00alice\x00"+o.Password))) {
		require.NotContains(t, told, secret)
	}
	require.Regexp(t, "mechanism='"+server.Mechanisms[0]+"'>(<initial-response>)?\\[SASL\\]</", r.sent.String())
	require.Contains(t, r.received.String(), "[SASL]</")
	require.Contains(t, r.sent.String(), "<stream:stream")
	require.Contains(t, r.received.String(), "<mechanism>"+server.Mechanisms[0]+"</mechanism>", "the rest is there")
}

// secrets are what stands in an element of SASL: the text, and what it decodes to.
func secrets(t *testing.T, xml string) (list []string) {
	e, err := stanza.ParseElement(xml)
	require.NoError(t, err)
	if space := e.Name().Space; space != "urn:ietf:params:xml:ns:xmpp-sasl" && space != "urn:xmpp:sasl:2" {
		return nil
	}
	texts := []string{e.Text()}
	for c := range e.Children() {
		if c.Name().Local == "initial-response" {
			texts = append(texts, c.Text())
		}
	}
	for _, text := range texts {
		if text == "" || text == "=" {
			continue
		}
		data, err := base64.StdEncoding.DecodeString(text)
		require.NoError(t, err)
		list = append(list, text, string(data))
	}
	return list
}
