package pubsub

import (
	"context"
	"iter"
	"strconv"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/paging"
)

// A Query says which items are wanted. nil is all.
type Query struct {
	IDs    []string // those alone, as far as they are there; one that is not may fail with stanza.ItemNotFound
	Latest int      // the last so many that were published; 0: all
	Page   int      // how many to ask for at a time (XEP-0059); 0: as many as the service gives
	SubID  string   // the subscription by which we may read them, where we have several; mostly ""
}

// Items yields the items of a node (XEP-0060 §6.5), in the service's order, mostly the oldest first. The zero service is our own
// account. Where an answer is only a page of them (XEP-0059), the following ones are asked for as they're wanted.
//
// An item whose payload can't be decoded into a T is yielded with a *PayloadError; a loop that goes on gets those behind
// it. Any other error ends it: an *Error, or paging.ErrNoProgress.
func Items[T any](ctx context.Context, e xmpp.Endpoint, service jid.JID, node string, q *Query) iter.Seq2[Item[T], error] {
	if q == nil {
		q = &Query{}
	}
	t := target{e, service, node}
	var first paging.Set
	if q.Page > 0 && len(q.IDs) == 0 && q.Latest == 0 {
		first.Max = &q.Page
	}
	return func(yield func(Item[T], error) bool) {
		for p, err := range paging.All(first, func(at paging.Set) (paging.Page[*part], error) { return t.page(ctx, q, at) }) {
			var item Item[T]
			if err == nil {
				item, err = read[T](node, p)
			}
			if !yield(item, err) {
				return
			}
		}
	}
}

// page asks for one page of items.
func (t target) page(ctx context.Context, q *Query, at paging.Set) (paging.Page[*part], error) {
	verb := named("items", part{Node: t.node, SubID: q.SubID})
	if q.Latest > 0 {
		verb.MaxItems = strconv.Itoa(q.Latest)
	}
	for _, id := range q.IDs {
		verb.Parts = append(verb.Parts, named("item", part{ID: id}))
	}
	asked := request(ns.PubSub, verb)
	if !at.IsZero() {
		asked.Set = &at
	}
	answer, err := t.get(ctx, "items of", asked)
	if err != nil {
		return paging.Page[*part]{}, err
	}
	page := paging.Page[*part]{Set: answer.Set}
	for p := range answer.part("items").only("item") {
		page.Items = append(page.Items, p)
	}
	page.Complete = q.Latest > 0 && len(page.Items) >= q.Latest // those behind it are not the last ones
	return page, nil
}

// Get returns one item (XEP-0060 §6.5.8). One that is not there is stanza.ItemNotFound.
func Get[T any](ctx context.Context, e xmpp.Endpoint, service jid.JID, node, id string) (Item[T], error) {
	return first(Items[T](ctx, e, service, node, &Query{IDs: []string{id}}), target{e, service, node}, func(i Item[T]) bool { return i.ID == id })
}

// Latest returns the item that was published last (XEP-0060 §6.5.7). A node without any, and one that is not there, is
// stanza.ItemNotFound.
func Latest[T any](ctx context.Context, e xmpp.Endpoint, service jid.JID, node string) (Item[T], error) {
	return first(Items[T](ctx, e, service, node, &Query{Latest: 1}), target{e, service, node}, func(Item[T]) bool { return true })
}

// first returns the first of the items that is the one.
func first[T any](items iter.Seq2[Item[T], error], t target, is func(Item[T]) bool) (Item[T], error) {
	for item, err := range items {
		if err != nil || is(item) {
			return item, err
		}
	}
	return Item[T]{}, t.fail("items of", stanza.ItemNotFound)
}
