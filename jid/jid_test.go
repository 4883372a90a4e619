package jid

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParts(t *testing.T) {
	tests := []struct{ in, local, domain, resource, bare string }{
		{"example.com", "", "example.com", "", "example.com"},
		{"example.com/a/b@c", "", "example.com", "a/b@c", "example.com"},
		{"romeo@example.com", "romeo", "example.com", "", "romeo@example.com"},
		{"romeo@example.com/balcony", "romeo", "example.com", "balcony", "romeo@example.com"},
		{"Jiří@Čechy.example/V Praze", "jiří", "čechy.example", "V Praze", "jiří@čechy.example"},
		{"a@[::1]/r", "a", "[::1]", "r", "a@[::1]"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			j, err := Parse(tt.in)
			require.NoError(t, err)
			assert.Equal(t, tt.local, j.Localpart())
			assert.Equal(t, tt.domain, j.Domainpart())
			assert.Equal(t, tt.resource, j.Resourcepart())
			assert.Equal(t, MustParse(tt.bare), j.Bare())
			assert.Equal(t, MustParse(tt.domain), j.Domain())
			assert.Equal(t, j.Bare(), j.Bare().Bare())
			assert.False(t, j.IsZero())
			again, err := New(tt.local, tt.domain, tt.resource)
			require.NoError(t, err)
			assert.True(t, j == again)
			full, err := j.Bare().WithResource(tt.resource)
			require.NoError(t, err)
			assert.True(t, j == full)
			fromBytes, err := ParseBytes([]byte(tt.in))
			require.NoError(t, err)
			assert.True(t, j == fromBytes)
		})
	}
}

func TestZero(t *testing.T) {
	var zero JID
	assert.True(t, zero.IsZero())
	for _, s := range []string{zero.String(), zero.Localpart(), zero.Domainpart(), zero.Resourcepart(), zero.Host()} {
		assert.Empty(t, s)
	}
	assert.Equal(t, zero, zero.Bare())
	assert.Equal(t, zero, zero.Domain())
	_, err := zero.WithResource("r")
	assert.ErrorIs(t, err, Empty)
}

func TestValue(t *testing.T) {
	assert.EqualValues(t, 24, unsafe.Sizeof(JID{}))
	seen := map[JID]int{}
	for _, s := range []string{"a@b/c", "A@B/c", "a@b/C", "a@b"} {
		seen[MustParse(s)]++
	}
	assert.Equal(t, map[JID]int{MustParse("a@b/c"): 2, MustParse("a@b/C"): 1, MustParse("a@b"): 1}, seen)
	list := []JID{MustParse("b@h"), MustParse("a@h/2"), MustParse("a@h/10"), MustParse("a@h")}
	slices.SortFunc(list, JID.Compare)
	assert.Equal(t, []JID{MustParse("a@h"), MustParse("a@h/10"), MustParse("a@h/2"), MustParse("b@h")}, list)
}

// TestNewTakesPartsAsTheyAre: separators inside a part are characters of it.
func TestNewTakesPartsAsTheyAre(t *testing.T) {
	j, err := New("", "h", "a@b/c")
	require.NoError(t, err)
	assert.Equal(t, "h/a@b/c", j.String())
	tests := []struct {
		local, domain, resource string
		part                    Part
		reason                  Reason
		input                   string
	}{
		{"a@b", "h", "", Localpart, Disallowed, "a@b"},
		{"a/b", "h", "", Localpart, Disallowed, "a/b"},
		{"a", "b@h", "", Domainpart, Disallowed, "b@h"},
		{"a", "h/r", "", Domainpart, Disallowed, "h/r"},
		{"a", "", "r", Domainpart, Empty, ""},
		{"a", ".", "r", Domainpart, Empty, "."},
		{"a", "h", "\n", Resourcepart, Disallowed, "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.local+" "+tt.domain+" "+tt.resource, func(t *testing.T) {
			j, err := New(tt.local, tt.domain, tt.resource)
			var parseError *ParseError
			require.ErrorAs(t, err, &parseError)
			assert.Equal(t, tt.part, parseError.Part)
			assert.Equal(t, tt.reason, parseError.Reason)
			assert.Equal(t, tt.input, parseError.Input)
			assert.Zero(t, j)
		})
	}
}

