// Package carbons shows the messages that an account's other devices send and receive: XEP-0280.
//
//	if _, err := carbons.Enable(ctx, s); err != nil { // a *xmpp.Session, or a *xmpp.Client, for each of its sessions
//		return err // errors.Is(err, stanza.ServiceUnavailable): the server can't
//	}
//	chats, copies := s.Messages(ctx, stanza.Chat), carbons.Copies(ctx, s)
//	for {
//		select {
//		case m := <-chats:
//			fmt.Println(m.From, "to us:", m.Body)
//		case c := <-copies:
//			fmt.Println(c.Message.From, "to", c.Message.To, c.Direction, "by another device:", c.Message.Body)
//		}
//	}
//
// OnCopy is the same as a handler; it and handlers of messages see all in the order in which it has come, which two channels can't
// show. Package mam joins copies, messages and archive into one stream.
//
// Enable asks the server once in each session: a stream that is resumed (XEP-0198) has them still. A server that enables them with the
// login (XEP-0386) needs no question: xmpp.Options{Inline: []stanza.Element{carbons.Inline()}}. Private is for a message that the
// other devices are not to see.
//
// # Whom to believe
//
// Only our own server makes copies, and it says that it's our account: what anybody else calls one is dropped and logged, for
// otherwise everybody could put words into everybody's mouth (XEP-0280 §11). So is one of a message sent that was not sent by us. What
// is inside a message that is inside a copy is not looked at: a copy in a copy is none.
//
// A program that answers messages must not answer copies: the device that they're copies for answers, or all of them do (XEP-0280
// §10.4).
//
// # Architecture
//
// carbons.go has Enable, with what is remembered of an endpoint (xmpp.Shared), copy.go the copies.
package carbons
