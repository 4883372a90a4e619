package jid

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEscape(t *testing.T) {
	tests := []struct{ text, local string }{
		{escaped[1:], `\22\26\27\2f\3a\3c\3e\40\`}, // every character of XEP-0106 §3.2; the backslash begins nothing
		{`a b`, `a\20b`},
		{`\20`, `\5c20`},
		{`\5c20`, `\5c5c20`},
		{`\\20`, `\\5c20`},
		{`\2F`, `\5c2F`}, // would be \2f once it is lower case
		{`\21`, `\21`},
		{`\`, `\`},
		{`\2`, `\2`},
		{`ž'`, `ž\27`},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			local, err := Escape(tt.text)
			require.NoError(t, err)
			assert.Equal(t, tt.local, local)
			assert.Equal(t, tt.text, Unescape(local))
		})
	}
}

// TestUnescapeLeavesTheRest is XEP-0106 §4.1 rule 3: only the listed sequences, in lower case, are unescaped.
func TestUnescapeLeavesTheRest(t *testing.T) {
	for _, local := range []string{`\2F`, `\5C`, `\41`, `\2`, `\`, `\zz`, `\20`, `\20x`, `x\20`, `\u0020`} {
		assert.Equal(t, local, Unescape(local))
	}
}

func FuzzEscape(f *testing.F) {
	for _, row := range readTSV(f, "jid-escape.tsv") {
		f.Add(row["unescaped"])
		f.Add(row["escaped"])
	}
	f.Fuzz(func(t *testing.T, text string) {
		local, err := Escape(text)
		if err != nil {
			require.ErrorIs(t, err, OuterSpace)
			return
		}
		require.Equal(t, text, Unescape(local))
		require.False(t, strings.ContainsAny(local, ` "&'/:<>@`), "XEP-0106 §4.1 rule 4")
		Unescape(text) // must not panic on what Escape did not make
		// What is shown of the address is the text as the localpart maps it.
		j, err := New(local, "h", "")
		if err != nil || !isASCII(text) {
			return
		}
		require.Equal(t, strings.ToLower(text), Unescape(j.Localpart()))
	})
}
