// Package chat is what people's conversations are made of beside their text: receipts and markers of what was read, corrections,
// retractions, reactions, replies, and what somebody is doing just now.
//
//	chat.AnswerReceipts(s, contacts.SeesUs) // XEP-0184: to those who may know that we're online
//	xmpp.OnMessage(s, func(ctx context.Context, m *stanza.Message) error {
//		if m.Body == "" {
//			return nil
//		}
//		answer, err := chat.ReplyTo(m, "I have read that.") // XEP-0461
//		if err != nil {
//			return err
//		}
//		if err := s.Send(ctx, answer); err != nil {
//			return err
//		}
//		thumb, err := chat.React(m, "👍") // XEP-0444
//		if err != nil {
//			return err
//		}
//		return s.Send(ctx, thumb)
//	}, stanza.Chat)
//
// All of it is plain data in messages. What refers to another message is made by a function, which finds the id that the
// specification wants for it, and where it goes: ReceiptFor, DisplayedFor, ReplyTo and React are given a message that we got,
// Correct and Retract one that we have sent. Give what you send an ID of your own (stanza.NewID), or it can't be referred to. What
// else a message carries is a payload, read with stanza.Find and written with stanza.Payload:
//
//	m := &stanza.Message{ID: stanza.NewID(), To: to, Type: stanza.Chat, Body: "https://example.com/cat.jpg", Payloads: []stanza.Element{
//		stanza.Payload(chat.Link{URL: "https://example.com/cat.jpg"}), // XEP-0066
//		stanza.Payload(chat.ReceiptRequest{}),                         // XEP-0184
//		stanza.Payload(chat.Markable{}),                               // XEP-0333
//	}}
//
// Attention (XEP-0224), Encryption (XEP-0380), Fallback (XEP-0428), Hint (XEP-0334), Reference (XEP-0372) and Unstyled (XEP-0393)
// are others; the ids and delays of XEP-0359 and XEP-0203 are in package stamp. StyleText finds what is *bold* in a text (XEP-0393), Me
// what begins with "/me " (XEP-0245), BodyFor leaves out of a body what is only there for other programs.
//
// A Conversation folds all that into what a person wants to see: each message as it stands now, in order.
//
//	talk := chat.NewConversation(s.JID(), juliet, nil)
//	xmpp.OnMessage(s, func(ctx context.Context, m *stanza.Message) error {
//		if e, ok := talk.Add(m); ok {
//			redraw(e) // new, or corrected, retracted, reacted to, delivered, read
//		}
//		return nil
//	})
//	for e := range talk.All() { … }
//
// It takes what is live, what is sent, copies and archives in any order and twice, and comes to the same result; what refers to a message that is
// not there yet waits for it. A correction of a message that is unknown is shown as a message.
//
// How far the user has read our other clients learn from SyncRead (XEP-0490), which tells nobody else; ReadMarks, OnReadMark and
// Conversation.Synced take it from them.
//
// A Typist tells the other side what our user is doing (XEP-0085), and stops telling who doesn't care. Support declares in service
// discovery what a program takes care of.
//
// # Whom to believe
//
// Anybody can send any of these about any message. A correction, a retraction or a set of reactions counts only as its sender's word about
// what that same sender has said or shows. A Conversation sees to that (who reads payloads with stanza.Find has to):
//
//   - with a person, the account is the sender, whichever client it is;
//   - in a room, an occupant, by the id that the room gives (XEP-0421), or else by the nickname while nobody has left who had it
//     (Conversation.Presence) and not of the time before we came; the room itself may retract anything (XEP-0425);
//   - in a room, the room's id names a message for reactions, replies and markers; the sender's could be anybody's;
//   - what the room or our own account would have named counts only if it says that it does (ConversationOptions.Host);
//   - a chat, the private messages of an occupant and the room are three conversations, whatever ids they share;
//   - only an archive has messages that were retracted before they came.
//
// Receipts and markers tell their receiver that we're online, and what has been read: they're for those who may know, and only if
// the user wants that. Texts and URLs come over the wire: show them as text, and fetch nothing that the user would not want to be
// seen fetching.
//
// # Architecture
//
// A file for each kind of payload; refer.go has the rules by which one message names another, points.go counts characters as
// the specifications do. conversation.go takes messages; occupants.go finds out who has
// sent one, item.go what it does, fold.go does it, view.go shows the result. What is done to a message is kept with it and judged when
// it's shown, so that the order in which it came makes no difference. state.go reads states and typist.go keeps the rules for sending them: one timer, no goroutine.
package chat
