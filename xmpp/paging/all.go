package paging

import (
	"errors"
	"iter"
	"slices"
)

// ErrNoProgress says that the other side gives pages without end. What had come before it is good.
var ErrNoProgress = errors.New("paging: the pages come to no end")

// maxEmpty is how many pages in a row may have nothing on them but an end of their own: entries that were removed.
const maxEmpty = 16

// A Page is an answer with a part of the list, in the order of the list.
type Page[T any] struct {
	Items    []T
	Set      *Set // nil: the answer has none, so that there are no more pages
	Complete bool // the other side has said that this is the last one (XEP-0313 §4.3.2)
}

// All yields what is on all pages, beginning with the one that first asks for. ask gets the Set for the request: the zero one if
// first is that, until a page has shown that there are more. It goes backwards if first does, and then yields the items of each page
// from last to first. A list ends with a page that has no Last (First, backwards) or that is Complete. An error of ask, or
// ErrNoProgress, is yielded last.
func All[T any](first Set, ask func(at Set) (Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		at, course := first, course{}
		for {
			page, err := ask(at)
			if err == nil && page.Set != nil && !page.Complete {
				err = course.step(at, page.Set, len(page.Items) == 0)
			}
			if err != nil {
				yield(zero, err)
				return
			}
			for _, item := range inOrder(page.Items, at.Backwards()) {
				if !yield(item, nil) {
					return
				}
			}
			if at = next(at, page.Set); page.Complete || page.Set == nil || edge(at) == "" {
				return
			}
		}
	}
}

// inOrder yields items, backwards if need be.
func inOrder[T any](items []T, backwards bool) iter.Seq2[int, T] {
	if backwards {
		return slices.Backward(items)
	}
	return slices.All(items)
}

// next asks for the page behind the one that s is of, in the direction of at.
func next(at Set, s *Set) Set {
	if s == nil {
		return Set{}
	}
	if at.Backwards() {
		return Set{Max: at.Max, Before: &s.First}
	}
	return Set{Max: at.Max, After: s.Last}
}

// edge is the id that a request goes on from.
func edge(at Set) string {
	if at.Backwards() {
		return *at.Before
	}
	return at.After
}

// A course watches that the pages get somewhere. It keeps one of the edges that were passed, a later one each time that twice as many pages
// have gone by: in a circle of any length that one comes up again.
type course struct {
	mark        string
	steps, wait int // since the mark was set, and until it's set anew
	empty       int // pages in a row
}

// step notes the page s, which was asked for with at.
func (c *course) step(at Set, s *Set, empty bool) error {
	edge, to := edge(at), edge(next(at, s))
	if to == "" {
		return nil // it's the last
	}
	if c.empty++; !empty {
		c.empty = 0
	}
	if to == edge || to == c.mark || c.empty > maxEmpty {
		return ErrNoProgress
	}
	if c.steps++; c.steps > c.wait {
		c.mark, c.steps, c.wait = to, 0, 2*c.wait+1
	}
	return nil
}
