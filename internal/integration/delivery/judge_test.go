package delivery

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

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
	// What was received more than once with a mark, and by how much.
	marked int
	// What must not be.
	lost, falselyAcked, sentThough, silentlyTwice, outOfOrder, odd []string
	// What was acknowledged and not received, and is the server's to answer for.
	serverLost int
	// What a server is known to have put out of order.
	shuffled int
}

// String is the balance in a line.
func (v *verdict) String() string {
	return fmt.Sprintf("%d sent: %d accepted, %d acknowledged, %d refused, %d unknown, %d returned, %d orphaned; %d received, %d of them twice and marked; "+
		"lost %d, falsely acknowledged %d, sent though refused %d, silently twice %d, out of order %d, odd %d; lost by a killed server %d, out of order by the server %d",
		v.sent, v.accepted, v.delivered, v.refused, v.unknown, v.returned, v.orphaned, v.received, v.marked,
		len(v.lost), len(v.falselyAcked), len(v.sentThough), len(v.silentlyTwice), len(v.outOfOrder), len(v.odd), v.serverLost, v.shuffled)
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
	for _, e := range l.order {
		v.count(e)
		switch arrived := len(e.receipts) > 0; {
		case e.fate == unheard:
			v.odd = append(v.odd, e.String()+": nobody sent it")
		case e.fate == trying:
			v.odd = append(v.odd, e.id()+": the call has not returned")
		case e.fate == delivered && !arrived && forgiven != nil && forgiven(e):
			v.serverLost++
		case e.fate == delivered && !arrived:
			v.falselyAcked = append(v.falselyAcked, e.String())
		case e.fate == accepted && !arrived && e.returned == 0:
			v.lost = append(v.lost, e.String())
		case e.fate == refused && (arrived || e.returned > 0):
			v.sentThough = append(v.sentThough, e.String())
		}
		if e.returned > 1 || e.returned > 0 && e.fate == delivered {
			v.odd = append(v.odd, e.String()+": returned")
		}
		v.twice(e)
	}
	v.disorder(l.arrived, l.strict)
	if l.shuffled {
		v.shuffled, v.outOfOrder = len(v.outOfOrder), nil
	}
	return v
}

func (v *verdict) count(e *entry) {
	v.returned += e.returned
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
func (v *verdict) twice(e *entry) {
	slices.SortStableFunc(e.receipts, func(a, b receipt) int { return cmp.Compare(a.at, b.at) })
	for i, r := range e.receipts[min(1, len(e.receipts)):] {
		same := slices.ContainsFunc(e.receipts[:i+1], func(before receipt) bool { return before.session == r.session })
		if r.again && !same || r.delayed && !same {
			v.marked++
			continue
		}
		v.silentlyTwice = append(v.silentlyTwice, e.String())
	}
}

// disorder looks whether a message came after a later one of the same lane, both sent in one session and received for the
// first time in one. What a server has stored because its receiver was away comes marked with a delay, and when it likes. A
// receiver that never had another session can't have been away, but ejabberd passes on what reached the process of an old
// connection behind what reached that of the new one, mostly with a delay: only where the server is strict, delayed ones count.
func (v *verdict) disorder(arrived []arrival, strict bool) {
	sessions := make(map[string]map[string]bool) // of receivers
	for _, a := range arrived {
		name := receiverOf(a.e.lane)
		if sessions[name] == nil {
			sessions[name] = make(map[string]bool)
		}
		sessions[name][a.r.session] = true
	}
	type way struct{ lane, epoch, session string }
	last := make(map[way]int)
	seen := make(map[key]bool)
	for _, a := range arrived {
		first := !seen[a.e.key]
		seen[a.e.key] = true
		if !first || a.e.epoch == "" || a.r.delayed && (!strict || len(sessions[receiverOf(a.e.lane)]) > 1) {
			continue
		}
		w := way{a.e.lane, a.e.epoch, a.r.session}
		if a.e.number < last[w] {
			v.outOfOrder = append(v.outOfOrder, fmt.Sprintf("%s after number %d", a.e, last[w]))
		}
		last[w] = max(last[w], a.e.number)
	}
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
