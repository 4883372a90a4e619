package sasl

import (
	"bufio"
	"encoding/hex"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSASLprep(t *testing.T) {
	tests := []struct {
		in, want string
		err      error
	}{
		// RFC 4013 section 3
		{"I\u00adX", "IX", nil},
		{"user", "user", nil},
		{"USER", "USER", nil},
		{"\u00aa", "a", nil},
		{"\u2168", "IX", nil},
		{"\u0007", "", errProhibited},
		{"\u0627\u0031", "", errBidi},
		// its tables
		{"a\u00a0b\u3000c", "a b c", nil},
		{"a\u200bb", "a b", nil}, // in both mappings, the space comes first
		{"\u034f\u1806\ufe0f\ufeff", "", nil},
		{" ~", " ~", nil},
		{"\x7f", "", errProhibited},
		{"\u0340", "\u0300", nil}, // prohibited, but NFKC has taken it away before
		{"\u0378", "\u0378", nil}, // unassigned then and now
		{"\ue000", "", errProhibited},
		{"\ufffd", "", errProhibited},
		{"\U000e0041", "", errProhibited},
		{"\U0010ffff", "", errProhibited},
		{"\u06dd", "", errProhibited},
		{"\u05d0 \u05d1", "\u05d0 \u05d1", nil},
		{"\u05d0 ", "", errBidi},
		{"1\u05d0", "", errBidi},
		{"\u05d0a\u05d0", "", errBidi},
		{"\u05d0\ufe0f", "\u05d0", nil},
		{"\xff", "", errNotUTF8},
		{"a\xed\xa0\x80", "", errNotUTF8},
		// what Unicode has learnt since 3.2 passes, and is not normalized
		{"\U0001f600\u212b", "\U0001f600\u00c5", nil},
		{"\U0001f12f", "\U0001f12f", nil},
		{"e\u0301\U0001f110e\u0301", "\u00e9\U0001f110\u00e9", nil},
	}
	for _, tt := range tests {
		got, err := saslprep(tt.in)
		assert.Equal(t, tt.want, got, "%q", tt.in)
		assert.Equal(t, tt.err, err, "%q", tt.in)
	}
}

// TestSASLprepSecondOpinion compares with testdata/saslprep.tsv, the results of another implementation.
func TestSASLprepSecondOpinion(t *testing.T) {
	f, err := os.Open("testdata/saslprep.tsv")
	require.NoError(t, err)
	defer f.Close()
	rows := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		rows++
		in, want, _ := strings.Cut(lines.Text(), "\t")
		input, err := hex.DecodeString(in)
		require.NoError(t, err)
		got, err := saslprep(string(input))
		if want == "-" {
			assert.Error(t, err, "%q", input)
			continue
		}
		require.NoError(t, err, "%q", input)
		assert.Equal(t, want, hex.EncodeToString([]byte(got)), "%q", input)
	}
	assert.Equal(t, 760, rows)
}

// TestTables: the tables are sorted pairs, and an edge of each is where the RFC has it.
func TestTables(t *testing.T) {
	for name, l := range map[string]rangeList{
		"A.1": unassigned, "B.1": mappedToNothing, "C.1.2": nonASCIISpaces, "trace": prohibitedInTrace,
		"SASLprep": prohibitedInSASL, "D.1": randALCat, "D.2": lCat,
	} {
		assert.True(t, slices.IsSorted(l), name)
		assert.Zero(t, len(l)%2, name)
	}
	for _, tt := range []struct {
		l  rangeList
		r  rune
		in bool
	}{
		{unassigned, 0x0220, false}, {unassigned, 0x0221, true}, {unassigned, 0x0222, false},
		{unassigned, 0x0234, true}, {unassigned, 0x0240, true}, {unassigned, 0x024F, true}, {unassigned, 0x0250, false},
		{prohibitedInSASL, 0, true}, {prohibitedInSASL, 0x1F, true}, {prohibitedInSASL, 0x20, false},
		{prohibitedInSASL, 0x10FFFF, true}, {prohibitedInTrace, 0xA0, false}, {prohibitedInTrace, 0x9F, true},
		{prohibitedInTrace, 0x340, true}, {randALCat, 0x05BE, true}, {randALCat, 0x05BF, false}, {lCat, 'A', true}, {lCat, '1', false},
	} {
		assert.Equal(t, tt.in, tt.l.contains(tt.r), "%U", tt.r)
	}
}

func FuzzSASLprep(f *testing.F) {
	for _, s := range []string{"user", "I\u00adX", "\u2168", "\u0627\u0031", "\u05d0\u05d1", "e\u0301\U0001f110", "\xff", "\u0007"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := saslprep(s)
		if err != nil {
			return
		}
		if !utf8.ValidString(p) || strings.ContainsRune(p, 0) {
			t.Fatalf("%q became %q", s, p)
		}
		if again, err := saslprep(p); err != nil || again != p {
			t.Fatalf("%q became %q, which becomes %q, %v", s, p, again, err)
		}
	})
}
