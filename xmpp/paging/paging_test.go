package paging

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/canto-im/canto/internal/specexample"
	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/require"
)

const file = "testdata/xep0059.xml"

func TestExamplesOfTheXEP(t *testing.T) {
	specexample.Run(t, file, map[string]specexample.Codec{
		"jabber:client iq":                   specexample.As[stanza.IQ](),
		"http://jabber.org/protocol/rsm set": specexample.As[Set](),
	}, nil)
}

// What the examples of XEP-0059 say, in this package's words.
func TestParse(t *testing.T) {
	for number, want := range map[string]Set{
		"3":  {Max: new(10)},
		"4":  {First: "stpeter@jabber.org", FirstIndex: new(0), Last: "peterpan@neverland.lit", Count: new(800)},
		"5":  {Max: new(10), After: "peterpan@neverland.lit"},
		"7":  {Count: new(790)},
		"8":  {Max: new(10), Before: new("peter@pixyland.org")},
		"11": {Max: new(10), Before: new("")},
		"12": {Max: new(10), Index: new(371)},
		"15": {Max: new(0)},
	} {
		e, err := stanza.ParseElement(specexample.Get(t, file, number).Find(t, "http://jabber.org/protocol/rsm", "set"))
		require.NoError(t, err)
		got, err := Parse(e)
		require.NoError(t, err)
		require.False(t, got.IsZero())
		got.XMLName = want.XMLName
		require.Equal(t, want, got, number)
		require.Equal(t, number == "8" || number == "11", got.Backwards())
	}
}

func TestParseOdd(t *testing.T) {
	for xml, want := range map[string]Set{
		`<set xmlns='http://jabber.org/protocol/rsm'/>`:                                                                {},
		`<set xmlns='http://jabber.org/protocol/rsm'><max>ten</max><count>-1</count></set>`:                            {},
		`<set xmlns='http://jabber.org/protocol/rsm'><count>99999999999999999999</count></set>`:                        {},
		`<set xmlns='http://jabber.org/protocol/rsm'><max> 5 </max><after/><last></last></set>`:                        {Max: new(5)},
		`<set xmlns='http://jabber.org/protocol/rsm'><first index='x'> a </first></set>`:                               {First: " a "},
		`<set xmlns='http://jabber.org/protocol/rsm'><last xmlns='urn:x'>a</last><other/></set>`:                       {},
		`<set xmlns='http://jabber.org/protocol/rsm'><first index='3'/></set>`:                                         {FirstIndex: new(3)},
		`<set xmlns='http://jabber.org/protocol/rsm'><before> </before></set>`:                                         {Before: new(" ")},
		`<r:set xmlns:r='http://jabber.org/protocol/rsm'><r:index>1</r:index><r:count>2147483647</r:count></r:set>`:    {Index: new(1), Count: new(1<<31 - 1)},
		`<set xmlns='http://jabber.org/protocol/rsm'><count>2147483648</count><max>0</max><index>-0</index>text</set>`: {Max: new(0)},
	} {
		e, err := stanza.ParseElement(xml)
		require.NoError(t, err)
		got, err := Parse(e)
		require.NoError(t, err)
		got.XMLName = want.XMLName
		require.Equal(t, want, got, xml)
	}
	_, err := Parse(stanza.Payload(Page[int]{}))
	require.ErrorIs(t, err, errNoSet)
	require.True(t, (*Set)(nil).IsZero())
}

// A list is a server with as many items as it has, that gives max of them at a time, and leaves some out if it's told to.
type list struct {
	size, max int
	asked     []string
	hidden    func(i int) bool
}

func (l *list) ask(at Set) (Page[int], error) {
	from, to := 0, min(l.max, l.size)
	switch {
	case at.Backwards() && *at.Before == "":
		from, to = max(0, l.size-l.max), l.size
	case at.Backwards():
		to, _ = strconv.Atoi(*at.Before)
		from = max(0, to-l.max)
	case at.After != "":
		after, _ := strconv.Atoi(at.After)
		from, to = after+1, min(after+1+l.max, l.size)
	}
	l.asked = append(l.asked, fmt.Sprintf("%d-%d", from, to))
	p := Page[int]{Set: &Set{Count: new(l.size)}}
	for i := from; i < to; i++ {
		if l.hidden == nil || !l.hidden(i) {
			p.Items = append(p.Items, i)
		}
	}
	if from < to {
		p.Set.First, p.Set.Last = strconv.Itoa(from), strconv.Itoa(to-1)
	}
	return p, nil
}

