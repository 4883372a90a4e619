// Package stamp reads and writes what others stamp on a stanza on its way: when it was sent (XEP-0203) and what it is called
// (XEP-0359), with the times of XEP-0082.
//
//	xmpp.OnMessage(s, func(ctx context.Context, m *stanza.Message) error {
//		sent := time.Now()
//		if d, late := stamp.Of(m, m.From.Bare(), s.JID().Bare(), s.JID().Domain()); late {
//			sent = d.Stamp
//		}
//		id, _ := stamp.IDOf(m, s.JID()) // its name in the archive
//		return show(m, sent, id)
//	}, stanza.Chat, stanza.GroupChat)
//
// Delay, StanzaID, OriginID and ReferencedStanza are payloads: stanza.Find reads them, stanza.Payload makes them. Time is a
// moment as an attribute or as the text of an element, for the payloads of other packages and of programs.
//
// # Whom to believe
//
// Anybody can put anything on a stanza that they send. A server takes away only the stamps that it would set itself. So Of is
// told whose word counts: the room for what comes from a room, our own account or its server for what they have kept. The time is
// for people: nothing depends on it that matters (XEP-0203 §5).
//
// An id counts only as the word of who is named in it, and only if that one has seen the stanza: for a message through a room the room,
// for any other our own account. IDOf holds to that, and believes no two that differ. An old server would let a forged one through:
// who relies on ids asks first, with service discovery, whether the archive has "urn:xmpp:sid:0" (XEP-0359 §6); package mam does. OriginID
// is the sender's word alone, and good to find one's own message again, never to refer to another's.
//
// # Architecture
//
// delay.go has the delay, id.go the three ids, time.go the times, which internal/datetime reads and writes. All is data: nothing is
// sent, and nothing is kept.
package stamp
