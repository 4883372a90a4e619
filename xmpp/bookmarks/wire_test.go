package bookmarks

import (
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/specexample"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/require"
)

// eitherSpelling holds autojoin="1" to be what is written as autojoin="true" (XEP-0402 §2).
func eitherSpelling(c specexample.Codec) specexample.Codec {
	return func(s string) (string, error) {
		out, err := c(s)
		if strings.Contains(s, `autojoin="1"`) || strings.Contains(s, "autojoin='1'") {
			out = strings.ReplaceAll(out, `autojoin="true"`, `autojoin="1"`)
		}
		return out, err
	}
}

func TestExamplesOfTheXEPs(t *testing.T) {
	const nothing = "it has no bookmark"
	specexample.Run(t, "testdata/xep0402.xml", map[string]specexample.Codec{"urn:xmpp:bookmarks:1 conference": eitherSpelling(specexample.As[conference]())},
		map[string]string{"3": nothing, "4": nothing, "7": nothing, "9": nothing, "10": nothing, "11": nothing, "14": nothing})
	specexample.Run(t, "testdata/xep0048.xml", map[string]specexample.Codec{"storage:bookmarks storage": specexample.As[storage]()},
		map[string]string{"4": nothing, "6": nothing})
}

// A bookmark is the same after it has been through either of the two forms.
func TestForms(t *testing.T) {
	element := func(s string) stanza.Element {
		e, err := stanza.ParseElement(s)
		require.NoError(t, err)
		return e
	}
	room := jid.MustParse("theplay@conference.shakespeare.lit")
	for name, b := range map[string]Bookmark{
		"nothing": {Room: room},
		"all": {Room: room, Name: "The Play's the Thing", Autojoin: true, Nick: "JC", Password: "Gl0b3",
			Extensions: []stanza.Element{element("<state xmlns='http://myclient.example/bookmark/state' minimized='true'/>"), element("<x xmlns='urn:x'>1</x>")},
			Other:      []stanza.Element{element("<unknown xmlns='urn:y'/>")}},
	} {
		t.Run(name, func(t *testing.T) {
			var c conference
			require.NoError(t, stanza.Payload(b.native()).Decode(&c))
			require.Equal(t, b, c.bookmark(room))
			var s storage
			require.NoError(t, stanza.Payload((&storage{}).with(room, &b)).Decode(&s))
			require.Equal(t, map[jid.JID]Bookmark{room: b}, s.rooms())
			require.True(t, b.equal(c.bookmark(room)))
			other := b
			other.Other = append(other.Other, element("<z xmlns='urn:z'/>"))
			require.False(t, b.equal(other))
		})
	}
}

// What is odd in a list does no harm to the rest, and stays there when a bookmark is changed.
func TestOddStorage(t *testing.T) {
	const odd = `<storage xmlns='storage:bookmarks'><url name='Works' url='http://the-tech.mit.edu/Shakespeare/'/>` +
		`<conference jid='@' name='none'/><conference jid='a@b.c/x' autojoin='1'/><conference jid='a@b.c' name='twice'/>` +
		`<conference jid='d@e.f' autojoin='maybe'/><note xmlns='urn:n'/></storage>`
	e, err := stanza.ParseElement(odd)
	require.NoError(t, err)
	var s storage
	require.NoError(t, e.Decode(&s))
	a, d := jid.MustParse("a@b.c"), jid.MustParse("d@e.f")
	require.Equal(t, map[jid.JID]Bookmark{a: {Room: a, Autojoin: true}, d: {Room: d}}, s.rooms())
	out := stanza.Payload(s.with(a, nil)).String()
	require.Contains(t, out, "<url name='Works'")
	require.Contains(t, out, "jid='@'")
	require.Contains(t, out, "<note xmlns='urn:n'")
	require.NotContains(t, out, "a@b.c")
	out = stanza.Payload(s.with(a, &Bookmark{Room: a, Name: "once"})).String()
	require.Contains(t, out, "name='once'")
	require.NotContains(t, out, "twice")
}

// FuzzBookmark: what can be read as a bookmark, or as a list of them, can be written, and says the same then.
func FuzzBookmark(f *testing.F) {
	for _, file := range []string{"0402", "0048"} {
		for _, x := range specexample.Load(f, "testdata/xep"+file+".xml") {
			for n := range x.All {
				if n.Name.Local == "conference" || n.Name.Local == "storage" {
					f.Add(n.String())
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, raw string) {
		e, err := stanza.ParseElement(raw)
		if err != nil {
			return
		}
		room := jid.MustParse("a@b.c")
		var c, again conference
		if e.Decode(&c) == nil {
			b := c.bookmark(room)
			if out := stanza.Payload(b.native()); out.Err() == nil && (out.Decode(&again) != nil || !again.bookmark(room).equal(b)) {
				t.Fatalf("%q became %q", raw, out)
			}
		}
		var s, twice storage
		if e.Decode(&s) != nil {
			return
		}
		out := stanza.Payload(s.with(room, &Bookmark{Room: room, Name: "new"}))
		if out.Err() != nil {
			return
		}
		if err := out.Decode(&twice); err != nil {
			t.Fatalf("%v of %q", err, out)
		}
		if twice.rooms()[room].Name != "new" || len(twice.rooms()) < len(s.rooms()) {
			t.Fatalf("%q became %q", raw, out)
		}
	})
}
