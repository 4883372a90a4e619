package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// pins are what the RFCs say, part by part, so that no row disappears, and none becomes milder, by a slip in
// testdata/requirements.tsv: how many rows there are of each level, and a digest of their ids, sections, levels and texts.
//
// The counts of the first three are those of the RFCs' own tables, taken for the client: RFC 6120 §15 has 46 MUST and 6 SHOULD,
// RFC 6121 §12 has 15 rows, RFC 7622 §8 has 6. The sentences are those with a keyword of RFC 2119 that concern a client. Where
// an erratum changes a row, the pin changes with it, and the change says which erratum.
var pins = map[string]struct {
	must, should, may int
	digest            string
}{
	"RFC 6120 §15, the client's rows": {46, 6, 0, "c04d882b2b5bb286"},
	"RFC 6121 §12, the client's rows": {10, 4, 1, "bf8008d2ffaa4f8f"},
	"RFC 7622 §8":                     {0, 6, 0, "e05762c8cb2344aa"},
	"XEP-0479, what the suites of 2023 ask of a client, and of an advanced one": {0, 0, 34, "b8226128de0a72ee"},

	"RFC 6120, sentence by sentence": {176, 65, 42, "a2c1ecfeb3c822af"},
	"RFC 6121, sentence by sentence": {47, 27, 31, "f0ec0303a2a567c9"},
	"RFC 7622, sentence by sentence": {16, 2, 0, "5c99b1d2af991712"},
	"RFC 7395, sentence by sentence": {20, 3, 5, "f30dec641b7c69ac"},
	"RFC 7590, sentence by sentence": {4, 1, 0, "fa7eb34e0d8bdf36"},
	"RFC 5802, sentence by sentence": {14, 4, 1, "37d78da86034a76e"},
	"RFC 7677, sentence by sentence": {1, 1, 0, "77f5afaf130e23f8"},
	"RFC 5929, sentence by sentence": {2, 1, 0, "edd93c4f181cde19"},
	"RFC 9266, sentence by sentence": {6, 0, 0, "220403c23f4f9281"},
	"RFC 4616, sentence by sentence": {3, 3, 0, "d217b369fc21554b"},
	"RFC 5122, sentence by sentence": {26, 2, 1, "697639fd5def4c24"},
	"RFC 8265, sentence by sentence": {22, 4, 0, "2d153aa3c50d7cd5"},
	"RFC 8266, sentence by sentence": {8, 2, 0, "f98a99e72eadb0b8"},
	"RFC 6125, sentence by sentence": {18, 9, 5, "dd10207b26df7a12"},
}

// mustOutside is a digest of the ids of the MUSTs that are held not to concern a client library, with the reasons: who moves
// another one there changes this line, too.
const mustOutside = "b22eba0017ca7a9d"

func TestOutsideIsPinned(t *testing.T) {
	table, h := sources(t).table, sha256.New()
	for _, r := range table.rows {
		if state, why := table.untested(r.id); state == outside && r.binding() == "MUST" {
			fmt.Fprintf(h, "%s\t%s\n", r.id, why)
		}
	}
	assert.Equal(t, mustOutside, hex.EncodeToString(h.Sum(nil)[:8]))
}

func TestTableIsThatOfTheRFCs(t *testing.T) {
	table := sources(t).table
	list, features, all := parts(table), 0, 0
	assert.Len(t, list, len(pins))
	for _, p := range list {
		count, h := map[string]int{}, sha256.New()
		for _, r := range table.rows {
			if p.has(r) {
				count[r.binding()]++
				all++
				if r.feature() {
					features++
				}
				fmt.Fprintf(h, "%s\t%s\t%s\t%s\n", r.id, r.section, r.level, r.text)
			}
		}
		pin := pins[p.title]
		assert.Equal(t, pin.must, count["MUST"], "MUST in %s", p.title)
		assert.Equal(t, pin.should, count["SHOULD"], "SHOULD in %s", p.title)
		assert.Equal(t, pin.may, count["MAY"], "MAY in %s", p.title)
		assert.Equal(t, pin.digest, hex.EncodeToString(h.Sum(nil)[:8]), p.title)
	}
	assert.Equal(t, 52+15+6+34, features)
	assert.Equal(t, 572, all-features)
	assert.Len(t, table.rows, all, "every row is in one part")
}
