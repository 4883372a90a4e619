// Package disco finds out what others on the network are and can do, and tells them the same of us: XEP-0030, with XEP-0115,
// XEP-0128 and XEP-0390.
//
//	d := disco.Of(s) // a *xmpp.Session, or a *xmpp.Client before it runs
//	d.Identify("https://bot.example/", disco.Identity{Category: "client", Type: "bot", Name: "Robbie"})
//	d.Declare("urn:xmpp:receipts")
//	s.Send(ctx, &stanza.Presence{}) // says what we can do, by a hash
//
//	for p := range s.Presences(ctx) {
//		if ok, err := d.Supports(ctx, p.From, "urn:xmpp:receipts"); err == nil && ok {
//			fmt.Println(p.From, "confirms what it gets")
//		}
//	}
//
// Of begins the service discovery of an endpoint: requests are answered, presence carries our capabilities, whoever
// sends it, and what the presence of others says of theirs is noted. The packages of capabilities Declare what they
// support as they are put to use; a program adds what it does itself. A change is told to those who have our presence.
//
// Lookup, Supports and Known speak of others. Presence names what its sender can do by a hash; for each hash one of those who have it is
// asked, once, and with Options.Store never again. The answer has to fit the hash: else it's taken as the word of
// this one sender about itself. XEP-0115 hashes such that different answers can have one hash; what could be read in two ways is taken
// for nobody else either.
//
// Get, Items and Services ask, without anything of this: a server what it offers, a room who is in it, a node what it holds.
//
//	for upload, err := range disco.Services(ctx, s, "urn:xmpp:http:upload:0") {
//		if err != nil {
//			return err
//		}
//		fmt.Println("files go to", upload.JID)
//		break
//	}
//
// # Whom to believe
//
// What an entity says of itself, it may say as it likes. A hash only saves the asking: it can't be used to speak of others. It's no
// means to see who has changed since: rely on an error, not on a feature, where security depends on it.
//
// Whoever can send us presence or a request learns what we can do, and with that, mostly, which program we are.
//
// # Architecture
//
// disco.go is the state of one endpoint, which package xmpp keeps for it (xmpp.Shared), and what answers requests; announce.go
// what goes out with presence; contacts.go what came in with it, and Lookup; cache.go what was verified, in memory and in the store. caps.go
// reads and writes the elements in presence; hash.go has the two algorithms; info.go and get.go the data and the questions.
package disco
