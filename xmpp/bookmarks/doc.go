// Package bookmarks keeps the rooms that a user wants to find again at the user's account (XEP-0402), for all of the user's clients, and
// follows what these do with them.
//
//	marks, err := bookmarks.Open(ctx, s) // a *xmpp.Session or a *xmpp.Client
//	if err != nil {
//		return err
//	}
//	err = marks.Set(ctx, bookmarks.Bookmark{Room: room, Name: "The Play's the Thing", Autojoin: true, Nick: "JC"})
//
//	for c := range marks.Follow(ctx) { // those that there are, and then each change
//		switch {
//		case c.Join():
//			join(c.New.Room, c.New.Nick, c.New.Password)
//		case c.Leave():
//			leave(c.Room)
//		}
//	}
//
// Joining is left to the program, which may do it with package muc: a bookmark can be of a room of any kind.
//
// What other clients keep with a bookmark (Extensions, and what this package does not know) stays as it is when the bookmark is changed.
//
// # Where they are
//
// A server that says so (urn:xmpp:bookmarks:1#compat, #compat-pep) has bookmarks of the older kinds for older clients by itself: each is an item
// of XEP-0402 there. With any other the older clients would not find them, so that they are kept as these have them: in private data
// (XEP-0049, XEP-0048), or as one item at the account (XEP-0223) where the server keeps the two in step (XEP-0411). What has been put in another of these
// places is shown too, and changed there when it's changed. Private data sends no word of a change: what other clients do with it shows
// in the next session.
//
// # Whom to believe
//
// Only our own account changes our bookmarks: an event of anybody else's is dropped, so that nobody can make us join a room. They're published
// such that nobody else can read them, or not at all (pubsub.PublishPrivate). The server can read them, passwords of rooms among them.
//
// # Architecture
//
// bookmark.go is the data, wire.go what it is on the wire; place.go has the three places, choose.go which of them are used. bookmarks.go
// keeps what is there and changes it, follow.go tells of it.
package bookmarks
