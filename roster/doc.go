// Package roster keeps an account's contacts, and who of them is available: RFC 6121 §2 to §5.1.
//
//	contacts, err := roster.Open(ctx, s)
//	if err != nil {
//		return err
//	}
//	seen := s.Presences(ctx)
//	s.Send(ctx, &stanza.Presence{Show: stanza.Away, Status: "at lunch"})
//	for p := range seen {
//		c, _ := contacts.Get(p.From.Bare())
//		fmt.Printf("%-20s %s %s\n", c.Name, p.Show, p.Status)
//	}
//	return s.Err()
//
// A Roster is live: it follows the pushes of the server, whoever makes the changes. Get and All look at it, Set, Update and
// Remove change it, Changes and OnChange tell what has become of it. On a Client it lives over all sessions: a fresh one fetches
// what has changed, before anything else of that session is handed over; after a resumption there is nothing to fetch.
//
// # Subscriptions
//
// Subscribe asks to see a contact's presence, Unsubscribe ends that. Requests of others are answered by HandleRequests with
// a Policy, or by Approve and Deny; Cancel ends what was approved, PreApprove approves before it's asked for. State names
// how two parties stand to each other, and holds the tables of RFC 6121 appendix A as pure functions.
//
// # Presence
//
// Best, Resources and Status say who is available, Watch tells when that changes, Wait waits for it. What we are ourselves
// is the business of package xmpp/presence. Target is the rule of RFC 6121 §5.1: to which of a contact's addresses a chat goes.
//
// # Who may say what
//
// A push comes from our own account or from no address at all; one from anybody else is refused and changes nothing (RFC
// 6121 §2.1.6). Presence is kept of contacts in the roster and of our own sessions alone, so that strangers and rooms can't
// fill our memory, and of at most 64 resources or 256 KiB each. Requests are kept within 4 MiB. What others have written (names, groups, texts) is data: the String
// methods quote it.
//
// # Architecture
//
// items holds what the server has confirmed: by the answer to a fetch (open.go) or by a push (push.go). A set that succeeded
// and whose push has not come yet stands beside it (ours, in set.go) and shows in Get, so that a caller reads its own
// writes; Changes come from what is confirmed. The answer to a request overtakes the stanzas before it, which wait in the
// lane for their handlers. So the handlers of pushes and presence wait while a fetch is under way, and the session's other
// stanzas behind them: what is older than the answer is repeated by something newer, and nothing is judged by a roster that is
// about to be replaced.
//
// Whatever arrives is tied to the session that received it: an earlier session's late pushes and presence are no news.
//
// All has the contacts in order: order.go notes those that have changed since it was asked last, and puts them right in a copy
// when it's asked again, so that a push costs no sorting.
//
// Subscribers are fed by feed.go: what waits for a slow one is merged contact by contact, so that nothing is held up and no
// more than the roster is held. The cache (cache.go) is written by a goroutine that exists while there is something to
// write; it may be behind, since the server then sends the difference. No other goroutine belongs to a roster.
package roster
