package stanza

import (
	"encoding/xml"
	"fmt"
	"io"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sameXML compares two pieces of a client stream by their meaning: prefixes, the order of attributes and where a namespace
// is declared do not count. It reads with encoding/xml, not with the code under test.
func sameXML(t testing.TB, want, got string) {
	t.Helper()
	require.Equal(t, canon(t, want), canon(t, got), "want %s\ngot  %s", want, got)
}

// canon returns one line for each start tag, run of text and end tag.
func canon(t testing.TB, s string) string {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader("<stream xmlns='jabber:client'>" + s + "</stream>"))
	var b strings.Builder
	inText := false
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return b.String()
		}
		require.NoError(t, err, "%s", s)
		text, isText := tok.(xml.CharData)
		if inText && !isText {
			b.WriteString("\n")
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			fmt.Fprintf(&b, "<%q%s\n", tok.Name, canonAttrs(tok.Attr))
		case xml.EndElement:
			b.WriteString("/\n")
		case xml.CharData:
			fmt.Fprintf(&b, "%q", string(text))
		}
		inText = isText
	}
}

func canonAttrs(attrs []xml.Attr) string {
	var all []string
	for _, a := range attrs {
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
			continue
		}
		all = append(all, fmt.Sprintf(" %q=%q", a.Name, a.Value))
	}
	sort.Strings(all)
	return strings.Join(all, "")
}
