package xmpp

import (
	"encoding/xml"
	"hash/maphash"
	"slices"
	"sync"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/stanza"
)

// remembered is how many messages a Client remembers to tell a repetition by. Prosody keeps at most 500 stanzas for a
// suspended stream.
const remembered = 1024

// recent knows the messages that were handed over last, by sender, id and content.
//
// When a stream can't be resumed, the server gives what was not acknowledged to the next session, with the time at which
// it came first (XEP-0203). Some of that may have been handed over before the connection was lost, because an
// acknowledgement was still on its way. Such a message is dropped. One without an id can't be told from another with the
// same text, and is handed over.
type recent struct {
	seed maphash.Seed

	mu    sync.Mutex // protects what follows
	ring  []uint64
	next  int
	count map[uint64]int
}

func newRecent() *recent {
	return &recent{seed: maphash.MakeSeed(), count: make(map[uint64]int)}
}

// fingerprint is 0 for what can't be recognised. A message of a room is the room's to repeat.
func (r *recent) fingerprint(st stanza.Stanza) uint64 {
	m, ok := st.(*stanza.Message)
	if !ok || !hasID(m) || m.Type == stanza.GroupChat {
		return 0
	}
	var h maphash.Hash
	h.SetSeed(r.seed)
	for _, s := range [...]string{m.From.String(), m.ID, string(m.Type), m.Body, m.Subject} {
		_, _ = h.WriteString(s)
		_ = h.WriteByte(0)
	}
	for _, e := range m.Payloads { // two messages with one id may be two receipts, say
		if e.Name() != delayName {
			_, _ = h.WriteString(e.String())
		}
	}
	return h.Sum64() | 1
}

// hasID reports whether a message has an id, or is a copy of one that has (XEP-0280): copies themselves mostly have none.
func hasID(m *stanza.Message) bool {
	return m.ID != "" || slices.ContainsFunc(m.Payloads, func(e stanza.Element) bool {
		return e.Name().Space == ns.Carbons && e.Child(ns.Forward, "forwarded").Child(ns.Client, stanza.KindMessage).Attr("id") != ""
	})
}

// knows reports whether st is a message that the server gives once more although it was handed over. It may do so several
// times, where the acknowledgement is lost again and again.
func (r *recent) knows(st stanza.Stanza) bool {
	if r == nil || !delayed(st) {
		return false
	}
	f := r.fingerprint(st)
	r.mu.Lock()
	defer r.mu.Unlock()
	return f != 0 && r.count[f] > 0
}

// add remembers that st was handed over.
func (r *recent) add(st stanza.Stanza) {
	if r == nil {
		return
	}
	f := r.fingerprint(st)
	if f == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.ring) < remembered {
		r.ring = append(r.ring, f)
	} else {
		r.forget(r.ring[r.next])
		r.ring[r.next] = f
		r.next = (r.next + 1) % remembered
	}
	r.count[f]++
}

func (r *recent) forget(f uint64) {
	if r.count[f]--; r.count[f] <= 0 {
		delete(r.count, f)
	}
}

var delayName = xml.Name{Space: ns.Delay, Local: "delay"}

// delayed reports whether a server has kept st for a while (XEP-0203).
func delayed(st stanza.Stanza) bool {
	for _, e := range st.Elements() {
		if e.Name() == delayName {
			return true
		}
	}
	return false
}
