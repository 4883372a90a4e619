package delivery

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// id is the key as it stands in a message.
func (k key) id() string { return k.lane + "#" + strconv.Itoa(k.number) }

// parseKey reads what id has written.
func parseKey(id string) (key, bool) {
	lane, number, ok := strings.Cut(id, "#")
	n, err := strconv.Atoi(number)
	return key{lane, n}, ok && err == nil
}

// A verdict is the balance of a ledger.
type verdict struct {
	// What was sent, by what its sender was told, and what was received.
	sent, accepted, delivered, refused, unknown, orphaned, returned, received int
	// What was received more than once with a mark, and by how much; and what a stopped process had in hand: see inHand.
	marked, inHand int
	// What must not be.
	lost, falselyAcked, sentThough, silentlyTwice, outOfOrder, odd []string
	// What the server gave back to its sender, and how much of that it had handed over before: whose acknowledgement was lost.
	bounced, both int
	// What was acknowledged and not received, and is the server's to answer for.
	serverLost int
	// What a racy server has acknowledged and not passed on, has taken and asked for again, has put out of order.
	swallowed, doubled, turned []string
}

// String is the balance in a line.
func (v *verdict) String() string {
	return fmt.Sprintf("%d sent: %d accepted, %d acknowledged, %d refused, %d unknown, %d returned, %d orphaned; %d received, %d of them twice and marked, %d twice for a stopped process had it in hand; %d given back by the server, %d of them received; "+
		"lost %d, falsely acknowledged %d, sent though refused %d, silently twice %d, out of order %d, odd %d; lost by a killed server %d; by the server: swallowed %d, doubled %d, turned round %d",
		v.sent, v.accepted, v.delivered, v.refused, v.unknown, v.returned, v.orphaned, v.received, v.marked, v.inHand, v.bounced, v.both,
		len(v.lost), len(v.falselyAcked), len(v.sentThough), len(v.silentlyTwice), len(v.outOfOrder), len(v.odd), v.serverLost, len(v.swallowed), len(v.doubled), len(v.turned))
}

// faults returns all that must not be, by its name.
func (v *verdict) faults() (list []string) {
	for _, c := range []struct {
		name string
		ids  []string
	}{
		{"lost", v.lost}, {"falsely acknowledged", v.falselyAcked}, {"sent though refused", v.sentThough},
		{"silently twice", v.silentlyTwice}, {"out of order", v.outOfOrder}, {"odd", v.odd},
	} {
		if len(c.ids) > 0 {
			list = append(list, fmt.Sprintf("%d %s: %s", len(c.ids), c.name, strings.Join(c.ids[:min(len(c.ids), 12)], "; ")))
		}
	}
	return list
}

// judge balances the ledger. forgiven, which may be nil, says of an acknowledged message that its loss is the server's.
func (l *ledger) judge(forgiven func(e *entry) bool) *verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := &verdict{sent: len(l.order), received: len(l.arrived), odd: slices.Clone(l.odd)}
	inHand := l.inHand()
	for _, e := range l.order {
		v.count(e)
		arrived, reported := len(e.receipts) > 0, e.returned > 0 || e.bounced > 0
		switch {
		case e.fate == unheard:
			v.odd = append(v.odd, e.String()+": nobody sent it")
		case e.fate == trying:
			v.odd = append(v.odd, e.id()+": the call has not returned")
		case e.fate == delivered && !arrived && e.bounced > 0: // it answered for what it took
		case e.fate == delivered && !arrived && forgiven != nil && forgiven(e):
			v.serverLost++
		case (e.fate == delivered || e.fate == accepted && !reported) && !arrived && l.racy && l.swallowed(e.key):
			v.swallowed = append(v.swallowed, e.String())
		case e.fate == delivered && !arrived:
			v.falselyAcked = append(v.falselyAcked, e.String())
		case e.fate == accepted && !arrived && !reported:
			v.lost = append(v.lost, e.String())
		case e.fate == refused && (arrived || reported):
			v.sentThough = append(v.sentThough, e.String())
		}
		if e.returned > 1 || e.returned > 0 && e.fate == delivered {
			v.odd = append(v.odd, e.String()+": returned")
		}
		v.twice(e, inHand, l.doubled(e.key))
	}
	v.disorder(l)
	for _, w := range l.witnesses {
		v.odd = append(v.odd, w.needless()...)
	}
	return v
}

func (v *verdict) count(e *entry) {
	v.returned += e.returned
	if e.bounced > 0 {
		v.bounced++
		if len(e.receipts) > 0 {
			v.both++
		}
	}
	switch e.fate {
	case accepted:
		v.accepted++
	case delivered:
		v.delivered++
	case refused:
		v.refused++
	case unknown:
		v.unknown++
	case orphaned:
		v.orphaned++
	}
}

