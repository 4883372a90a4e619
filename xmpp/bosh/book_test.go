package bosh

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var epoch = time.Unix(1_600_000_000, 0)

// at is so many seconds later.
func at(seconds float64) time.Time { return epoch.Add(time.Duration(seconds * float64(time.Second))) }

// newBook has the terms of a server of today.
func newBook(t terms) *book { return &book{terms: t, next: 100} }

var today = terms{sid: "s", wait: time.Minute, inactivity: 30 * time.Second, polling: 5 * time.Second, maxPause: 2 * time.Minute, requests: 2, hold: 1}

func said(xml string) *body { return &body{xml: []byte(xml)} }

// drain takes what is next and hands it over.
func drain(b *book) (got []string) {
	for a := b.take(); a != nil; a = b.take() {
		b.taken(epoch, len(a.xml))
		got = append(got, string(a.xml))
	}
	return got
}

// TestBookOrder: rids follow each other, answers are handed over in their order, once, and acknowledged as XEP-0124 §9.2 says.
func TestBookOrder(t *testing.T) {
	b := newBook(today)
	ask := func(k kind, rid, ack uint64) {
		t.Helper()
		gotRID, gotAck := b.ask(epoch, k)
		require.Equal(t, [2]uint64{rid, ack}, [2]uint64{gotRID, gotAck})
	}
	ask(forData, 100, 0)
	require.True(t, b.answer(epoch, 100, said("a")))
	require.False(t, b.answer(epoch, 100, said("again")), "it's answered")
	require.False(t, b.answer(epoch, 101, said("early")), "it was not asked")
	require.False(t, b.answer(epoch, 99, said("late")))
	ask(forMore, 101, 0) // all was answered
	ask(forData, 102, 100)
	require.True(t, b.answer(epoch, 102, said("c")))
	require.Equal(t, []string{"a"}, drain(b))
	require.Nil(t, b.take(), "101 is not there yet")
	require.True(t, b.answer(epoch, 101, said("b")))
	require.Equal(t, []string{"b", "c"}, drain(b))
	require.False(t, b.answer(epoch, 101, said("again")))
	require.Zero(t, b.held)
	ask(forData, 103, 0)
}

// TestBookWindow: how many requests there may be at a time (§11, §14.3).
func TestBookWindow(t *testing.T) {
	b := newBook(today)
	require.True(t, b.may(forData, 10))
	first, _ := b.ask(epoch, forMore)
	require.True(t, b.may(forData, 10))
	second, _ := b.ask(epoch, forData)
	require.False(t, b.may(forData, 10))
	b.answer(epoch, second, said(""))
	require.False(t, b.may(forData, 10), "the response to the first may be lost: the server would forget it")
	require.True(t, b.may(forTheEnd, 10), "one more is allowed")
	b.answer(epoch, first, said(""))
	require.True(t, b.may(forData, 10))

	third, _ := b.ask(epoch, forData)
	b.answer(epoch, third, said("more than ten bytes"))
	require.False(t, b.may(forData, 10), "too much waits to be handed over")
	drain(b)
	require.True(t, b.may(forData, 10))
	b.ask(epoch, forTheEnd)
	require.False(t, b.may(forData, 10))
	require.False(t, b.may(forTheEnd, 10), "nothing comes behind the end")
}

// TestBookDue: when there has to be a request without payloads.
func TestBookDue(t *testing.T) {
	polling := today
	polling.hold, polling.wait = 0, 0
	noPause, forever := today, today
	noPause.maxPause, forever.inactivity = 0, 0
	for _, c := range []struct {
		name  string
		terms terms
		do    func(b *book)
		kind  kind
		at    time.Time
	}{
		{"nothing is held", today, func(b *book) { answer(b, 1, forData, "") }, forMore, at(1)},
		{"one is held", today, func(b *book) { b.ask(at(1), forMore) }, 0, time.Time{}},
		{"held for as long as may be", today, func(b *book) { b.ask(epoch, forMore); b.answer(at(60), 100, said("")); drain(b) }, forMore, at(60)},
		{"sent round in circles", today, func(b *book) { answer(b, 1, forMore, "") }, forMore, at(2)},
		{"polling, with something", polling, func(b *book) { answer(b, 1, forMore, "x"); drain(b) }, forMore, at(1)},
		{"polling, with nothing", polling, func(b *book) { answer(b, 1, forMore, "") }, forMore, at(6)},
		{"polling, behind data", polling, func(b *book) { answer(b, 1, forData, "") }, forMore, at(1)},
		{"not handed over", today, func(b *book) { answer(b, 1, forMore, "x") }, forPause, at(16)},
		{"still not", today, func(b *book) { answer(b, 1, forMore, "x"); answer(b, 16, forPause, "") }, forPause, at(76)},
		{"paused, and spoken again", today, func(b *book) {
			answer(b, 1, forMore, "x")
			answer(b, 16, forPause, "")
			answer(b, 20, forData, "")
		}, forPause, at(35)},
		{"not handed over, no pauses", noPause, func(b *book) { answer(b, 1, forMore, "x") }, forMore, at(16)},
		{"not handed over, no hurry", forever, func(b *book) { answer(b, 1, forMore, "x") }, 0, time.Time{}},
		{"over", today, func(b *book) { answer(b, 1, forTheEnd, "") }, 0, time.Time{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBook(c.terms)
			c.do(b)
			kind, when := b.due()
			require.Equal(t, c.at, when)
			require.Equal(t, c.kind, kind)
		})
	}
}

