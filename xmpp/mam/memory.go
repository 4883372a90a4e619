package mam

import (
	"slices"
	"strings"
)

const (
	// remembered is how many ids are known of what was handed over last.
	remembered = 1024
	// maxNamesakes is how many messages of one id are told apart.
	maxNamesakes = 16
)

// A memory knows what was handed over last. An archive's id is enough to know a message by, but for that of ejabberd, which gives all of
// one microsecond the same one.
type memory struct {
	had  map[string][]string // by the archive's ids, those that the senders have given; "": unknown
	ring []string            // the archive's ids, the oldest first
}

// add notes a message.
func (k *memory) add(it *Item) {
	if k.had == nil {
		k.had = make(map[string][]string)
	}
	if !k.has(it.ID) {
		if len(k.ring) == remembered {
			delete(k.had, k.ring[0])
			k.ring = k.ring[1:]
		}
		k.ring = append(k.ring, it.ID)
	}
	if len(k.had[it.ID]) < maxNamesakes {
		k.had[it.ID] = append(k.had[it.ID], strings.Clone(it.called()))
	}
}

// has reports whether a message of that id is known.
func (k *memory) has(id string) bool { return k.had[id] != nil }

// isNamesake reports whether a live message is another one than those of its id that are known. It may look otherwise than in the archive,
// where something may have been taken back; but its sender's id stays.
func (k *memory) isNamesake(it *Item) bool {
	known, called := k.had[it.ID], it.called()
	return len(known) > 0 && len(known) < maxNamesakes && called != "" && !slices.Contains(known, "") && !slices.Contains(known, called)
}

// called is what its sender calls a message; "" is unknown.
func (it *Item) called() string {
	if it.Message == nil || len(it.Message.ID) > maxID {
		return ""
	}
	return it.Message.ID
}

// isOther reports whether next, which comes in the same answer, has the id of it and is another message.
func (it *Item) isOther(next *Item) bool {
	if it == nil || it.ID != next.ID || it.Message == nil || next.Message == nil {
		return false
	}
	a, b := it.Message, next.Message
	return a.ID != b.ID || a.From != b.From || a.Body != b.Body
}
