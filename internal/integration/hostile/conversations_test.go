package hostile

import "fmt"

// conversing are the attacks of a contact on the conversation with it.
var conversing = []attack{
	{name: "texts, receipts, markers, reactions and corrections", use: UseConversation, want: unharmed, room: talk, play: met(func(n int) string {
		about := n - n%16
		switch n % 16 {
		case 0:
			return eve(n, fmt.Sprintf("<body>%0400d</body>", n))
		case 1, 2:
			return eve(n, fmt.Sprintf("<received xmlns='urn:xmpp:receipts' id='%d'/>", n))
		case 3, 4:
			return eve(n, fmt.Sprintf("<displayed xmlns='urn:xmpp:chat-markers:0' id='%d'/>", about))
		case 5, 6, 7:
			return eve(n, fmt.Sprintf("<reactions xmlns='urn:xmpp:reactions:0' id='%d'><reaction>👋</reaction><reaction>🌹</reaction></reactions>", about))
		case 8:
			return eve(n, fmt.Sprintf("<retract xmlns='urn:xmpp:message-retract:1' id='%d'/>", n+1000))
		case 9, 10:
			return eve(n, fmt.Sprintf("<reactions xmlns='urn:xmpp:reactions:0' id='?%d'><reaction>👋</reaction></reactions>", n))
		}
		return eve(n, fmt.Sprintf("<body>%0400d</body><replace xmlns='urn:xmpp:message-correct:0' id='%d'/>", n, about))
	})},
	{name: "one text that is corrected again and again", use: UseConversation, want: unharmed, room: talk, play: met(func(n int) string {
		if n == 0 {
			return eve(0, "<body>b</body>")
		}
		return eve(n, fmt.Sprintf("<body>%0400d</body><replace xmlns='urn:xmpp:message-correct:0' id='0'/>", n))
	})},
	{name: "requests for receipts that are not acknowledged", use: UseConversation, want: "without an acknowledgement", room: lane, play: met(func(n int) string {
		return eve(n, "<request xmlns='urn:xmpp:receipts'/>")
	})},
	{name: "reactions to what nobody has said", use: UseConversation, want: unharmed, room: talk, play: met(func(n int) string {
		return eve(n, fmt.Sprintf("<reactions xmlns='urn:xmpp:reactions:0' id='?%d'><reaction>👋</reaction></reactions>", n))
	})},
}

// met floods a conversation.
func met(next func(n int) string) func(p *peer) error {
	return attended("iq", rosterNS, func(p *peer) error { return p.flood("", next) })
}

func eve(n int, what string) string {
	return fmt.Sprintf("<message from='eve@hostile.test/x' type='chat' id='%d'>%s</message>", n, what)
}
