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
// Query asks once, page by page as the loop goes on, from the oldest message or, with Filter.Backwards, from the newest. Follow goes on
// for ever: what has come since the last time, then what comes, as one stream without gaps and without doubles, across cuts, sessions and
// processes.
//
//	bot := xmpp.NewClient(addr, &xmpp.Options{Password: password, Store: xmpp.FileStore(dir)})
//	go bot.Run(ctx)
//	for it, err := range mam.Follow(ctx, bot, nil) {
//		if err != nil {
//			return err
//		}
//		handle(it)
//	}
//
// # Whom to believe
//
// A message out of an archive is taken only from whom was asked, between our question and its answer, under the name of this question,
// which nobody can guess (XEP-0313 §8.2): whatever else looks like one is dropped. What it says is the archive's word. What is inside a message
// is data: a copy (XEP-0280) or a result in a result is not looked at.
//
// A live message only says that there is something new: Follow takes it from the archive. So a stranger who forges an id (XEP-0359) makes it
// ask, and look in vain for a few seconds, and nothing else.
//
// # Architecture
//
// query.go asks for pages and reads them, on xmpp.Gather, which keeps them out of the way of handlers and channels; paging.All does the
// rest. wire.go has the elements, archive.go metadata, fields and preferences.
//
// follow.go: what makes the stream one is that it has one source. The order, and that nothing is missing or twice, are the archive's own: the
// cursor (cursor.go) is the last id that was had, kept in the Store, and each live message, each copy of one (package carbons) and each new
// session makes Follow ask for what is behind it. That costs one question for what comes together. It needs no memory of what is live but
// for the ids of the last thousand messages, which tell whether a live one has been had, and it can't tell a seam from any other place.
package mam
