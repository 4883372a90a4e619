package mam

import (
	"context"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/internal/specexample"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/stamp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// finAgain takes a <fin/> through parseFin.
func finAgain(s string) (string, error) {
	e, err := stanza.ParseElement(s)
	if err != nil {
		return "", err
	}
	f, err := parseFin(e)
	if err != nil {
		return "", err
	}
	x := finXML{Set: &f.set}
	if f.complete {
		x.Complete = "true"
	}
	if f.unstable {
		x.Stable = "false"
	}
	out := stanza.Payload(x)
	return out.String(), out.Err()
}

func prefsAgain(s string) (string, error) {
	e, err := stanza.ParseElement(s)
	if err != nil {
		return "", err
	}
	var p preferences
	if err := e.Decode(&p); err != nil {
		return "", err
	}
	if p.Default == "" { // a question
		return stanza.Payload(p).String(), nil
	}
	return stanza.Payload(p.read().write()).String(), nil
}

func TestExamplesOfTheXEPs(t *testing.T) {
	specexample.Run(t, "testdata/xep0313.xml", map[string]specexample.Codec{
		"jabber:client message":    specexample.As[stanza.Message](),
		"jabber:client iq":         specexample.As[stanza.IQ](),
		"urn:xmpp:mam:2 query":     specexample.As[query](),
		"urn:xmpp:mam:2 result":    specexample.As[result](),
		"urn:xmpp:mam:2 fin":       finAgain,
		"urn:xmpp:mam:2 metadata":  specexample.As[Metadata](),
		"urn:xmpp:sid:0 stanza-id": specexample.As[stamp.StanzaID](),
	}, nil)
	specexample.Run(t, "testdata/xep0441.xml", map[string]specexample.Codec{
		"jabber:client iq":     specexample.As[stanza.IQ](),
		"urn:xmpp:mam:2 prefs": prefsAgain,
	}, nil)
}

// What a Filter asks for is what the examples ask for.
func TestFilterOnTheWire(t *testing.T) {
	day := func(s string) time.Time { at, _ := stamp.ParseTime(s); return at }
	for number, f := range map[string]Filter{
		"6":  {With: jid.MustParse("juliet@capulet.lit")},
		"7":  {Start: day("2010-06-07T00:00:00Z"), End: day("2010-07-07T13:23:54Z")},
		"8":  {Start: day("2010-08-07T00:00:00Z")},
		"11": {IDs: []string{"28482-98726-73623"}},
		"16": {Fields: form.Fields{form.Of("{http://example.com/}free-text-search", "Where arth thou, my Juliet?"),
			form.Of("{http://example.com/}stanza-content", "{http://jabber.org/protocol/mood}mood/lonely")}},
	} {
		want := specexample.Get(t, "testdata/xep0313.xml", number).Find(t, "jabber:x:data", "x")
		if number == "16" {
			want = strings.ReplaceAll(want, `<field type="hidden" var="FORM_TYPE">`, `<field var="FORM_TYPE" type="hidden">`)
		}
		w, err := specexample.Meaning(want)
		require.NoError(t, err)
		g, err := specexample.Meaning(stanza.Payload(f.form()).String())
		require.NoError(t, err)
		require.Equal(t, w, g, "example %s", number)
	}
	require.Nil(t, (&Filter{After: "x"}).form(), "XEP-0313 §9: paging does it")
	require.Equal(t, "x", (&Filter{After: "x"}).first().After)
	require.Equal(t, "x", (&Filter{After: "x", Backwards: true}).form().Value("after-id"))
	require.Equal(t, "x", *(&Filter{Before: "x", Backwards: true}).first().Before)
	require.Nil(t, (&Filter{Before: "x", Backwards: true}).form())
	require.Equal(t, "x", (&Filter{Before: "x"}).form().Value("before-id"))
	require.Equal(t, "0", (&Filter{Groupchat: new(bool)}).form().Value("include-groupchat"))
	require.Equal(t, 7, *(&Filter{Page: 7}).first().Max)
}

func start(t testing.TB, a xmpptest.Archive) *xmpptest.Server {
	t.Helper()
	return xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, Archive: &a})
}

// fill puts n messages into alice's archive, a minute apart, in turn with bob and with carol.
func fill(t testing.TB, srv *xmpptest.Server, n int) (ids []string) {
	t.Helper()
	for i := range n {
		who := []string{"bob", "carol"}[i%2]
		id, err := srv.Archive(srv.JID("alice"), fmt.Sprintf("<message from='%s@canto.test/x' to='alice@canto.test' type='chat'><body>%d</body></message>", who, i), noon.Add(time.Duration(i)*time.Minute))
		require.NoError(t, err)
		ids = append(ids, id)
	}
	return ids
}

