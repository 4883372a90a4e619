// Package mam reads the archives of messages that servers keep for accounts and rooms: XEP-0313, with XEP-0441.
//
//	for it, err := range mam.Query(ctx, s, mam.Filter{With: peer}) { // pages by itself
//		if err != nil {
//			return err // errors.Is(err, stanza.ServiceUnavailable): there is no archive
//		}
//		if it.Message != nil {
//			fmt.Println(it.Stamp, it.Message.From, it.Message.Body)
//		}
//	}
//
// Query asks once, page by page as the loop goes on, from the oldest message or, with Filter.Backwards, from the newest.
//
// # Whom to believe
//
// A message out of an archive is taken only from whom was asked, between our question and its answer, under the name of this question,
// which nobody can guess (XEP-0313 §8.2): whatever else looks like one is dropped. What it says is the archive's word. What is inside a message
// is data: a copy (XEP-0280) or a result in a result is not looked at.
//
// # Architecture
//
// query.go asks for pages and reads them, on xmpp.Gather, which keeps them out of the way of handlers and channels; paging.All does the
// rest. wire.go has the elements, archive.go metadata, fields and preferences.
package mam
