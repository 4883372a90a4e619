package server

import (
	"context"
	"slices"
	"sync"

	"github.com/canto-im/canto/jid"
)

// An Entry is one element that the server has received: a stanza, or what negotiates a stream.
type Entry struct {
	Conn int     // which connection, from 1
	From jid.JID // the full JID of the session, the bare one before binding, the domain of a component, zero before authentication
	XML  string
}

// A journal remembers the last elements received.
type journal struct {
	limit int // how many; negative: none

	mu      sync.Mutex // protects what follows
	entries []entry
	total   int           // entries ever
	more    chan struct{} // closed at the next entry; nil until somebody waits
}

// An entry keeps the element, which never changes; most are never looked at, so its text is made on demand.
type entry struct {
	conn int
	from jid.JID
	el   *Element
}

func (e entry) public() Entry { return Entry{Conn: e.conn, From: e.from, XML: e.el.String()} }

func (j *journal) add(e entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.limit < 0 {
		return
	}
	if len(j.entries) >= 2*j.limit { // forget in bulk: what is moved is moved once
		j.entries = append(j.entries[:0], j.entries[len(j.entries)-j.limit:]...)
	}
	j.entries = append(j.entries, e)
	j.total++
	if j.more != nil {
		close(j.more)
		j.more = nil
	}
}

// record notes an element that came in.
func (s *Server) record(c *conn, e *Element) {
	s.counters.received.Add(1)
	var from jid.JID
	switch {
	case c.session != nil:
		from = c.session.jid
	case c.user != "":
		from = c.address()
	case c.shaken:
		from = c.component.domain
	}
	s.journal.add(entry{conn: c.id, from: from, el: e})
}

// Transcript returns what was received, oldest first, as far as it's remembered (Options.Transcript). A user narrows it
// to one account, or to the component of that domain; empty means everybody, and what came before authentication.
func (s *Server) Transcript(user string) []Entry {
	j := &s.journal
	j.mu.Lock()
	recent := slices.Clone(j.entries[max(0, len(j.entries)-max(0, j.limit)):])
	j.mu.Unlock()
	var list []Entry
	for _, e := range recent {
		if user == "" || e.from.Localpart() == user || e.from.String() == user {
			list = append(list, e.public())
		}
	}
	return list
}

// Await waits for an element that match accepts, among those remembered and those to come, and returns it.
func (s *Server) Await(ctx context.Context, match func(Entry) bool) (Entry, error) {
	j := &s.journal
	seen := 0 // entries that were looked at
	for {
		j.mu.Lock()
		fresh := slices.Clone(j.entries[max(0, len(j.entries)-(j.total-seen)):])
		seen = j.total
		if j.more == nil {
			j.more = make(chan struct{})
		}
		more := j.more
		j.mu.Unlock()
		for _, e := range fresh {
			if p := e.public(); match(p) {
				return p, nil
			}
		}
		select {
		case <-more:
		case <-ctx.Done():
			return Entry{}, context.Cause(ctx)
		}
	}
}