var noon = time.Date(2010, 7, 10, 12, 0, 0, 0, time.UTC)

func collect(ctx context.Context, e xmpp.Endpoint, f Filter) (bodies []string, err error) {
	for it, e := range Query(ctx, e, f) {
		if err = e; err == nil {
			bodies = append(bodies, it.Message.Body)
		}
	}
	return bodies, err
}

func numbers(from, to, step int) (list []string) {
	for i := from; i != to; i += step {
		list = append(list, fmt.Sprint(i))
	}
	return list
}

func TestQuery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Archive{Page: 7})
		s := srv.Session(t, "alice", nil)
		ids := fill(t, srv, 30)
		for name, c := range map[string]struct {
			f    Filter
			want []string
		}{
			"all":              {Filter{}, numbers(0, 30, 1)},
			"in small pages":   {Filter{Page: 4}, numbers(0, 30, 1)},
			"by address":       {Filter{Archive: srv.JID("alice")}, numbers(0, 30, 1)},
			"backwards":        {Filter{Backwards: true}, numbers(29, -1, -1)},
			"with one":         {Filter{With: srv.JID("carol")}, numbers(1, 31, 2)},
			"with a device":    {Filter{With: srv.JID("carol/y")}, nil},
			"with ourselves":   {Filter{With: srv.JID("alice")}, nil},
			"a time":           {Filter{Start: noon.Add(3 * time.Minute), End: noon.Add(5 * time.Minute)}, numbers(3, 6, 1)},
			"behind":           {Filter{After: ids[20]}, numbers(21, 30, 1)},
			"in front of":      {Filter{Before: ids[10]}, numbers(0, 10, 1)},
			"between":          {Filter{After: ids[3], Before: ids[20]}, numbers(4, 20, 1)},
			"between, back":    {Filter{After: ids[3], Before: ids[20], Backwards: true}, numbers(19, 3, -1)},
			"behind, back":     {Filter{After: ids[20], Backwards: true}, numbers(29, 20, -1)},
			"these":            {Filter{IDs: []string{ids[4], ids[2]}}, []string{"2", "4"}},
			"without rooms":    {Filter{Groupchat: new(bool)}, numbers(0, 30, 1)},
			"behind the end":   {Filter{After: ids[29]}, nil},
			"one, a long time": {Filter{With: srv.JID("bob"), Start: noon.Add(20 * time.Minute), Backwards: true}, numbers(28, 18, -2)},
		} {
			got, err := collect(t.Context(), s, c.f)
			require.NoError(t, err, name)
			require.Equal(t, c.want, got, name)
		}
		for it, err := range Query(t.Context(), s, Filter{IDs: ids[3:4]}) {
			require.NoError(t, err)
			require.Equal(t, &Item{ID: ids[3], Archive: srv.JID("alice"), Stamp: noon.Add(3 * time.Minute), Message: it.Message}, it)
		}
		_, err := collect(t.Context(), s, Filter{After: "gone"})
		require.ErrorIs(t, err, stanza.ItemNotFound)
		_, err = collect(t.Context(), s, Filter{IDs: []string{ids[0], "gone"}})
		require.ErrorIs(t, err, stanza.ItemNotFound)
		_, err = collect(t.Context(), s, Filter{Fields: form.Fields{form.Of("{urn:x}y", "z")}})
		require.ErrorIs(t, err, stanza.FeatureNotImplemented)
		_, err = collect(t.Context(), s, Filter{Archive: srv.JID("bob")})
		require.ErrorIs(t, err, stanza.ServiceUnavailable)
	})
}

// A handler may ask, and nobody else sees what it's told.
func TestQueryInAHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Archive{})
		s, bob := srv.Session(t, "alice", nil), srv.Session(t, "bob", nil)
		fill(t, srv, 120)
		seen := 0
		var got []string
		xmpp.OnMessage(s, func(ctx context.Context, m *stanza.Message) error {
			seen++
			got, _ = collect(ctx, s, Filter{})
			return nil
		})
		require.NoError(t, bob.Send(t.Context(), &stanza.Message{To: s.JID(), Type: stanza.Chat, Body: "120"}))
		synctest.Wait()
		require.Equal(t, 1, seen)
		require.Equal(t, numbers(0, 121, 1), got)
	})
}

func TestArchiveOfARoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Archive{Page: 3})
		room := jid.MustParse("coven@conference.canto.test")
		s := srv.Session(t, "alice", nil)
		require.NoError(t, s.Send(t.Context(), &stanza.Presence{To: jid.MustParse("coven@conference.canto.test/witch"),
			Payloads: []stanza.Element{stanza.Payload(struct {
				XMLName xml.Name `xml:"http://jabber.org/protocol/muc x"`
			}{})}}))
		synctest.Wait()
		live := s.Messages(t.Context(), stanza.GroupChat)
		var ids []string
		for i := range 8 {
			require.NoError(t, s.Send(t.Context(), &stanza.Message{To: room, Type: stanza.GroupChat, Body: fmt.Sprint(i)}))
			m := <-live
			for m.Body != fmt.Sprint(i) { // the subject
				m = <-live
			}
			id, ok := stamp.IDOf(m, s.JID())
			require.True(t, ok)
			ids = append(ids, id.ID)
		}
		n := 0
		for it, err := range Query(t.Context(), s, Filter{Archive: room}) {
			require.NoError(t, err)
			require.Equal(t, ids[n], it.ID)
			require.Equal(t, room, it.Archive)
			require.Equal(t, "coven@conference.canto.test/witch", it.Message.From.String())
			n++
		}
		require.Equal(t, 8, n)
	})
}

func TestMetadataFieldsAndPreferences(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Archive{})
		s, bob := srv.Session(t, "alice", nil), srv.Session(t, "bob", nil)
		m, err := GetMetadata(t.Context(), s, jid.JID{})
		require.NoError(t, err)
		require.Nil(t, m.Start)
		require.Nil(t, m.End)
		ids := fill(t, srv, 3)
		m, err = GetMetadata(t.Context(), s, jid.JID{})
		require.NoError(t, err)
		require.Equal(t, &Edge{ids[0], stamp.Time{Time: noon}}, m.Start)
		require.Equal(t, ids[2], m.End.ID)
		fields, err := Fields(t.Context(), s, jid.JID{})
		require.NoError(t, err)
		require.NotNil(t, fields.Field("before-id"))

		p, err := GetPreferences(t.Context(), s)
		require.NoError(t, err)
		require.Equal(t, Preferences{Default: Always}, p)
		want := Preferences{Default: Never, Always: []jid.JID{srv.JID("carol")}, Never: []jid.JID{srv.JID("bob")}}
		p, err = SetPreferences(t.Context(), s, want)
		require.NoError(t, err)
		require.Equal(t, want, p)
		_, err = SetPreferences(t.Context(), s, Preferences{})
		require.ErrorContains(t, err, "Default")
		require.NoError(t, bob.Send(t.Context(), &stanza.Message{To: s.JID(), Type: stanza.Chat, Body: "not kept"}))
		synctest.Wait()
		require.Len(t, srv.Archived(srv.JID("alice")), 3)

		older := start(t, xmpptest.Archive{NoExtended: true}).Session(t, "alice", nil)
		_, err = GetMetadata(t.Context(), older, jid.JID{})
		require.ErrorIs(t, err, stanza.ServiceUnavailable)
		_, err = collect(t.Context(), older, Filter{IDs: []string{"x"}})
		require.ErrorIs(t, err, stanza.FeatureNotImplemented)
	})
}

// One message that can't be read, or is gone, harms no other; odd answers are errors, and end.
func TestOddAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Archive{})
		s := srv.Session(t, "alice", nil)
		other := srv.Session(t, "bob", nil)
		said := ""
		other.Handle(xmpp.Pattern{Kind: stanza.KindIQ, Type: "set", Space: "urn:xmpp:mam:2", Local: "query"}, xmpp.HandlerFunc(func(ctx context.Context, st stanza.Stanza) (any, error) {
			iq := st.(*stanza.IQ)
			id := iq.Payload.Attr("queryid")
			doc, err := stanza.ParseElement("<d xmlns='urn:d'>" + strings.ReplaceAll(said, "QID", id) + "</d>")
			require.NoError(t, err)
			var last stanza.Element
			for c := range doc.Children() {
				if c.Is("urn:xmpp:mam:2", "result") {
					require.NoError(t, other.Send(ctx, &stanza.Message{To: iq.From, Payloads: []stanza.Element{c}}))
				} else {
					last = c
				}
			}
			return last, nil
		}))
		ask := func(xml string) (items []*Item, err error) {
			said = xml
			for it, e := range Query(t.Context(), s, Filter{Archive: other.JID()}) {
				if err = e; err == nil {
					items = append(items, it)
				}
			}
			return items, err
		}
		res := func(id, inside string) string {
			return "<result xmlns='urn:xmpp:mam:2' queryid='QID' id='" + id + "'>" + inside + "</result>"
		}
		const fin = "<fin xmlns='urn:xmpp:mam:2' complete='true' stable='false'><set xmlns='http://jabber.org/protocol/rsm'/></fin>"
		items, err := ask(res("1", "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2010-07-10T12:00:00Z'/><message xmlns='jabber:client' from='@'/></forwarded>") +
			res("2", "<forwarded xmlns='urn:xmpp:forward:0'/>") + res("3", "") + res("", "") +
			res("4", "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'><body>good</body></message></forwarded>") + fin)
		require.NoError(t, err)
		require.Len(t, items, 4)
		require.Error(t, items[0].Err)
		require.Equal(t, noon, items[0].Stamp)
		require.NoError(t, items[1].Err)
		require.Nil(t, items[1].Message)
		require.Error(t, items[2].Err)
		require.Equal(t, "good", items[3].Message.Body)
		require.True(t, items[3].Unstable)

		_, err = ask("<other xmlns='urn:x'/>")
		require.ErrorIs(t, err, errNoFin)
		// An archive that never says that it's at its end, nor where: the page says so itself, and the same page again is no progress.
		items, err = ask(res("9", "<forwarded xmlns='urn:xmpp:forward:0'/>") + "<fin xmlns='urn:xmpp:mam:2'/>")
		require.Error(t, err)
		require.Len(t, items, 1)
	})
}

