// Package presence looks after what an account tells others about itself: RFC 6121 §4, with XEP-0319.
//
//	own, err := presence.Keep(ctx, bot, &presence.Options{Idle: 10 * time.Minute})
//	if err != nil {
//		return err
//	}
//	defer own.Close()
//	own.Set(ctx, &stanza.Presence{Status: "at your service"}) // now, and at the start of every later session
//	own.Active(ctx)                                           // whenever the user does something: back from away
//	go own.Mirror(ctx, time.Minute, presence.File("status.txt"))
//
// What is set stays set: a fresh session begins with it, as initial presence, after the roster has been fetched if
// roster.Open was called before. Without a session, calls only note what is to be said then.
//
// Direct tells somebody who is not subscribed to us (RFC 6121 §4.6). Later changes go there too, and whoever was told is told
// when we go: by the server when we become unavailable or lose the session, by Undirect before that.
//
// Whoever asks how long nobody has done anything (XEP-0012) is answered by package entity, if that's wanted; Options.TellIdle has
// it told with presence (XEP-0319), and IdleSince reads it there.
//
// # Architecture
//
// A Keeper has no goroutine: idle time is one timer, moved by Active. All its state stands under one mutex; what is to be sent
// is computed there and sent in order under another one, so that the last call is the last word.
package presence
