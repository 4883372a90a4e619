package jid

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// readTSV reads a table of testdata; its first line names the columns. Cells that begin with a quote are JSON strings.
func readTSV(t testing.TB, name string) []map[string]string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	columns := strings.Split(lines[0], "\t")
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, cell := range strings.Split(line, "\t") {
			if strings.HasPrefix(cell, `"`) {
				var s string
				if err := json.Unmarshal([]byte(cell), &s); err == nil {
					cell = s
				}
			}
			row[columns[i]] = cell
		}
		rows = append(rows, row)
	}
	require.NotEmpty(t, rows)
	return rows
}

func TestParseVectors(t *testing.T) {
	for _, row := range readTSV(t, "jid-parse.tsv") {
		t.Run(row["id"], func(t *testing.T) {
			j, err := Parse(row["input"])
			if row["expect"] != "valid" { // "policy" is d-41: DISALLOWED by RFC 5892, and not mapped by RFC 5895
				var parseError *ParseError
				require.ErrorAs(t, err, &parseError, row["reason"])
				assert.Equal(t, row["input"], parseError.Input)
				assert.Zero(t, j)
				return
			}
			require.NoError(t, err, row["reason"])
			assert.Equal(t, row["local"], j.Localpart())
			assert.Equal(t, row["domain"], j.Domainpart())
			assert.Equal(t, row["resource"], j.Resourcepart())
		})
	}
}

func TestEqualityVectors(t *testing.T) {
	t.Attr("conformance", "8265-3.3.4-1 8265-3.3.4-2 8265-4.2.3-1 8265-4.2.3-2")
	for _, row := range readTSV(t, "jid-equality.tsv") {
		t.Run(row["a"]+" "+row["b"], func(t *testing.T) {
			a, b := MustParse(row["a"]), MustParse(row["b"])
			// "policy" is the spelling of an IPv6 address: RFC 7622 compares octets and names no mapping for it.
			assert.Equal(t, row["expect"] == "equal", a == b)
			assert.Equal(t, a == b, a.Compare(b) == 0)
		})
	}
}

func TestEscapeVectors(t *testing.T) {
	for _, row := range readTSV(t, "jid-escape.tsv") {
		t.Run(row["unescaped"], func(t *testing.T) {
			got, err := Escape(row["unescaped"])
			switch row["direction"] {
			case "both":
				require.NoError(t, err)
				assert.Equal(t, row["escaped"], got)
				assert.Equal(t, row["unescaped"], Unescape(row["escaped"]))
			case "error":
				require.ErrorIs(t, err, OuterSpace)
				assert.Equal(t, row["escaped"], Unescape(row["escaped"]), "no escape sequence at either end")
			case "policy": // \5C: escaped, since lower-casing the localpart would make it a sequence
				require.NoError(t, err)
				assert.Equal(t, `\5c5C`, got)
				assert.Equal(t, row["unescaped"], Unescape(got))
				assert.Equal(t, row["unescaped"], Unescape(row["escaped"]), "case is significant")
			default:
				t.Fatalf("unknown direction %q", row["direction"])
			}
		})
	}
}
