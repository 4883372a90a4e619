package form

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/require"
)

// examples returns the forms in the examples of the XEPs, by where they stand. What is no form there, such as a field alone,
// is put into one.
func examples(t testing.TB) map[string]stanza.Element {
	t.Helper()
	files, err := filepath.Glob("testdata/xep-*.txt")
	require.NoError(t, err)
	found := make(map[string]stanza.Element)
	for _, file := range files {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, block := range strings.Split(string(b), "# XEP-")[1:] {
			title, text, _ := strings.Cut(block, "\n")
			switch {
			case strings.HasPrefix(text, "<media"):
				text = "<x xmlns='jabber:x:data' type='form'><field var='media'>" + text + "</field></x>"
			case strings.HasPrefix(text, "<field"):
				text = "<x xmlns='jabber:x:data' type='form'>" + text + "</x>"
			}
			doc, err := stanza.ParseElement("<doc xmlns='jabber:client'>" + text + "</doc>")
			require.NoError(t, err, title)
			for i, e := range formsIn(doc) {
				found[fmt.Sprintf("%s/%d", title, i)] = e
			}
		}
	}
	require.Greater(t, len(found), 45)
	return found
}

func formsIn(e stanza.Element) (list []stanza.Element) {
	if e.Is("jabber:x:data", "x") {
		return []stanza.Element{e}
	}
	for c := range e.Children() {
		list = append(list, formsIn(c)...)
	}
	return list
}

// meaning is an element without what says nothing: order, prefixes, white space around text.
func meaning(t testing.TB, e stanza.Element) string {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(e.String()))
	for {
		tok, err := d.Token()
		require.NoError(t, err)
		if start, ok := tok.(xml.StartElement); ok {
			return tree(t, d, start)
		}
	}
}

func tree(t testing.TB, d *xml.Decoder, start xml.StartElement) string {
	var parts []string
	text := ""
	for _, a := range start.Attr {
		if a.Name.Local != "xmlns" && a.Name.Space != "xmlns" {
			parts = append(parts, fmt.Sprintf("@%s=%q", a.Name.Local, a.Value))
		}
	}
	for {
		tok, err := d.Token()
		require.NoError(t, err)
		switch tok := tok.(type) {
		case xml.StartElement:
			parts = append(parts, tree(t, d, tok))
		case xml.CharData:
			text += string(tok)
		case xml.EndElement:
			slices.Sort(parts)
			if len(parts) > 0 {
				text = "" // dots that stand for more
			}
			return fmt.Sprintf("{%s %s %q %v}", start.Name.Space, start.Name.Local, strings.TrimSpace(text), parts)
		}
	}
}

// Every form in the examples of the XEPs is read, and means the same when it's written again.
func TestExamplesOfTheXEPs(t *testing.T) {
	for title, e := range examples(t) {
		t.Run(title, func(t *testing.T) {
			var f Form
			require.NoError(t, e.Decode(&f))
			again := stanza.Payload(f)
			require.NoError(t, again.Err())
			want := e.String()
			// Slips of the XEPs: options without <value/> and with a label that is spelled otherwise; rules without their prefix.
			if strings.HasPrefix(title, "0068 Example 3") {
				want = strings.NewReplacer(">Sun<", "><value/><", ">Moon<", "><value/><", ">Stars<", "><value/><", ` lable="Maid"`, "", ` lable='Maid'`, "").Replace(want)
			}
			want = strings.ReplaceAll(want, "<basic/>", "<basic xmlns='http://jabber.org/protocol/xdata-validate'/>")
			wanted, err := stanza.ParseElement(want)
			require.NoError(t, err)
			require.Equal(t, strings.Split(meaning(t, wanted), "} "), strings.Split(meaning(t, again), "} "))
			var twice Form
			require.NoError(t, again.Decode(&twice))
			require.Equal(t, f, twice)
		})
	}
}

// find returns the form of an example.
func find(t testing.TB, title string) *Form {
	t.Helper()
	for name, e := range examples(t) {
		if strings.HasPrefix(name, title) {
			f := new(Form)
			require.NoError(t, e.Decode(f))
			return f
		}
	}
	t.Fatalf("no example %q", title)
	return nil
}
