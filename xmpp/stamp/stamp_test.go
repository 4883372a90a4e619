package stamp

import (
	"encoding/xml"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/specexample"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/require"
)

func message(t testing.TB, s string) *stanza.Message {
	t.Helper()
	st, err := stanza.Parse([]byte(s))
	require.NoError(t, err)
	return st.(*stanza.Message)
}

func TestExamplesOfTheXEPs(t *testing.T) {
	specexample.Run(t, "testdata/xep0203.xml", map[string]specexample.Codec{
		"jabber:client message":  specexample.As[stanza.Message](),
		"jabber:client presence": specexample.As[stanza.Presence](),
		"urn:xmpp:delay delay":   specexample.As[Delay](),
	}, nil)
	specexample.Run(t, "testdata/xep0359.xml", map[string]specexample.Codec{
		"jabber:client message":            specexample.As[stanza.Message](),
		"jabber:client iq":                 specexample.As[stanza.IQ](),
		"urn:xmpp:sid:0 stanza-id":         specexample.As[StanzaID](),
		"urn:xmpp:sid:0 origin-id":         specexample.As[OriginID](),
		"urn:xmpp:sid:0 referenced-stanza": specexample.As[ReferencedStanza](),
	}, nil)
}

// The three examples say who has delayed what, and when.
func TestOf(t *testing.T) {
	got := message(t, specexample.Get(t, "testdata/xep0203.xml", "1").Find(t, "jabber:client", "message"))
	offline := Delay{XMLName: delayName, From: jid.MustParse("capulet.com"), Stamp: time.Date(2002, 9, 10, 23, 8, 25, 0, time.UTC), Reason: "Offline Storage"}
	d, ok := Of(got)
	require.True(t, ok)
	require.Equal(t, offline, d)
	d, ok = Of(got, jid.MustParse("juliet@capulet.com"), jid.MustParse("capulet.com"))
	require.True(t, ok)
	require.Equal(t, offline, d)
	_, ok = Of(got, jid.MustParse("montague.net"), jid.JID{})
	require.False(t, ok, "the word of somebody else")
}

func TestOfSeveral(t *testing.T) {
	const head = `<message xmlns='jabber:client'>`
	room, home := jid.MustParse("room@muc.example"), jid.MustParse("me@example.org")
	for name, c := range map[string]struct {
		xml  string
		by   []jid.JID
		want string // the minute of its time; "": none
	}{
		"the room's": {`<delay xmlns='urn:xmpp:delay' from='evil@example.net' stamp='2020-01-01T00:01:00Z'/>
			<delay xmlns='urn:xmpp:delay' from='room@muc.example' stamp='2020-01-01T00:02:00Z'/>`, []jid.JID{room}, "02"},
		"anybody's": {`<delay xmlns='urn:xmpp:delay' from='evil@example.net' stamp='2020-01-01T00:01:00Z'/>
			<delay xmlns='urn:xmpp:delay' from='room@muc.example' stamp='2020-01-01T00:02:00Z'/>`, nil, "01"},
		"one without a time": {`<delay xmlns='urn:xmpp:delay' from='room@muc.example'/>
			<delay xmlns='urn:xmpp:delay' from='room@muc.example' stamp='yesterday'/>
			<delay xmlns='urn:xmpp:delay' from='room@muc.example' stamp='2020-01-01T00:03:00Z'/>`, []jid.JID{room}, "03"},
		"one of nobody":           {`<delay xmlns='urn:xmpp:delay' from='@' stamp='2020-01-01T00:04:00Z'/>`, nil, "04"},
		"nobody is none of these": {`<delay xmlns='urn:xmpp:delay' from='@' stamp='2020-01-01T00:04:00Z'/>`, []jid.JID{room, home}, ""},
		"the old form":            {`<x xmlns='jabber:x:delay' from='room@muc.example' stamp='20200101T00:05:00'/>`, []jid.JID{room}, "05"},
		"the new before the old": {`<x xmlns='jabber:x:delay' from='room@muc.example' stamp='20200101T00:05:00'/>
			<delay xmlns='urn:xmpp:delay' from='room@muc.example' stamp='2020-01-01T00:06:00Z'/>`, []jid.JID{room}, "06"},
		"the new form has no old time": {`<delay xmlns='urn:xmpp:delay' stamp='20200101T00:05:00'/>`, nil, ""},
		"in a zone":                    {`<delay xmlns='urn:xmpp:delay' stamp='2020-01-01T01:07:00+01:00'/>`, nil, "07"},
	} {
		t.Run(name, func(t *testing.T) {
			d, ok := Of(message(t, head+c.xml+`</message>`), c.by...)
			require.Equal(t, c.want != "", ok)
			if ok {
				require.Equal(t, "2020-01-01T00:"+c.want+":00Z", FormatTime(d.Stamp))
			}
		})
	}
}

