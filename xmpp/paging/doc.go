// Package paging goes through long lists page by page: XEP-0059. The iterators of other packages stand on it (disco.Items, mam.Query),
// and so can those for protocols of a program's own:
//
//	func Search(ctx context.Context, e xmpp.Endpoint, to jid.JID, q Query) iter.Seq2[Item, error] {
//		return paging.All(paging.Set{Max: new(50)}, func(at paging.Set) (paging.Page[Item], error) {
//			q.Set = &at
//			answer, err := xmpp.Get[Query](ctx, e, to, q)
//			return paging.Page[Item]{Items: answer.Items, Set: answer.Set}, err
//		})
//	}
//
// where Query has a field
//
//	Set *paging.Set `xml:"http://jabber.org/protocol/rsm set"`
//
// All asks for a page when it's wanted and not before, so that a loop that ends early asks for nothing more; nothing but the present
// page is kept. A Set whose Before is "" goes through the list backwards, the last item first. To learn only how much there is, ask once
// with Max 0 and look at Count.
//
// # Whom to believe
//
// The other side decides what is on a page and which one is the last. All takes care that it comes to an end all the same: a page
// that ends where an earlier one has ended, or page after page with nothing on it, is ErrNoProgress. That takes no memory, however long the
// list. What is on pages is as good as who was asked. Count and FirstIndex may be estimates (XEP-0059 §2.2), and nothing is decided by them.
//
// # Architecture
//
// set.go is the element as data, all.go the iterator. Nothing here sends anything.
package paging
