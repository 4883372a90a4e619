package presence

import (
	"testing"

	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]stanza.Presence{
		"":                               {},
		"online":                         {},
		"  DND \n":                       {Show: stanza.DoNotDisturb},
		"dnd in a meeting\n":             {Show: stanza.DoNotDisturb, Status: "in a meeting"},
		"away: at lunch":                 {Show: stanza.Away, Status: "at lunch"},
		"xa\non holiday\r\nuntil May":    {Show: stanza.ExtendedAway, Status: "on holiday\n\nuntil May"},
		"chat talk to me":                {Show: stanza.FreeForChat, Status: "talk to me"},
		"offline gone":                   {Type: stanza.Unavailable, Status: "gone"},
		"working on RFC 6121":            {Status: "working on RFC 6121"},
		"on\tit 🙂 \U00010000":            {Status: "on\tit 🙂 \U00010000"},
		":":                              {Status: ":"},
		"away : : : x":                   {Show: stanza.Away, Status: "x"},
		"awayday":                        {Status: "awayday"},
		"online: away game tonight":      {Status: "away game tonight"},
		"away \x00\x1b[31mred\xff\ufffe": {Show: stanza.Away, Status: "[31mred"},
	} {
		assert.Equal(t, want, *Parse(text), "%q", text)
	}
}

// FuzzParse: whatever a file or a program says can be sent.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "dnd in a meeting", "away:\x00", "offline \xff", "xa\r\n\ufffe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p := Parse(text)
		b, err := stanza.Append(nil, p)
		require.NoError(t, err)
		st, err := stanza.Parse(b)
		require.NoError(t, err)
		got := st.(*stanza.Presence)
		require.Equal(t, []any{p.Type, p.Show, p.Status}, []any{got.Type, got.Show, got.Status})
	})
}
