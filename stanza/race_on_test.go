//go:build race

package stanza

// allocSlack is what the race detector adds to a count of allocations: it empties pools at random and lets values escape.
const allocSlack = 4
