//go:build !race

package stanza

const allocSlack = 0