// What is sent is in UTC, and never without a time.
func TestDelayIsWritten(t *testing.T) {
	d := Delay{Stamp: time.Date(2020, 1, 1, 1, 0, 0, 0, time.FixedZone("", 3600))}
	require.Equal(t, `<delay xmlns='urn:xmpp:delay' stamp='2020-01-01T00:00:00Z'/>`, stanza.Payload(d).String())
	require.ErrorIs(t, stanza.Payload(Delay{}).Err(), errNoStamp)
	_, err := ParseDelay(stanza.Payload(OriginID{ID: "x"}))
	require.ErrorIs(t, err, errNoDelay)
}

// XEP-0359 §3 and §6: an id is good only as the word of who has seen the stanza, once.
func TestIDOf(t *testing.T) {
	own := jid.MustParse("me@example.org/phone")
	for name, c := range map[string]struct {
		typ, xml string
		want     string
	}{
		"our account's":       {"chat", `<stanza-id xmlns='urn:xmpp:sid:0' id='1' by='me@example.org'/>`, "1"},
		"spelled otherwise":   {"chat", `<stanza-id xmlns='urn:xmpp:sid:0' id='1' by='ME@example.ORG'/>`, "1"},
		"of a resource":       {"chat", `<stanza-id xmlns='urn:xmpp:sid:0' id='1' by='me@example.org/phone'/>`, ""},
		"of the server":       {"chat", `<stanza-id xmlns='urn:xmpp:sid:0' id='1' by='example.org'/>`, ""},
		"of the sender":       {"chat", `<stanza-id xmlns='urn:xmpp:sid:0' id='1' by='room@muc.example'/>`, ""},
		"two":                 {"normal", `<stanza-id xmlns='urn:xmpp:sid:0' id='1' by='x@y'/><stanza-id xmlns='urn:xmpp:sid:0' id='2' by='me@example.org'/>`, "2"},
		"the same twice":      {"chat", `<stanza-id xmlns='urn:xmpp:sid:0' id='1' by='me@example.org'/><stanza-id xmlns='urn:xmpp:sid:0' id='1' by='me@example.org'/>`, "1"},
		"two that differ":     {"chat", `<stanza-id xmlns='urn:xmpp:sid:0' id='1' by='me@example.org'/><stanza-id xmlns='urn:xmpp:sid:0' id='2' by='ME@example.org'/>`, ""},
		"two, one empty":      {"chat", `<stanza-id xmlns='urn:xmpp:sid:0' id='1' by='me@example.org'/><stanza-id xmlns='urn:xmpp:sid:0' by='me@example.org'/>`, ""},
		"without an id":       {"chat", `<stanza-id xmlns='urn:xmpp:sid:0' by='me@example.org'/>`, ""},
		"by nobody":           {"chat", `<stanza-id xmlns='urn:xmpp:sid:0' id='1'/>`, ""},
		"by no address":       {"chat", `<stanza-id xmlns='urn:xmpp:sid:0' id='1' by='@'/>`, ""},
		"deeper":              {"chat", `<x xmlns='urn:x'><stanza-id xmlns='urn:xmpp:sid:0' id='1' by='me@example.org'/></x>`, ""},
		"the sender's":        {"chat", `<origin-id xmlns='urn:xmpp:sid:0' id='1' by='me@example.org'/>`, ""},
		"the room's":          {"groupchat", `<stanza-id xmlns='urn:xmpp:sid:0' id='1' by='me@example.org'/><stanza-id xmlns='urn:xmpp:sid:0' id='2' by='room@muc.example'/>`, "2"},
		"in a room, not ours": {"groupchat", `<stanza-id xmlns='urn:xmpp:sid:0' id='1' by='me@example.org'/>`, ""},
		"an occupant's":       {"groupchat", `<stanza-id xmlns='urn:xmpp:sid:0' id='1' by='room@muc.example/nick'/>`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := message(t, `<message xmlns='jabber:client' from='room@muc.example/nick' type='`+c.typ+`'>`+c.xml+`</message>`)
			id, ok := IDOf(m, own)
			require.Equal(t, c.want, id.ID)
			require.Equal(t, c.want != "", ok)
			if ok {
				require.Equal(t, Archive(m, own), id.By)
			} else {
				require.Zero(t, id)
			}
		})
	}
}

