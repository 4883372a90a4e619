package xmltext

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestKnownNames(t *testing.T) {
	held := 0
	for _, s := range knownNames {
		if s.q != nil {
			held++
		}
	}
	assert.LessOrEqual(t, held, len(knownNames)/2, "the table is at most half full")
	var in interner
	for _, s := range strings.Fields(names) {
		q, _, f := in.name([]byte(s))
		require.Equal(t, ok, f, s)
		assert.Equal(t, s, q.raw)
		if len(s) < 16 {
			found, end := in.short([]byte("  "+s+"='                "), 2)
			assert.Same(t, q, found, s)
			assert.Equal(t, 2+len(s), end)
		}
	}
	assert.Nil(t, in.names, "known names are not learnt")
}

func TestKnownSpaces(t *testing.T) {
	held := 0
	for _, s := range knownSpaces {
		if s.uri != "" {
			held++
		}
	}
	assert.LessOrEqual(t, held, len(knownSpaces)/2, "the table is at most half full")
	var in interner
	for _, s := range strings.Fields(spaces) {
		assert.Equal(t, s, in.space([]byte(s)))
	}
	assert.Equal(t, "", in.space(nil))
	assert.Nil(t, in.spaces, "known namespaces are not learnt")
}

// Names of every length and of equal keys are told apart.
func TestInternTellsApart(t *testing.T) {
	var in interner
	for n := 1; n < 40; n++ {
		for _, c := range []string{"x", "y"} {
			for i := range n {
				s := strings.Repeat("a", i) + c + strings.Repeat("b", n-i-1)
				q, _, f := in.name([]byte(s))
				require.Equal(t, ok, f)
				require.Equal(t, s, q.raw)
				require.Equal(t, s, in.space([]byte(s)))
				if q, _ := in.short([]byte(s+"> followed by more than sixteen"), 0); q != nil {
					require.Equal(t, s, q.raw)
				}
			}
		}
	}
}

// Same ends, same length, other middle: the key does not tell, the string does.
func TestInternLongMiddle(t *testing.T) {
	var in interner
	one, two := "urn:exam"+"ple:1234"+":ends:same", "urn:exam"+"ple:5678"+":ends:same"
	for range 2 {
		assert.Equal(t, one, in.space([]byte(one)))
		assert.Equal(t, two, in.space([]byte(two)))
	}
}

func TestShortStopsWhereNamesStop(t *testing.T) {
	var in interner
	for c := range 256 {
		got, _ := in.short([]byte("body"+string([]byte{byte(c)})+"                   "), 0)
		if c >= 0x80 || strings.ContainsRune(" \t\r\n/<=>?", rune(c)) || c < 0x20 {
			continue
		}
		assert.Nil(t, got, "%q", rune(c))
	}
}

func TestNameCharacters(t *testing.T) {
	for _, c := range []struct {
		r           rune
		start, more bool
	}{
		{'a', true, true}, {'_', true, true}, {'-', false, true}, {'.', false, true}, {'7', false, true}, {'$', false, false},
		{0xb7, false, true}, {0xc0, true, true}, {0xd7, false, false}, {0xf7, false, false}, {0x300, false, true},
		{0x37e, false, false}, {0x37f, true, true}, {0x2000, false, false}, {0x200c, true, true}, {0x203f, false, true},
		{0x2070, true, true}, {0x2190, false, false}, {0x3000, false, false}, {0x3001, true, true}, {0xfdd0, false, false},
		{0xfffd, true, true}, {0xfffe, false, false}, {0x10000, true, true}, {0xeffff, true, true}, {0xf0000, false, false},
	} {
		assert.Equal(t, c.start, isNCName(string(c.r)), "%U first", c.r)
		assert.Equal(t, c.more, isNCName("a"+string(c.r)), "%U later", c.r)
	}
	assert.False(t, isNCName(""))
	assert.False(t, isNCName("a:b"))
	assert.False(t, isNCName(":"))
	assert.False(t, isNCName("é:b"))
	assert.False(t, isNCName("a\xff"))
}

// The eight-byte paths agree with the plain ones at every place in a word.
func TestPlainAtEveryPlace(t *testing.T) {
	for c := range 256 {
		for at := range 20 {
			b := []byte(strings.Repeat("~", 20))
			b[at] = byte(c)
			want := 20
			if c < 0x20 || c >= 0x80 || c == '<' || c == '&' || c == '\'' {
				want = at
			}
			require.Equal(t, want, plain(b, 0, '\''), "%q at %d", rune(c), at)
		}
	}
}
