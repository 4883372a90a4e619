package hostile

import "fmt"

// fromOurAccount are the attacks in our own account's name, which its server alone can play.
var fromOurAccount = []attack{
	{name: "bookmarks without end", use: UseBookmarks, want: unharmed, play: noted(func(p *peer) error {
		return p.flood("", func(n int) string { return bookmark(n, "n") })
	})},
	{name: "one bookmark that is always different", use: UseBookmarks, want: unharmed, play: noted(func(p *peer) error {
		return p.flood("", func(n int) string { return bookmark(0, fmt.Sprint(n)) })
	})},
}

// noted has an attack begin when the victim has fetched its bookmarks.
func noted(f func(p *peer) error) func(p *peer) error {
	return attended("iq", pubsubNS, f)
}

func bookmark(n int, name string) string {
	return fmt.Sprintf("<message from='victim@hostile.test'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:xmpp:bookmarks:1'>"+
		"<item id='r%d@rooms.hostile.test'><conference xmlns='urn:xmpp:bookmarks:1' name='%s'/></item></items></event></message>", n, name)
}
