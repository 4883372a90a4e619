package carbons

import (
	"encoding/xml"
	"testing"

	"github.com/canto-im/canto/internal/specexample"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/forward"
	"github.com/stretchr/testify/require"
)

const file = "testdata/xep0280.xml"

var romeo = jid.MustParse("romeo@montague.example/home")

func message(t testing.TB, s string) *stanza.Message {
	t.Helper()
	st, err := stanza.Parse([]byte(s))
	require.NoError(t, err)
	return st.(*stanza.Message)
}

// again reads a copy as its receiver would and writes it as a server does.
func again(s string) (string, error) {
	e, err := stanza.ParseElement(s)
	if err != nil {
		return "", err
	}
	c, err := Read(&stanza.Message{Payloads: []stanza.Element{e}}, romeo)
	if err != nil {
		return "", err
	}
	out := stanza.Payload(struct {
		XMLName   xml.Name
		Forwarded forward.Forwarded
	}{xml.Name{Space: e.Name().Space, Local: string(c.Direction)}, forward.Forwarded{Stanza: c.Message}})
	return out.String(), out.Err()
}

func TestExamplesOfTheXEP(t *testing.T) {
	specexample.Run(t, file, map[string]specexample.Codec{
		"jabber:client message":       specexample.As[stanza.Message](),
		"jabber:client iq":            specexample.As[stanza.IQ](),
		"urn:xmpp:carbons:2 enable":   specexample.As[enable](),
		"urn:xmpp:carbons:2 disable":  specexample.As[disable](),
		"urn:xmpp:carbons:2 private":  specexample.As[private](),
		"urn:xmpp:hints no-copy":      specexample.As[noCopy](),
		"urn:xmpp:carbons:2 received": again,
		"urn:xmpp:carbons:2 sent":     again,
	}, nil)
}

// What the examples say, in this package's words.
func TestRead(t *testing.T) {
	c, err := Read(message(t, specexample.Get(t, file, "10").Find(t, "jabber:client", "message")), romeo)
	require.NoError(t, err)
	require.Equal(t, Received, c.Direction)
	require.Equal(t, jid.MustParse("juliet@capulet.example/balcony"), c.With())
	require.Equal(t, "0e3141cd80894871a68e6fe6b1ec56fa", c.Message.Thread)
	c, err = Read(message(t, specexample.Get(t, file, "13").Find(t, "jabber:client", "message")), romeo)
	require.NoError(t, err)
	require.Equal(t, Sent, c.Direction)
	require.Equal(t, jid.MustParse("juliet@capulet.example/balcony"), c.With())
	c, err = Read(message(t, specexample.Get(t, file, "9").Find(t, "jabber:client", "message")), romeo)
	require.NoError(t, err)
	require.Nil(t, c, "an ordinary message")
	_, err = Read(message(t, specexample.Get(t, file, "11").Find(t, "jabber:client", "message")), romeo)
	require.ErrorIs(t, err, ErrForged)
}

// forgeries are copies that are none, by what is wrong with them.
var forgeries = map[string]string{
	"from a contact":                  `<message from='tybalt@capulet.example/home'>` + received + `</message>`,
	"from our server":                 `<message from='montague.example'>` + received + `</message>`,
	"from a resource of ours":         `<message from='romeo@montague.example/garden'>` + received + `</message>`,
	"from one whose name is like it":  `<message from='romeo@montague.example.org'>` + received + `</message>`,
	"of what another has sent":        `<message from='romeo@montague.example'>` + sentBy("juliet@capulet.example/balcony") + `</message>`,
	"of what nobody has sent":         `<message from='romeo@montague.example'><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'/></forwarded></sent></message>`,
	"two":                             `<message from='romeo@montague.example'>` + received + sentBy("romeo@montague.example/garden") + `</message>`,
	"nothing in it":                   `<message from='romeo@montague.example'><received xmlns='urn:xmpp:carbons:2'/></message>`,
	"nothing that is forwarded":       `<message from='romeo@montague.example'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'/></received></message>`,
	"of presence":                     `<message from='romeo@montague.example'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><presence xmlns='jabber:client'/></forwarded></received></message>`,
	"of a message that is none":       `<message from='romeo@montague.example'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='@'/></forwarded></received></message>`,
	"in the old namespace, forwarded": `<message from='romeo@montague.example'><received xmlns='urn:xmpp:carbons:2'><message xmlns='jabber:client'/></received></message>`,
}

const received = `<received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='juliet@capulet.example/balcony' type='chat'><body>forged</body></message></forwarded></received>`

func sentBy(from string) string {
	return `<sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='` + from + `' to='juliet@capulet.example' type='chat'><body>forged</body></message></forwarded></sent>`
}

func withNS(s string) string { return `<message xmlns='jabber:client'` + s[len(`<message`):] }

func TestForgeries(t *testing.T) {
	for name, s := range forgeries {
		t.Run(name, func(t *testing.T) {
			c, err := Read(message(t, withNS(s)), romeo)
			require.Error(t, err)
			require.Nil(t, c)
		})
	}
	// RFC 6120 §8.1.2.1
	c, err := Read(message(t, withNS(`<message>`+received+`</message>`)), romeo)
	require.NoError(t, err, "without 'from' it's from our account")
	require.Equal(t, "forged", c.Message.Body)
	// A copy in a copy is data.
	c, err = Read(message(t, withNS(`<message><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='a@b'>`+received+`</message></forwarded></received></message>`)), romeo)
	require.NoError(t, err)
	require.Empty(t, c.Message.Body)
	require.Equal(t, jid.MustParse("a@b"), c.Message.From)
}

// FuzzRead: what is believed is from our account, and is a message.
func FuzzRead(f *testing.F) {
	for _, x := range specexample.Load(f, file) {
		f.Add(x.Elements[0].String())
	}
	for _, s := range forgeries {
		f.Add(withNS(s))
	}
	f.Fuzz(func(t *testing.T, s string) {
		st, err := stanza.Parse([]byte(s))
		if err != nil {
			return
		}
		m, ok := st.(*stanza.Message)
		if !ok {
			return
		}
		c, err := Read(m, romeo)
		if err != nil || c == nil {
			return
		}
		if !m.From.IsZero() && m.From != romeo.Bare() || c.Message == nil || c.Direction == Sent && c.Message.From.Bare() != romeo.Bare() {
			t.Fatalf("%q is believed", s)
		}
	})
}
