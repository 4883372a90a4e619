package xmltext

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The scope agrees with the simplest model of one, a map for each open element, above and below the size from which on it
// keeps an index.
func TestScopeAgainstModel(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var s scope
	type level struct {
		mark  int
		binds map[string]string
	}
	levels := []level{{0, map[string]string{"xml": nsXML}}}
	deepest := 0
	for i := range 200_000 {
		if r.IntN(100) < 50+10*(i/20_000%2) && len(levels) > 1 { // grows and shrinks in turn
			s.cut(levels[len(levels)-1].mark)
			levels = levels[:len(levels)-1]
			continue
		}
		if len(levels) > 200 {
			continue
		}
		binds := make(map[string]string)
		for k, v := range levels[len(levels)-1].binds {
			binds[k] = v
		}
		l := level{len(s.stack), binds}
		for range r.IntN(4) {
			prefix, uri := "p"+strconv.Itoa(r.IntN(40)), "u"+strconv.Itoa(i)
			f := s.declare(prefix, uri, l.mark)
			if f == faultDupDecl {
				continue
			}
			require.Equal(t, ok, f)
			binds[prefix] = uri
		}
		require.Contains(t, []fault{ok, faultDupDecl}, s.declare("", "default", l.mark))
		levels = append(levels, l)
		deepest = max(deepest, len(s.stack))
		prefix := "p" + strconv.Itoa(r.IntN(40))
		uri, f := s.resolve(prefix)
		want, is := binds[prefix]
		require.Equal(t, is, f == ok)
		require.Equal(t, want, uri)
	}
	assert.Greater(t, deepest, 10*indexAbove)
	s.cut(0)
	assert.Nil(t, s.index)
	uri, f := s.resolve("xml")
	assert.Equal(t, nsXML, uri)
	assert.Equal(t, ok, f)
}

// What a peer wrote is shown quoted and cut, however long it is.
func TestErrorsShowTheWire(t *testing.T) {
	long := strings.Repeat("é", 500)
	in := "<s>" + strings.Repeat("<"+long[:200]+">", 20) + "<p:b/>"
	_, err := drain(NewDecoder(strings.NewReader(in), Limits{}))
	var se *SyntaxError
	require.ErrorAs(t, err, &se)
	assert.Less(t, len(se.Error()), 1000)
	assert.True(t, strings.HasSuffix(se.Path, "/…"), se.Path)
	assert.Contains(t, se.Error(), `undeclared namespace prefix "p"`)

	_, err = drain(NewDecoder(strings.NewReader("<s><"+long[:600]+":b/>"), Limits{}))
	assert.Less(t, len(err.Error()), 300)
	for reason, want := range map[Reason]string{
		NotWellFormed: "not well-formed", Restricted: "restricted XML", Encoding: "not UTF-8", LimitExceeded: "limit exceeded",
		BadFormat: "bad format", 0: "unknown",
	} {
		assert.Equal(t, want, reason.String())
	}
	assert.Equal(t, "none", KindNone.String())
}

// Every fault has its reason and words, and a limit only where one was exceeded.
func TestFaultsAreComplete(t *testing.T) {
	for f := ended + 1; f <= faultRefBytes; f++ {
		e := faults[f]
		assert.NotZero(t, e.reason, "%d", f)
		assert.NotEmpty(t, e.msg, "%d", f)
		assert.Equal(t, e.reason == LimitExceeded, e.limit != "", "%d", f)
	}
	assert.Len(t, faults, int(faultRefBytes)+1)
}