func TestOriginID(t *testing.T) {
	a, b := NewOriginID(), NewOriginID()
	require.NotEqual(t, a, b)
	require.Len(t, a.ID, 26)
	got, ok := stanza.Find[OriginID](&stanza.Message{Payloads: []stanza.Element{stanza.Payload(a)}})
	require.True(t, ok)
	require.Equal(t, a.ID, got.ID)
}

func TestTime(t *testing.T) {
	type idle struct {
		XMLName xml.Name `xml:"urn:xmpp:idle:1 idle"`
		Since   Time     `xml:"since,attr"`
		At      *Time    `xml:"at"`
	}
	noon := Time{time.Date(2020, 1, 1, 12, 0, 0, 0, time.UTC)}
	require.Equal(t, `<idle xmlns='urn:xmpp:idle:1'/>`, stanza.Payload(idle{}).String())
	p := stanza.Payload(idle{Since: Time{noon.In(time.FixedZone("", 3600))}, At: &noon})
	require.Equal(t, `<idle xmlns='urn:xmpp:idle:1' since='2020-01-01T12:00:00Z'><at>2020-01-01T12:00:00Z</at></idle>`, p.String())
	var got idle
	require.NoError(t, p.Decode(&got))
	require.Equal(t, noon, got.Since)
	require.Equal(t, noon, *got.At)
	require.Error(t, got.Since.UnmarshalText([]byte("noon")))
	require.Equal(t, noon, got.Since)
	parsed, err := ParseTime("2020-01-01T13:00:00+01:00")
	require.NoError(t, err)
	require.Equal(t, noon.Time, parsed)
}

// FuzzStamps: whatever stands on a message is read, and what was read is the same when it's written and read again.
func FuzzStamps(f *testing.F) {
	for _, file := range []string{"testdata/xep0203.xml", "testdata/xep0359.xml"} {
		for _, x := range specexample.Load(f, file) {
			for n := range x.All {
				f.Add(n.String())
			}
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := stanza.ParseElement(s)
		if err != nil {
			return
		}
		m := &stanza.Message{Payloads: []stanza.Element{e, e}}
		_, _ = IDOf(m, jid.MustParse("me@example.org"))
		d, ok := Of(m)
		if !ok || d.Stamp.IsZero() || d.Stamp.Year() < 0 || d.Stamp.Year() > 9999 {
			return
		}
		again, err := ParseDelay(stanza.Payload(d))
		if err != nil || again != d {
			t.Fatalf("%+v became %+v, %v", d, again, err)
		}
	})
}
