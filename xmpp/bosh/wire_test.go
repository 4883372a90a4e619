package bosh_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/bosh"
	"github.com/stretchr/testify/require"
)

var (
	ridOf = regexp.MustCompile(` rid='(\d+)'`)
	ackOf = regexp.MustCompile(` ack='(\d+)'`)
	idOf  = regexp.MustCompile(` id='[^']*'`)
)

// relative puts rids and acknowledgements as what they are above the first, and ids away.
func relative(t *testing.T, said []string) (out []string) {
	var first uint64
	for i, s := range said {
		rid, err := strconv.ParseUint(ridOf.FindStringSubmatch(s)[1], 10, 64)
		require.NoError(t, err)
		if i == 0 {
			first = rid
		}
		s = ridOf.ReplaceAllString(s, fmt.Sprintf(" rid='+%d'", rid-first))
		if m := ackOf.FindStringSubmatch(s); m != nil && i > 0 {
			ack, err := strconv.ParseUint(m[1], 10, 64)
			require.NoError(t, err)
			s = ackOf.ReplaceAllString(s, fmt.Sprintf(" ack='+%d'", ack-first))
		}
		out = append(out, idOf.ReplaceAllString(s, " id=''"))
	}
	return out
}

// TestWire: a session to the letter.
func TestWire(t *testing.T) {
	arrived := make(chan struct{})
	m, url := manage(t, func(n int, request string) string {
		if strings.Contains(request, "<body>hi</body>") {
			close(arrived)
			return wrapped(`<message from='romeo@example.net' xml:lang='en'><body>one</body></message><message xmlns='jabber:client'><body>two</body></message>`)
		}
		return ""
	})
	s := enter(t, url)
	require.Equal(t, juliet, s.JID())
	require.Equal(t, "ServerStreamID", s.ConnectionState().StreamID)
	require.Equal(t, url, s.ConnectionState().Addr)
	require.NotEmpty(t, s.ConnectionState().TLS.VerifiedChains)
	inbox := s.Messages(t.Context())
	require.NoError(t, s.Send(t.Context(), &stanza.Message{To: jid.MustParse("romeo@example.net"), Body: "hi"}))
	<-arrived
	require.Equal(t, "one", (<-inbox).Body)
	require.Equal(t, "two", (<-inbox).Body)
	require.NoError(t, s.Close())
	said := relative(t, m.requests())
	const sid = `<body xmlns='http://jabber.org/protocol/httpbind' rid='+%d' sid='SomeSID'`
	require.Equal(t, `<body xmlns='http://jabber.org/protocol/httpbind' rid='+0' to='im.example.com' from='juliet@im.example.com' wait='60' hold='1' ver='1.11' ack='1' xmlns:xmpp='urn:xmpp:xbosh' xmpp:version='1.0'/>`, said[0])
	var data []string // the others
	for i, r := range said[1:] {
		require.True(t, strings.HasPrefix(r, fmt.Sprintf(sid, i+1)), "%d: %q", i+1, r)
		if rest := strings.TrimPrefix(r, fmt.Sprintf(sid, i+1)); rest != "/>" && !regexp.MustCompile(`^ ack='\+\d+'/>$`).MatchString(rest) {
			data = append(data, ackOf.ReplaceAllString(regexp.MustCompile(` ack='\+\d+'`).ReplaceAllString(rest, ""), ""))
		}
	}
	require.Equal(t, []string{
		`><auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGp1bGlldAByMG0zMG15cjBtMzA=</auth></body>`,
		` to='im.example.com' xmlns:xmpp='urn:xmpp:xbosh' xmpp:restart='true'/>`,
		`><iq xmlns='jabber:client' type='set' id=''><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>balcony</resource></bind></iq></body>`,
		`><message xmlns='jabber:client' to='romeo@example.net'><body>hi</body></message></body>`,
		` type='terminate'/>`,
	}, data)
}

// TestLang: the language of the stream is said with its headers.
func TestLang(t *testing.T) {
	m, url := manage(t, nil)
	o := options(url)
	o.Lang = "de"
	s, err := xmpp.Dial(within(t), juliet, o)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	said := m.requests()
	require.Contains(t, said[0], " xml:lang='de'")
	require.Contains(t, strings.Join(said, "\n"), " to='im.example.com' xml:lang='de' xmlns:xmpp='urn:xmpp:xbosh' xmpp:restart='true'")
}