func TestWithResource(t *testing.T) {
	j := MustParse("a@h/old")
	got, err := j.WithResource("Ne\u0301w")
	require.NoError(t, err)
	assert.Equal(t, MustParse("a@h/Néw"), got)
	got, err = j.WithResource("")
	require.NoError(t, err)
	assert.Equal(t, MustParse("a@h"), got)
	for _, bad := range []string{"\x00", "\xff", strings.Repeat("x", maxPart+1)} {
		got, err = j.WithResource(bad)
		var parseError *ParseError
		require.ErrorAs(t, err, &parseError)
		assert.Equal(t, Resourcepart, parseError.Part)
		assert.Equal(t, bad, parseError.Input)
		assert.Zero(t, got)
	}
}

func TestMustParsePanics(t *testing.T) {
	assert.PanicsWithError(t, `jid: "a@": domainpart is empty`, func() { MustParse("a@") })
}

// TestConcurrentUse shows that the shared profiles keep no state; it means something with the race detector.
func TestConcurrentUse(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				assert.Equal(t, "ασ@münchen.de/é", MustParse("ΑΣ@xn--mnchen-3ya.de/e\u0301").String())
			}
		})
	}
	wg.Wait()
}

func TestAllocations(t *testing.T) {
	j := MustParse("romeo@montague.example/orchard")
	wire := []byte("romeo@montague.example/orchard")
	var sink JID
	var s string
	tests := []struct {
		name string
		max  float64
		f    func()
	}{
		{"Parse canonical", 0, func() { sink, _ = Parse("romeo@montague.example/orchard") }},
		{"Parse domain", 0, func() { sink, _ = Parse("montague.example") }},
		{"ParseBytes", 1, func() { sink, _ = ParseBytes(wire) }},
		{"Bare", 0, func() { sink = j.Bare() }},
		{"Domain", 0, func() { sink = j.Domain() }},
		{"Resourcepart", 0, func() { s = j.Resourcepart() }},
		{"String", 0, func() { s = j.String() }},
		{"Host", 0, func() { s = j.Host() }},
		{"WithResource", 1, func() { sink, _ = j.WithResource("balcony") }},
		{"New", 1, func() { sink, _ = New("romeo", "montague.example", "orchard") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.LessOrEqual(t, testing.AllocsPerRun(100, tt.f), tt.max)
		})
	}
	assert.NotZero(t, sink)
	assert.NotEmpty(t, s)
}

func FuzzParse(f *testing.F) {
	for _, row := range readTSV(f, "jid-parse.tsv") {
		f.Add(row["input"])
	}
	for _, row := range readTSV(f, "jid-equality.tsv") {
		f.Add(row["a"])
	}
	f.Add("ب\u200cء@ب\u200cب.example/\u0387")
	f.Fuzz(func(t *testing.T, s string) {
		j, err := Parse(s)
		if err != nil {
			require.Zero(t, j)
			require.NotEmpty(t, err.Error())
			return
		}
		again, err := Parse(j.String())
		require.NoError(t, err, "%q", j)
		require.True(t, j == again, "%q, then %q", j, again)
		fromParts, err := New(j.Localpart(), j.Domainpart(), j.Resourcepart())
		require.NoError(t, err, "%q", j)
		require.True(t, j == fromParts, "%q of its parts is %q", j, fromParts)
		for _, part := range []string{j.Localpart(), j.Domainpart(), j.Resourcepart()} {
			require.LessOrEqual(t, len(part), maxPart)
		}
		checkHost(t, j)
	})
}

// checkHost checks that a name survives the way through the DNS form.
func checkHost(t *testing.T, j JID) {
	t.Helper()
	host := j.Host()
	if strings.HasPrefix(j.Domainpart(), "[") {
		require.Contains(t, host, ":")
		return
	}
	require.True(t, isASCII(host), "%q", host)
	require.LessOrEqual(t, len(host), maxName)
	back, err := Parse(host)
	require.NoError(t, err, "%q", host)
	require.True(t, back == j.Domain(), "%q is %q, not %q", host, back, j.Domain())
}
