package paging_test

import (
	"fmt"

	"github.com/canto-im/canto/xmpp/paging"
)

// The last five of a list that comes in pages of two, the newest first.
func ExampleAll() {
	letters := "abcdefghij"
	ask := func(at paging.Set) (paging.Page[string], error) { // in a program: xmpp.Get
		end := len(letters)
		if *at.Before != "" {
			end = int((*at.Before)[0] - 'a')
		}
		on := letters[end-*at.Max : end]
		return paging.Page[string]{Items: []string{on[:1], on[1:]}, Set: &paging.Set{First: on[:1], Last: on[1:]}}, nil
	}

	n := 0
	for letter, err := range paging.All(paging.Set{Max: new(2), Before: new("")}, ask) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Print(letter, " ")
		if n++; n == 5 {
			break
		}
	}
	// Output: j i h g f
}