// twice looks at the second and later receipts of a message. A delay marks one as long as it is in another session: within
// a session, nothing may come twice.
func (v *verdict) twice(e *entry, inHand map[receipt]bool, doubled int) {
	slices.SortStableFunc(e.receipts, func(a, b receipt) int { return cmp.Compare(a.at, b.at) })
	for i, r := range e.receipts[min(1, len(e.receipts)):] {
		same := slices.ContainsFunc(e.receipts[:i+1], func(before receipt) bool { return before.session == r.session })
		if r.again && !same || r.delayed && !same {
			v.marked++
			continue
		}
		if inHand[r] && !same {
			v.inHand++
			continue
		}
		if doubled > 0 {
			doubled--
			v.doubled = append(v.doubled, e.String())
			continue
		}
		v.silentlyTwice = append(v.silentlyTwice, e.String())
	}
}

// inHand are the receipts of what stopped processes were just about to hand over: looked at the store, and then were stopped. No
// library can take that back. It is the first thing that such a process does when it goes on, and the last: a dispatcher has
// one message in hand.
func (l *ledger) inHand() map[receipt]bool {
	first := make(map[string]receipt)
	for _, a := range l.arrived {
		name, _, _ := strings.Cut(a.r.session, ":")
		if at, ok := l.woken[name]; ok && a.r.at >= at && (first[name].at == 0 || a.r.at < first[name].at) {
			first[name] = a.r
		}
	}
	list := make(map[receipt]bool)
	for _, r := range first {
		list[r] = true
	}
	return list
}

// disorder looks whether a message came after a later one of the same lane, both sent in one session and received for the
// first time in one. What a server has stored because its receiver was away comes marked with a delay, and when it likes. A
// receiver that never had another session can't have been away, but only where the server is strict, delayed ones count.
func (v *verdict) disorder(l *ledger) {
	sessions := make(map[string]map[string]bool) // of receivers
	for _, a := range l.arrived {
		name := receiverOf(a.e.lane)
		if sessions[name] == nil {
			sessions[name] = make(map[string]bool)
		}
		sessions[name][a.r.session] = true
	}
	type way struct{ lane, epoch, session string }
	last := make(map[way]*entry)
	seen := make(map[key]bool)
	for _, a := range l.arrived {
		first := !seen[a.e.key]
		seen[a.e.key] = true
		if !first || a.e.epoch == "" || a.r.delayed && (!l.strict || len(sessions[receiverOf(a.e.lane)]) > 1) {
			continue
		}
		w := way{a.e.lane, a.e.epoch, a.r.session}
		before := last[w]
		if before == nil || a.e.number > before.number {
			last[w] = a.e
			continue
		}
		text := fmt.Sprintf("%s after number %d", a.e, before.number)
		if l.racy && turned(a.e.key, before.key, l.witnesses[senderOf(w.lane)], l.witnesses[receiverOf(w.lane)]) {
			v.turned = append(v.turned, text)
		} else {
			v.outOfOrder = append(v.outOfOrder, text)
		}
	}
}

// swallowed reports whether the wire says that the server lost k. mu is held.
func (l *ledger) swallowed(k key) bool {
	return swallowed(k, l.witnesses[senderOf(k.lane)], l.witnesses[receiverOf(k.lane)])
}

// doubled is how often the wire says that a racy server made two of k. mu is held.
func (l *ledger) doubled(k key) int {
	if !l.racy {
		return 0
	}
	return doubled(k, l.witnesses[senderOf(k.lane)], l.witnesses[receiverOf(k.lane)])
}

// senderOf is the sender of a lane.
func senderOf(lane string) string {
	from, _, _ := strings.Cut(lane, ">")
	return from
}

// receiverOf is the receiver of a lane, which is "sender>receiver" with anything after a dot.
func receiverOf(lane string) string {
	_, to, _ := strings.Cut(lane, ">")
	to, _, _ = strings.Cut(to, ".")
	return to
}

// String tells the life of a message.
func (e *entry) String() string {
	s := e.id() + " " + string(e.fate)
	if e.returned > 0 {
		s += fmt.Sprintf(", returned %d×", e.returned)
	}
	if e.bounced > 0 {
		s += fmt.Sprintf(", given back %d×", e.bounced)
	}
	for _, r := range e.receipts {
		s += ", received in " + r.session
		if r.delayed {
			s += " delayed"
		}
		if r.again {
			s += " again"
		}
	}
	return s
}

// check fails the test where the ledger does not balance, and says how to repeat the run.
func (v *verdict) check(t *testing.T, seed uint64) {
	t.Helper()
	t.Logf("seed %d: %v", seed, v)
	for name, list := range map[string][]string{"swallowed": v.swallowed, "doubled": v.doubled, "turned round": v.turned} {
		if len(list) > 0 {
			t.Logf("by the server, %s: %s", name, strings.Join(list[:min(len(list), 12)], "; "))
		}
	}
	for _, f := range v.faults() {
		t.Errorf("seed %d: %s", seed, f)
	}
	if t.Failed() {
		name := strings.ReplaceAll(t.Name(), "/", "$/^")
		if strings.HasPrefix(name, "TestRandomCuts") {
			name = "TestRandomCuts" // a seed is a world of its own
		}
		t.Logf("again: go test ./internal/integration/delivery -run '^%s$' -delivery.seed=%d", name, seed)
	}
}

