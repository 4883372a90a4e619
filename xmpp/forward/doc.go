// Package forward carries a stanza inside of another one: XEP-0297.
//
//	f := forward.Forwarded{Delay: stamp.Delay{Stamp: received}, Stanza: m}
//	s.Send(ctx, &stanza.Message{To: mercutio, Type: stanza.Chat, Body: "A most courteous exposition!", Payloads: []stanza.Element{stanza.Payload(f)}})
//
// and, on the other side,
//
//	if f, ok := stanza.Find[forward.Forwarded](m); ok {
//		fmt.Printf("%s shows us what %s is said to have written: %s\n", m.From, f.Stanza.Header().From, f.Message().Body)
//	}
//
// A program that takes forwarded messages from people says so: disco.Of(e).Declare("urn:xmpp:forward:0").
//
// # Whom to believe
//
// A forwarded stanza is what its bearer claims that somebody has said, and nothing more (XEP-0297 §7.1): it's never handled as if it had
// come from there, nothing in it is answered, and a person has to see whose word it is. Packages carbons and mam believe the
// account's own server, and ask for its sender before they look inside.
//
// # Architecture
//
// One type, read in one pass. What the carried stanza carries itself is not looked at, so that no depth of nesting costs anything
// beyond the limits of the session that it came with (xmpp.Limits).
package forward