// S4: results of strangers, of no query, of another archive and after the end are nobody's.
func TestSecurityS04ArchiveResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Archive{Page: 5})
		s, mallory := srv.Session(t, "alice", nil), srv.Session(t, "mallory", nil)
		fill(t, srv, 12)
		forge := func(queryID string) {
			for _, to := range []*xmpp.Session{mallory} {
				e, err := stanza.ParseElement("<result xmlns='urn:xmpp:mam:2' queryid='" + queryID + "' id='forged'><forwarded xmlns='urn:xmpp:forward:0'>" +
					"<message xmlns='jabber:client' from='bob@canto.test'><body>forged</body></message></forwarded></result>")
				require.NoError(t, err)
				require.NoError(t, to.Send(t.Context(), &stanza.Message{To: s.JID(), Payloads: []stanza.Element{e}}))
			}
			synctest.Wait()
		}
		forge("")
		n := 0
		for it, err := range Query(t.Context(), s, Filter{}) {
			require.NoError(t, err)
			require.NotEqual(t, "forged", it.Message.Body)
			if n++; n%5 == 3 { // while the query goes on, with its very name
				for _, e := range srv.Transcript("alice") {
					if _, after, ok := strings.Cut(e.XML, "queryid='"); ok {
						forge(after[:strings.IndexByte(after, '\'')])
					}
				}
				// The server's own word, but under no name that we have given.
				require.NoError(t, srv.Inject("alice", "<message from='alice@canto.test'><result xmlns='urn:xmpp:mam:2' queryid='x' id='forged'>"+
					"<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'><body>forged</body></message></forwarded></result></message>"))
			}
		}
		require.Equal(t, 12, n)
		// An impostor that is quicker than the archive: it has the name, and is not who was asked.
		var asked bool
		srv.ReplaceReply("alice", "<message from='mallory@canto.test/x'><result xmlns='urn:xmpp:mam:2' queryid='${id}' id='forged'><forwarded xmlns='urn:xmpp:forward:0'>"+
			"<message xmlns='jabber:client'><body>forged</body></message></forwarded></result></message><iq type='result' id='${id}'><fin xmlns='urn:xmpp:mam:2' complete='true'/></iq>")
		for range Query(t.Context(), s, Filter{}) {
			asked = true
		}
		require.False(t, asked)
		got, err := collect(t.Context(), s, Filter{})
		require.NoError(t, err)
		require.False(t, slices.Contains(got, "forged"))
	})
}

// FuzzResult: whatever an archive sends can be read.
func FuzzResult(f *testing.F) {
	for _, x := range specexample.Load(f, "testdata/xep0313.xml") {
		for n := range x.All {
			if n.Name.Space == "urn:xmpp:mam:2" {
				f.Add(n.String())
			}
		}
	}
	for _, x := range specexample.Load(f, "testdata/xep0441.xml") {
		for n := range x.All {
			f.Add(n.String())
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := stanza.ParseElement(s)
		if err != nil {
			return
		}
		if item := readResult(&stanza.Message{Payloads: []stanza.Element{e}}, jid.MustParse("a@b")); item != nil && item.ID == "" {
			t.Fatalf("%q has no id", s)
		}
		_, _ = parseFin(e)
		var p preferences
		if e.Decode(&p) == nil {
			once := stanza.Payload(p.read().write())
			var q preferences
			if err := once.Decode(&q); err != nil {
				t.Fatalf("%q: %v", once, err)
			}
			require.Equal(t, p.read(), q.read())
		}
		var m Metadata
		_ = e.Decode(&m)
	})
}