// TestHeader: what is added to requests goes to the URL that it was meant for.
func TestHeader(t *testing.T) {
	type seen struct{ cookie, kind string }
	headers := make(chan seen, 100)
	m := &manager{t: t}
	url := listen(t, "im.example.com", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers <- seen{r.Header.Get("Cookie"), r.Header.Get("Content-Type")}
		m.ServeHTTP(w, r)
	}))
	o := options("")
	o.Transport = bosh.Dialer{URL: url, Header: http.Header{"Cookie": {"a=b"}}}.Connect
	s, err := xmpp.Dial(within(t), juliet, o)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	for range len(m.requests()) {
		require.Equal(t, seen{"a=b", "text/xml; charset=utf-8"}, <-headers)
	}

	redirected := &manager{t: t, own: func(int, string) string {
		return `<body type='terminate' condition='see-other-uri'` + namespaces + `><uri>` + url + `</uri></body>`
	}}
	o.Transport = bosh.Dialer{URL: listen(t, "im.example.com", redirected), Header: http.Header{"Cookie": {"a=b"}}}.Connect
	s, err = xmpp.Dial(within(t), juliet, o)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	for len(headers) > 0 {
		require.Empty(t, (<-headers).cookie)
	}
}

// TestServerEnds: the ways in which a server ends it. What it says with that is handed over.
func TestServerEnds(t *testing.T) {
	for name, c := range map[string]struct {
		condition, last string
		want            error
	}{
		"in order":            {"", "", xmpp.ErrPeerClosed},
		"with a stream error": {"remote-stream-error", `<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`, xmpp.Conflict},
		"and does not say":    {"remote-stream-error", "", bosh.RemoteStreamError},
		"with a condition":    {"system-shutdown", "", xmpp.SystemShutdown},
	} {
		t.Run(name, func(t *testing.T) {
			_, url := manage(t, func(_ int, request string) string {
				if !strings.Contains(request, "<body>bye</body>") {
					return ""
				}
				return `<body type='terminate' condition='` + c.condition + `'` + namespaces + `><message><body>last words</body></message>` + c.last + `</body>`
			})
			s := enter(t, url)
			inbox := s.Messages(t.Context())
			require.NoError(t, s.Send(t.Context(), &stanza.Message{Body: "bye"}))
			require.ErrorIs(t, ended(t, s), c.want)
			require.Equal(t, "last words", (<-inbox).Body)
		})
	}
}

// TestStatuses: what HTTP says in place of a response.
func TestStatuses(t *testing.T) {
	for _, c := range []struct {
		status int
		legacy bool
		want   string
		is     error
	}{
		{404, true, "item-not-found", bosh.ItemNotFound}, // XEP-0124 §17.1
		{403, true, "policy-violation", bosh.PolicyViolation},
		{400, true, "bad-request", bosh.BadRequest},
		{404, false, "404 Not Found", nil},
		{302, false, "302 Found", nil}, // nobody goes elsewhere
		{418, false, "418", nil},
	} {
		t.Run(fmt.Sprint(c.status, c.legacy), func(t *testing.T) {
			_, url := manage(t, func(n int, request string) string {
				switch {
				case n == 1 && c.legacy:
					return strings.Replace(granted, " ver='1.6'", "", 1) + mechanisms + `</body>`
				case strings.Contains(request, "<auth"):
					return fmt.Sprint("status ", c.status)
				}
				return ""
			})
			_, err := xmpp.Dial(within(t), juliet, options(url))
			requireStep(t, xmpp.StepAuth, err)
			require.ErrorContains(t, err, c.want)
			if c.is != nil {
				require.ErrorIs(t, err, c.is)
			}
		})
	}
}

// TestNoEndpoint: at the first request, whatever is no session is an error at once.
func TestNoEndpoint(t *testing.T) {
	for response, want := range map[string]string{
		"status 404": "404 Not Found",
		"status 307": "307 Temporary Redirect",
		"status 503": "503 Service Unavailable",
		"<html><body>Sign in to the network</body></html>": "no <body/> of BOSH",
		"It works!":                              "xml",
		empty:                                    "no session id",
		`<body type='error'` + namespaces + `/>`: "undefined-condition",
		`<body type='terminate' condition='host-unknown'` + namespaces + `/>`:         "host-unknown",
		`<body type='terminate' condition='nobody&#10;\x1bknows'` + namespaces + `/>`: "",
	} {
		t.Run(response, func(t *testing.T) {
			m, url := manage(t, func(int, string) string { return response })
			_, err := xmpp.Dial(within(t), juliet, options(url))
			requireStep(t, xmpp.StepStream, err)
			require.ErrorContains(t, err, want)
			require.NotContains(t, err.Error(), "\n", "what came over the wire is quoted")
			require.Len(t, m.requests(), 1)
		})
	}
}

// TestNoRestart: a connection manager that says that it can't restart streams is of no use for a login that needs it.
func TestNoRestart(t *testing.T) {
	_, url := manage(t, func(n int, _ string) string {
		if n > 1 {
			return ""
		}
		return strings.Replace(granted, "restartlogic='true'", "restartlogic='0'", 1) + mechanisms + `</body>`
	})
	_, err := xmpp.Dial(within(t), juliet, options(url))
	require.ErrorContains(t, err, "can't restart streams")
}
