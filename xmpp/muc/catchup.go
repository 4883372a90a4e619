package muc

import (
	"hash/maphash"
	"maps"
	"slices"
	"time"
)

// Coming back, a room sends what was said meanwhile, as far as it keeps that, and more than that: it's asked for what was said since a
// little before we were lost, since its clock need not be ours. What we've had is recognized: by the room's name for it, else by
// who has said what. A room sends what was said in its order; so, whatever comes before something that we've had was said before it, and
// either we've had that too, or it's older than our stay.

const (
	// seenLimit is how many messages are remembered.
	seenLimit = 1024
	// margin is how far the clock of a room may be from ours.
	margin = time.Hour
	// heldBytes is how much of the past is held back until it's known whether what we've had follows it.
	heldBytes = 1 << 20
)

// seen remembers the last messages that we've had.
type seen struct {
	seed   maphash.Seed
	counts map[uint64]int
	ring   []glimpse // in their order, from next on the oldest
	next   int
}

type glimpse struct {
	key uint64
	at  time.Time // by our clock
}

// key tells messages apart: what the room gives no name to, by what it says.
func (s *seen) key(m *Message) uint64 {
	if s.counts == nil {
		s.seed, s.counts = maphash.MakeSeed(), make(map[uint64]int)
	}
	if m.StanzaID != "" {
		return maphash.String(s.seed, "id "+m.StanzaID)
	}
	return maphash.String(s.seed, "said "+m.Nick+"\x00"+m.ID+"\x00"+m.Body)
}

// add remembers a message.
func (s *seen) add(m *Message) {
	g := glimpse{s.key(m), time.Now()}
	s.counts[g.key]++
	if len(s.ring) < seenLimit {
		s.ring = append(s.ring, g)
		return
	}
	old := s.ring[s.next].key
	if s.counts[old]--; s.counts[old] == 0 {
		delete(s.counts, old)
	}
	s.ring[s.next] = g
	s.next = (s.next + 1) % seenLimit
}

// last and first are when the newest and the oldest of what is remembered came.
func (s *seen) last() time.Time {
	return s.ring[(s.next+len(s.ring)-1)%len(s.ring)].at
}

func (s *seen) first() time.Time { return s.ring[s.next%len(s.ring)].at }

// since is from when on the room is asked for what was said.
func (s *seen) since() time.Time {
	if len(s.ring) == 0 { // nothing was ever said
		return time.Unix(0, 0)
	}
	last, from := s.last(), s.last().Add(-margin)
	if oldest := s.first(); len(s.ring) == seenLimit && from.Before(oldest) { // what is older would not be recognized
		from = oldest.Add(last.Sub(oldest) / 2)
	}
	return from
}

// A catchup is what comes between our own presence and the topic: what was said before we came.
type catchup struct {
	again  bool           // we were in before
	silent bool           // nothing of it is wanted
	left   map[uint64]int // what we've had and what has not come again yet
	held   []*Message
	bytes  int
}

func newCatchup(again, silent bool) *catchup {
	return &catchup{again: again, silent: silent && !again}
}

// wanted says how much of the past the room is to send. Even where none is wanted it's asked for one message: by that one we know
// later where our stay has begun. r.mu is held.
func (r *Room) wanted(again bool) *historyX {
	var h historyX
	o := &r.opts
	switch {
	case again:
		h.Since.Time = r.seen.since()
		return &h
	case o.History == 0:
		one := 1
		h.MaxStanzas = &one
		return &h
	case o.History > 0:
		h.MaxStanzas = &o.History
	}
	if o.HistoryBytes > 0 {
		h.MaxChars = &o.HistoryBytes
	}
	if o.HistoryWithin > 0 {
		n := seconds(o.HistoryWithin)
		h.Seconds = &n
	}
	h.Since.Time = o.HistorySince
	if h == (historyX{}) {
		return nil
	}
	return &h
}

// remembered takes a message of the past. r.mu is held.
func (r *Room) remembered(m *Message) (events []Event) {
	c := r.catchup
	if !c.again {
		r.seen.add(m)
		if c.silent {
			return nil
		}
		return []Event{m}
	}
	if c.left == nil {
		c.left = make(map[uint64]int, len(r.seen.counts))
		for key, n := range r.seen.counts {
			c.left[key] = n
		}
	}
	if key := r.seen.key(m); c.left[key] > 0 {
		c.left[key]--
		c.held, c.bytes = nil, 0 // what came before it is older
		return nil
	}
	c.held = append(c.held, m)
	if c.bytes += m.size() + eventBytes; c.bytes > heldBytes {
		return r.letGo()
	}
	return nil
}

// letGo hands over what was held back: it's new. r.mu is held.
func (r *Room) letGo() (events []Event) {
	for _, m := range r.catchup.held {
		r.seen.add(m)
		r.reflected(m)
		events = append(events, m)
	}
	r.catchup.held, r.catchup.bytes = nil, 0
	return events
}

// caughtUp is called when the past is complete. r.mu is held.
func (r *Room) caughtUp() (events []Event) {
	if r.catchup == nil {
		return nil
	}
	events = r.letGo()
	r.catchup = nil
	r.forsake(slices.Collect(maps.Values(r.waiting))...)
	return events
}
