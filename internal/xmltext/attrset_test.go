package xmltext

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// distinct returns n attributes, each of another name: a third of them bare, the others in one of two namespaces.
func distinct(n int) (attrs []string) {
	for i := range n {
		attrs = append(attrs, fmt.Sprintf("%sa%d='%d'", [...]string{"", "p:", "r:"}[i%3], i/3, i))
	}
	return attrs
}

// tagOf is an element with these attributes, where p and q are one namespace and r is another.
func tagOf(attrs []string) string { return "<e " + strings.Join(attrs, " ") + "/>" }

const declaring = "<s xmlns:p='u' xmlns:q='u' xmlns:r='v'>"

// XML 1.0 §3.1, Namespaces in XML §6.3: no attribute twice, however many there are and wherever the second one stands; the
// name counts, not its prefix.
func TestDuplicateAmongManyAttributes(t *testing.T) {
	for _, n := range []int{2, pairwise - 1, pairwise, pairwise + 1, pairwise + 2, 40, 200} {
		for _, c := range []struct {
			name   string
			i, j   int // the attribute at j is what that at i is
			second func(string) string
			dup    bool
		}{
			{"none", 0, 0, nil, false},
			{"first and last", 0, n - 1, same, true},
			{"neighbours at the end", n - 2, n - 1, same, true},
			{"the first two", 0, 1, same, true},
			{"in the middle", n / 2, n - 1, same, n/2 != n-1},
			{"another prefix, the same namespace", 1, n - 1, func(s string) string { return strings.Replace(s, "p:", "q:", 1) }, n > 2},
			{"another namespace", 1, n - 1, func(s string) string { return strings.Replace(s, "p:", "r:x", 1) }, false},
			{"no prefix", 1, n - 1, func(s string) string { return strings.Replace(s, "p:", "x", 1) }, false},
		} {
			attrs := distinct(n)
			if c.second != nil {
				attrs[c.j] = c.second(attrs[c.i])
			}
			_, err := drain(NewDecoder(strings.NewReader(declaring+tagOf(attrs)+"</s>"), Limits{Attrs: 256}))
			what := fmt.Sprintf("%d attributes: %s", n, c.name)
			if !c.dup {
				require.Equal(t, io.EOF, err, what)
				continue
			}
			var se *SyntaxError
			require.ErrorAs(t, err, &se, what)
			name, _, _ := strings.Cut(attrs[c.j], "=")
			assert.Equal(t, NotWellFormed, se.Reason, what)
			assert.Equal(t, fmt.Sprintf("duplicate attribute %q", name), se.Msg, what)
			assert.EqualValues(t, strings.LastIndex(declaring+tagOf(attrs), attrs[c.j]), se.Offset, what)
		}
	}
}

func same(s string) string { return s }

// What one tag has left in the table is nothing to the next, not even after 2³² of them.
func TestDuplicateAttributesOfTagsApart(t *testing.T) {
	names := func(local string, n int) (attrs []Attr) {
		for i := range n {
			attrs = append(attrs, Attr{Name: Name{Local: fmt.Sprint(local, i)}})
		}
		return attrs
	}
	var s attrSet
	for i := range 100 {
		require.Equal(t, -1, s.duplicate(names("a", 17+i)))
		require.Equal(t, -1, s.duplicate(names("a", 17)))
	}
	for range 20 { // where a name stands in the table is chance
		s := attrSet{}
		require.Equal(t, -1, s.duplicate(names("a", 20)))
		s.tag = ^uint32(0) - 1
		for _, local := range []string{"b", "c", "d"} {
			require.Equal(t, -1, s.duplicate(names(local, 20)))
			require.Equal(t, 20, s.duplicate(append(names(local, 20), names(local, 1)...)))
		}
	}
}