func collect(first Set, ask func(Set) (Page[int], error)) (got []int, err error) {
	for i, e := range All(first, ask) {
		if err = e; e == nil {
			got = append(got, i)
		}
	}
	return got, err
}

func upTo(n int) (list []int) {
	for i := range n {
		list = append(list, i)
	}
	return list
}

func TestAll(t *testing.T) {
	for _, size := range []int{0, 1, 9, 10, 11, 35} {
		l := &list{size: size, max: 10}
		got, err := collect(Set{}, l.ask)
		require.NoError(t, err)
		require.Equal(t, upTo(size), got)

		l = &list{size: size, max: 10}
		got, err = collect(Set{Before: new("")}, l.ask)
		require.NoError(t, err)
		slices.Reverse(got)
		require.Equal(t, upTo(size), got)
	}
	l := &list{size: 35, max: 10}
	got, err := collect(Set{After: "31"}, l.ask)
	require.NoError(t, err)
	require.Equal(t, []int{32, 33, 34}, got)
	got, err = collect(Set{Before: new("2")}, l.ask)
	require.NoError(t, err)
	require.Equal(t, []int{1, 0}, got)
}

// Only the pages that are wanted are asked for, and Max goes with each.
func TestAllIsLazy(t *testing.T) {
	l := &list{size: 35, max: 10}
	for i := range All(Set{Max: new(10)}, func(at Set) (Page[int], error) {
		require.Equal(t, 10, *at.Max)
		return l.ask(at)
	}) {
		if i == 12 {
			break
		}
	}
	require.Equal(t, []string{"0-10", "10-20"}, l.asked)
}

func TestAllEnds(t *testing.T) {
	l := &list{size: 20, max: 10}
	got, err := collect(Set{}, func(at Set) (Page[int], error) {
		p, err := l.ask(at)
		p.Complete = at.After != ""
		return p, err
	})
	require.NoError(t, err)
	require.Equal(t, upTo(20), got)
	require.Len(t, l.asked, 2, "a page that says that it's the last one")

	got, err = collect(Set{}, func(Set) (Page[int], error) { return Page[int]{Items: upTo(3)}, nil })
	require.NoError(t, err)
	require.Equal(t, upTo(3), got, "an answer without a set is all there is")

	broken := errors.New("broken")
	l = &list{size: 35, max: 10}
	got, err = collect(Set{}, func(at Set) (Page[int], error) {
		if at.After == "19" {
			return Page[int]{Items: upTo(3)}, broken
		}
		return l.ask(at)
	})
	require.Equal(t, broken, err)
	require.Equal(t, upTo(20), got)
}

// Pages without anything on them are passed by, some of them.
func TestAllEmptyPages(t *testing.T) {
	l := &list{size: 40, max: 2, hidden: func(i int) bool { return i >= 4 && i < 36 }}
	got, err := collect(Set{}, l.ask)
	require.NoError(t, err)
	require.Equal(t, []int{0, 1, 2, 3, 36, 37, 38, 39}, got)

	l = &list{size: 1 << 20, max: 1, hidden: func(int) bool { return true }}
	_, err = collect(Set{}, l.ask)
	require.ErrorIs(t, err, ErrNoProgress)
	require.Len(t, l.asked, maxEmpty+1)
}

// A server whose pages go round in circles is left after about as many pages as the circle has.
func TestAllCircles(t *testing.T) {
	for _, back := range []bool{false, true} {
		for lead := range 5 {
			for length := 1; length < 40; length++ {
				asked := 0
				first := Set{}
				if back {
					first.Before = new("")
				}
				_, err := collect(first, func(Set) (Page[int], error) {
					at := asked
					if asked++; at >= lead {
						at = lead + (at-lead)%length
					}
					id := strconv.Itoa(at)
					return Page[int]{Items: []int{at}, Set: &Set{First: id, Last: id}}, nil
				})
				require.ErrorIs(t, err, ErrNoProgress)
				require.LessOrEqual(t, asked, 3*(lead+length)+2, "%d pages, then a circle of %d", lead, length)
			}
		}
	}
}

// FuzzSet: what was read is the same when it's written and read again.
func FuzzSet(f *testing.F) {
	for _, x := range specexample.Load(f, file) {
		for n := range x.All {
			if n.Name.Local == "set" {
				f.Add(n.String())
			}
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := stanza.ParseElement(s)
		if err != nil {
			return
		}
		got, err := Parse(e)
		if err != nil {
			return
		}
		out := stanza.Payload(got)
		again, err := Parse(out)
		if err != nil {
			t.Fatalf("%q of %q: %v", out, s, err)
		}
		require.Equal(t, got, again)
	})
}