// TestJudge: a judge that sees nothing proves nothing.
func TestJudge(t *testing.T) {
	ok, no := error(nil), assert.AnError
	for name, c := range map[string]struct {
		life func(l *ledger, k key)
		want string
	}{
		"fine": {func(l *ledger, k key) {
			l.said(k, accepted, ok, "s1")
			l.received(k, receipt{session: "r1"})
		}, ""},
		"reported": {func(l *ledger, k key) {
			l.said(k, accepted, ok, "s1")
			l.undelivered(k)
		}, ""},
		"given back": {func(l *ledger, k key) {
			l.bounces = true
			l.said(k, delivered, ok, "s1")
			l.bounced(k)
		}, ""},
		"given back by one that stores": {func(l *ledger, k key) {
			l.said(k, accepted, ok, "s1")
			l.bounced(k)
		}, "1 odd"},
		"given back though refused": {func(l *ledger, k key) {
			l.bounces = true
			l.said(k, accepted, no, "s1")
			l.bounced(k)
		}, "1 sent though refused"},
		"acknowledged after the server was killed": {func(l *ledger, k key) {
			l.excuse()
			l.said(k, delivered, ok, "s2") // by the next one
		}, "1 falsely acknowledged"},
		"refused":       {func(l *ledger, k key) { l.said(k, accepted, no, "s1") }, ""},
		"lost":          {func(l *ledger, k key) { l.said(k, accepted, ok, "s1") }, "1 lost"},
		"falsely":       {func(l *ledger, k key) { l.said(k, delivered, ok, "s1") }, "1 falsely acknowledged"},
		"never returns": {func(*ledger, key) {}, "1 odd"},
		"sent though": {func(l *ledger, k key) {
			l.said(k, accepted, no, "s1")
			l.received(k, receipt{session: "r1"})
		}, "1 sent though refused"},
		"twice": {func(l *ledger, k key) {
			l.said(k, accepted, ok, "s1")
			l.received(k, receipt{session: "r1"})
			l.received(k, receipt{session: "r2"})
		}, "1 silently twice"},
		"twice and marked": {func(l *ledger, k key) {
			l.said(k, accepted, ok, "s1")
			l.received(k, receipt{session: "r1"})
			l.received(k, receipt{session: "r2", delayed: true})
			l.received(k, receipt{session: "r3", again: true})
		}, ""},
		"twice, by a process that was stopped": {func(l *ledger, k key) {
			l.said(k, accepted, ok, "s1")
			l.received(k, receipt{session: "b:1", at: 20, again: true})
			l.wakes("a")
			l.received(k, receipt{session: "a:1", at: time.Now().UnixNano()})
		}, ""},
		"twice two, by a process that was stopped": {func(l *ledger, k key) {
			l.wakes("a")
			for _, k := range []key{k, {k.lane, k.number + 1}} {
				l.try(k, "s1")
				l.said(k, accepted, ok, "s1")
				l.received(k, receipt{session: "b:1", at: 20, again: true})
				l.received(k, receipt{session: "a:1", at: time.Now().UnixNano() + int64(k.number)})
			}
		}, "1 silently twice"},
		"twice in one session": {func(l *ledger, k key) {
			l.said(k, accepted, ok, "s1")
			l.received(k, receipt{session: "r1"})
			l.received(k, receipt{session: "r1", delayed: true})
		}, "1 silently twice"},
		"marked, and later not": {func(l *ledger, k key) {
			l.said(k, accepted, ok, "s1")
			l.received(k, receipt{session: "r1", at: 20})
			l.received(k, receipt{session: "r2", at: 10, again: true})
		}, "1 silently twice"},
		"acknowledged and returned": {func(l *ledger, k key) {
			l.said(k, delivered, ok, "s1")
			l.received(k, receipt{session: "r1"})
			l.undelivered(k)
		}, "1 odd"},
		"out of order": {func(l *ledger, k key) {
			later := key{k.lane, k.number + 1}
			l.try(later, "s1")
			for _, k := range []key{later, k} {
				l.said(k, accepted, ok, "s1")
				l.received(k, receipt{session: "r1"})
			}
		}, "1 out of order"},
		"order between sessions": {func(l *ledger, k key) {
			later := key{k.lane, k.number + 1}
			l.try(later, "s2")
			l.said(k, accepted, ok, "s1")
			l.said(later, accepted, ok, "s2")
			l.received(later, receipt{session: "r1"})
			l.received(k, receipt{session: "r1"})
		}, ""},
		"nobody sent it": {func(l *ledger, k key) {
			l.said(k, accepted, no, "s1")
			l.received(key{k.lane, 77}, receipt{session: "r1"})
		}, "1 odd"},
	} {
		t.Run(name, func(t *testing.T) {
			l, k := newLedger(), key{"alice>bob", 1}
			l.try(k, "s1")
			c.life(l, k)
			faults := strings.Join(l.judge(nil).faults(), "\n")
			if c.want == "" {
				assert.Empty(t, faults)
			} else {
				assert.Contains(t, faults, c.want)
			}
		})
	}
}
