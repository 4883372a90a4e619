package server

import (
	"maps"
	"slices"
	"time"

	"github.com/canto-im/canto/jid"
)

// sortedJIDs returns the keys of a map in their order, so that what goes to several goes in a known order.
func sortedJIDs[V any](m map[jid.JID]V) []jid.JID {
	return slices.SortedFunc(maps.Keys(m), jid.JID.Compare)
}

// delayNow is the element of XEP-0203 for this moment.
func delayNow(from jid.JID) *Element {
	return delayAt(from, time.Now())
}
