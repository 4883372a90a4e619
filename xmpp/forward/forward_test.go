package forward

import (
	"strings"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/specexample"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/stamp"
	"github.com/stretchr/testify/require"
)

const file = "testdata/xep0297.xml"

func TestExamplesOfTheXEP(t *testing.T) {
	specexample.Run(t, file, map[string]specexample.Codec{
		"jabber:client message":        specexample.As[stanza.Message](),
		"jabber:client iq":             specexample.As[stanza.IQ](),
		"urn:xmpp:forward:0 forwarded": specexample.As[Forwarded](),
	}, nil)
}

func element(t testing.TB, s string) stanza.Element {
	t.Helper()
	e, err := stanza.ParseElement(s)
	require.NoError(t, err)
	return e
}

func TestFind(t *testing.T) {
	st, err := stanza.Parse([]byte(specexample.Get(t, file, "2").Find(t, "jabber:client", "message")))
	require.NoError(t, err)
	f, ok := stanza.Find[Forwarded](st)
	require.True(t, ok)
	require.Equal(t, time.Date(2010, 7, 10, 23, 8, 25, 0, time.UTC), f.Delay.Stamp)
	require.Equal(t, "Yet I should kill thee with much cherishing.", f.Message().Body)
	require.Equal(t, jid.MustParse("juliet@capulet.lit/orchard"), f.Message().From)
	require.Len(t, f.Message().Payloads, 1)
}

func TestParse(t *testing.T) {
	const open, end = `<forwarded xmlns='urn:xmpp:forward:0'>`, `</forwarded>`
	for name, c := range map[string]struct {
		in   string
		kind string // of the stanza; "": there is none
		err  any
	}{
		"a message":             {`<message xmlns='jabber:client'><body>x</body></message>`, "message", nil},
		"presence":              {`<presence xmlns='jabber:client' type='unavailable'/>`, "presence", nil},
		"an iq":                 {`<iq xmlns='jabber:client' id='1' type='result'/>`, "iq", nil},
		"of a server":           {`<message xmlns='jabber:server'/>`, "message", nil},
		"nothing":               {``, "", nil},
		"that has lost its own": {`<message><body>x</body></message>`, "", nil},
		"no stanza":             {`<a xmlns='jabber:client'/>`, "", nil},
		"two":                   {`<message xmlns='jabber:client'/><message xmlns='jabber:client'/>`, "", errTwo},
		"malformed":             {`<message xmlns='jabber:client' from='@'/>`, "", new(*stanza.MalformedError)},
		"with a bad delay":      {`<delay xmlns='urn:xmpp:delay'/><message xmlns='jabber:client'/>`, "message", nil},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Parse(element(t, open+c.in+end))
			switch want := c.err.(type) {
			case nil:
				require.NoError(t, err)
			case error:
				require.ErrorIs(t, err, want)
			default:
				require.ErrorAs(t, err, want)
			}
			kind := ""
			if f.Stanza != nil {
				kind = f.Stanza.Kind()
			}
			require.Equal(t, c.kind, kind)
			require.Equal(t, kind == "message", f.Message() != nil)
			require.Zero(t, f.Delay)
		})
	}
	_, err := Parse(element(t, `<message xmlns='jabber:client'/>`))
	require.ErrorIs(t, err, errNotForwarded)
}

// XEP-0297 §3.2 rule 3: the namespace of the stanza is kept, jabber:server, too; that of a new one is jabber:client.
func TestWrite(t *testing.T) {
	const server = `<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:server'><body>x</body></message></forwarded>`
	f, err := Parse(element(t, server))
	require.NoError(t, err)
	requireSame(t, server, stanza.Payload(f))

	at := time.Date(2010, 7, 10, 23, 8, 25, 0, time.UTC)
	requireSame(t, `<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2010-07-10T23:08:25Z'/><message xmlns='jabber:client'><body>x</body></message></forwarded>`,
		stanza.Payload(Forwarded{Delay: stamp.Delay{Stamp: at}, Stanza: &stanza.Message{Body: "x"}}))
	requireSame(t, `<forwarded xmlns='urn:xmpp:forward:0'/>`, stanza.Payload(Forwarded{}))
	require.Error(t, stanza.Payload(Forwarded{Stanza: &stanza.Message{Body: "\x00"}}).Err())
}

func requireSame(t testing.TB, want string, got stanza.Element) {
	t.Helper()
	require.NoError(t, got.Err())
	w, err := specexample.Meaning(want)
	require.NoError(t, err)
	g, err := specexample.Meaning(got.String())
	require.NoError(t, err)
	require.Equal(t, w, g)
}

// A stanza in a stanza in a stanza costs no more than its bytes: only the outermost is read.
func TestNested(t *testing.T) {
	const open, end = `<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'>`, `</message></forwarded>`
	f, err := Parse(element(t, strings.Repeat(open, 20)+strings.Repeat(end, 20)))
	require.NoError(t, err)
	require.Len(t, f.Message().Payloads, 1)
	inner, ok := stanza.Find[Forwarded](f.Message())
	require.True(t, ok)
	require.Len(t, inner.Message().Payloads, 1)
}

// FuzzForwarded: what was read is the same when it's written and read again.
func FuzzForwarded(f *testing.F) {
	for _, x := range specexample.Load(f, file) {
		for n := range x.All {
			if n.Name.Local == "forwarded" {
				f.Add(n.String())
			}
		}
	}
	f.Add(`<forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:server' id='1' type='get'><query xmlns='jabber:iq:version'/></iq></forwarded>`)
	f.Fuzz(func(t *testing.T, s string) {
		e, err := stanza.ParseElement(s)
		if err != nil {
			return
		}
		got, err := Parse(e)
		if err != nil || got.Delay.Stamp.Year() < 1 || got.Delay.Stamp.Year() > 9999 {
			return
		}
		out := stanza.Payload(got)
		if out.Err() != nil {
			return // such as an iq without an id, which can be read and not be sent
		}
		again, err := Parse(out)
		if err != nil {
			t.Fatalf("%q of %q: %v", out, s, err)
		}
		if twice := stanza.Payload(again); twice.String() != out.String() {
			t.Fatalf("%q, then %q", out, twice)
		}
	})
}
