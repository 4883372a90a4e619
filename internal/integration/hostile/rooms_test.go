package hostile

import "fmt"

// inRooms are the attacks of a room, and of those who are in it.
var inRooms = []attack{
	{name: "a million nicknames in a room", use: UseRoom, want: unharmed, room: crowd, play: inRoom(func(p *peer) error {
		return p.flood("", func(n int) string { return occupant(n, "") })
	})},
	{name: "a room in which nobody stays", use: UseRoom, want: unharmed, play: inRoom(func(p *peer) error {
		return p.flood("", func(n int) string {
			return occupant(n, "") + fmt.Sprintf("<presence type='unavailable' from='garden@rooms.hostile.test/n%d'/>", n)
		})
	})},
	{name: "one in a room who is always different", use: UseUnreadRoom, want: unharmed, patience: 5 * soon, play: inRoom(func(p *peer) error {
		return p.flood("", func(n int) string { return occupant(0, fmt.Sprintf("<status>%d</status>", n)) })
	})},
	{name: "messages in a room", use: UseRoom, want: unharmed, play: inRoom(groupchat)},
	{name: "messages in a room that is not read", use: UseUnreadRoom, want: unharmed, patience: 5 * soon, play: inRoom(groupchat)},
}

// inRoom has an attack begin when the victim is in the room.
func inRoom(f func(p *peer) error) func(p *peer) error {
	return attended("presence", mucNS, f)
}

func occupant(n int, more string) string {
	return fmt.Sprintf("<presence from='garden@rooms.hostile.test/n%d'><x xmlns='http://jabber.org/protocol/muc#user'><item/></x>%s</presence>", n, more)
}

func groupchat(p *peer) error {
	return p.flood("", func(n int) string {
		return fmt.Sprintf("<message from='garden@rooms.hostile.test/n%d' type='groupchat' id='m%d'><body>%0500d</body><stanza-id xmlns='urn:xmpp:sid:0' by='garden@rooms.hostile.test' id='s%d'/></message>", n%1000, n, n, n)
	})
}