// answer makes a request and answers it at once, so many seconds after the beginning.
func answer(b *book, seconds float64, k kind, xml string) {
	rid, _ := b.ask(at(seconds), k)
	b.answer(at(seconds), rid, said(xml))
}

// TestBookLost: when requests have to be taken for lost.
func TestBookLost(t *testing.T) {
	b := newBook(today)
	require.Zero(t, b.lost())
	b.ask(at(1), forMore)
	require.Equal(t, at(1+60+15), b.lost(), "it's held")
	b.ask(at(5), forData)
	require.Equal(t, at(15), b.lost(), "one of two has to be answered at once")
	b.answer(at(7), 100, said(""))
	require.Equal(t, at(7+60+15), b.lost())
	b.answer(at(8), 101, said(""))
	require.Zero(t, b.lost())
}

// TestTerms: what a connection manager grants is taken within bounds.
func TestTerms(t *testing.T) {
	none := attrs{sid: "s", wait: -1, inactivity: -1, polling: -1, maxPause: -1, requests: -1, hold: -1}
	with := func(f func(a *attrs)) attrs { a := none; f(&a); return a }
	for _, c := range []struct {
		name string
		in   attrs
		want terms
	}{
		{"nothing said", none, terms{wait: time.Minute, requests: 2, hold: 1, legacy: true}},
		{"all", attrs{"s", "", "", "", "", "1.6", 30, 40, 5, 120, 2, 1, ""},
			terms{wait: 30 * time.Second, inactivity: 40 * time.Second, polling: 5 * time.Second, maxPause: 2 * time.Minute, requests: 2, hold: 1}},
		{"more than was asked for", with(func(a *attrs) { a.wait, a.requests, a.hold = 3600, 100, 99 }), terms{wait: time.Minute, requests: 2, hold: 1, legacy: true}},
		{"one at a time", with(func(a *attrs) { a.requests, a.hold = 1, 1 }), terms{wait: time.Minute, requests: 1, legacy: true}},
		{"none at all", with(func(a *attrs) { a.requests = 0 }), terms{wait: time.Minute, requests: 1, legacy: true}},
		{"no hold", with(func(a *attrs) { a.hold = 0 }), terms{wait: time.Minute, requests: 2, legacy: true}},
		{"no wait", with(func(a *attrs) { a.wait = 0 }), terms{requests: 2, legacy: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.want.sid = "s"
			got, err := c.in.terms(time.Minute)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
	_, err := with(func(a *attrs) { a.sid = "" }).terms(time.Minute)
	require.ErrorContains(t, err, "no session id")
	_, err = with(func(a *attrs) { a.sid = string(make([]byte, maxSID+1)) }).terms(time.Minute)
	require.ErrorContains(t, err, "more than")
}

// TestFirstRID: it's random, positive, and 2^52 requests do not bring it beyond what a double holds (§14.1).
func TestFirstRID(t *testing.T) {
	seen := map[uint64]bool{}
	for range 1000 {
		rid := firstRID()
		require.False(t, seen[rid])
		seen[rid] = true
		require.GreaterOrEqual(t, rid, uint64(1<<51))
		require.Less(t, rid, uint64(1<<52))
	}
	var high, low bool
	for rid := range seen {
		high, low = high || rid >= 3<<50, low || rid < 3<<50
	}
	require.True(t, high && low, "not all in one half")
}

// FuzzBook plays any order of requests, answers, losses and hand-overs: whatever comes, each answer is handed over once and in order, no
// more requests are under way than may be, and an acknowledgement is never ahead of what was answered.
func FuzzBook(f *testing.F) {
	f.Add([]byte{0, 1, 2, 0, 2, 1, 3, 4, 5, 6, 7}, uint8(2), uint8(1))
	f.Add([]byte{0, 0, 0, 9, 8, 17, 0, 25, 3, 3, 3}, uint8(3), uint8(2))
	f.Add([]byte{0, 0, 128, 1, 1}, uint8(1), uint8(0))
	f.Fuzz(func(t *testing.T, ops []byte, requests, hold uint8) {
		terms := today
		terms.requests = 1 + int(requests%8)
		terms.hold = min(int(hold), terms.requests-1)
		b := newBook(terms)
		answered := map[uint64]bool{}
		handed, now := uint64(100), epoch
		for _, op := range ops {
			now = now.Add(time.Duration(op) * time.Second / 4)
			switch k, when := b.due(); {
			case op%4 == 0 && b.may(forData, math.MaxInt), op%4 == 1 && !when.IsZero() && !when.After(now):
				if op%4 == 0 {
					k = forData
				}
				rid, ack := b.ask(now, k)
				for before := uint64(100); ack > 0 && before <= ack; before++ {
					require.True(t, answered[before], "%d is acknowledged, %d not answered", ack, before)
				}
				require.LessOrEqual(t, ack, rid)
			case op%4 == 2 && b.next > 100:
				rid := b.next - 1 - uint64(op/4)%8
				if b.answer(now, rid, &body{xml: []byte{byte(rid)}}) {
					require.False(t, answered[rid])
					answered[rid] = true
				}
			case op%4 == 3:
				for a := b.take(); a != nil; a = b.take() {
					require.Equal(t, byte(handed), a.xml[0])
					handed++
					b.taken(now, 1)
				}
			}
			require.LessOrEqual(t, b.out(), b.requests)
			require.GreaterOrEqual(t, b.held, 0)
			require.Equal(t, b.out() == 0, b.lost().IsZero())
		}
	})
}

// TestBookClear: a request waits until the one before has gone out, and a moment more, unless that is answered.
func TestBookClear(t *testing.T) {
	b := newBook(today)
	_, ok := b.clear(at(1))
	require.True(t, ok, "there is none before")
	rid, _ := b.ask(at(1), forMore)
	when, ok := b.clear(at(9))
	require.False(t, ok, "it has not gone out")
	require.Zero(t, when)
	b.written(at(2), rid-1, 0) // a late one
	_, ok = b.clear(at(9))
	require.False(t, ok)
	b.written(at(2), rid, 100)
	b.written(at(5), rid, 100) // repeated: it may have come the first time
	when, ok = b.clear(at(2).Add(leastGap - 1))
	require.False(t, ok)
	require.Equal(t, at(2).Add(leastGap), when)
	_, ok = b.clear(at(2).Add(leastGap))
	require.True(t, ok)
	rid, _ = b.ask(at(3), forData)
	b.answer(at(3), rid, said(""))
	_, ok = b.clear(at(3))
	require.True(t, ok, "it has arrived")
}

// TestBookArrived: that a request has arrived shows where the one before is answered with nothing, and only there; and how long it took
// bounds how long the next ones wait that show nothing.
func TestBookArrived(t *testing.T) {
	b := newBook(today)
	ask := func(seconds float64, k kind, size int) uint64 {
		rid, _ := b.ask(at(seconds), k)
		b.written(at(seconds), rid, size)
		return rid
	}
	waits := func(seconds float64) time.Duration {
		t.Helper()
		when, _ := b.clear(at(seconds))
		return when.Sub(at(seconds))
	}
	first, second := ask(1, forMore, 0), ask(2, forData, 0)
	b.answer(at(2), first, said("from somebody else"))
	require.Equal(t, leastGap, waits(2), "the answer has crossed it, perhaps")
	third := ask(3, forData, 64<<10)
	require.Equal(t, leastGap+64*perKiB, waits(3), "it's a large one")
	b.answer(at(3.1), second, said(""))
	_, ok := b.clear(at(3.1))
	require.True(t, ok, "or the server would not have let the second one go")

	fourth := ask(4, forData, 0)
	b.answer(at(4), third, said("x"))
	require.Equal(t, 200*time.Millisecond, waits(4), "twice what the third took")
	ask(5, forData, 0)
	b.answer(at(6), fourth, said(""))
	ask(7, forData, 0)
	require.Equal(t, mostGap, waits(7))

	polling := today
	polling.hold = 0
	for name, c := range map[string]struct {
		terms terms
		kind  kind
	}{"nothing is held": {polling, forData}, "a pause": {today, forPause}} {
		b = newBook(c.terms)
		first = ask(1, c.kind, 0)
		ask(2, forData, 0)
		b.answer(at(2), first, said(""))
		require.Equal(t, leastGap, waits(2), "%s: it's answered at once, whatever comes behind it", name)
	}
}

// TestBookBreath: who has just got something may have something to say, and then an empty request would be one too many.
func TestBookBreath(t *testing.T) {
	b := newBook(today)
	answer(b, 1, forMore, "x")
	a := b.take()
	b.taken(at(4), len(a.xml))
	k, when := b.due()
	require.Equal(t, forMore, k)
	require.Equal(t, at(4).Add(breath), when)
}
