package hostile

import (
	"fmt"
	"strings"
)

// talking are the attacks on a session.
var talking = []attack{
	{name: "messages", want: unharmed, play: bound(messages)},
	{name: "messages for a handler that takes for ever", want: unharmed, slow: true, patience: soon, play: bound(messages)},
	{name: "a body without end", want: "limit exceeded: too many bytes", play: bound(func(p *peer) error { return p.endless("<message><body>", "b") })},
	{name: "an attribute without end", want: "limit exceeded: too many bytes", play: bound(func(p *peer) error { return p.endless("<message id='", "i") })},
	{name: "a name without end", want: "limit exceeded: a name too long", play: bound(func(p *peer) error { return p.endless("<", "m") })},
	{name: "a million attributes", want: "limit exceeded: too many attributes", play: bound(func(p *peer) error {
		return p.flood("<message", func(n int) string { return fmt.Sprintf(" a%d=''", n) })
	})},
	{name: "a million children", want: "limit exceeded: too many bytes", play: bound(func(p *peer) error { return p.endless("<message>", "<a xmlns='urn:a'/>") })},
	{name: "a million bodies", want: "limit exceeded: too many bytes", play: bound(func(p *peer) error {
		return p.flood("<message>", func(n int) string { return fmt.Sprintf("<body xml:lang='x-%d'/>", n) })
	})},
	{name: "depth without end", want: "limit exceeded: elements nested too deep", play: bound(func(p *peer) error { return p.endless("<message>", "<a>") })},
	{name: "a text without end between stanzas", want: "text between the children of the stream", play: bound(func(p *peer) error { return p.endless("", "text") })},
	{name: "spaces without end between stanzas", want: unharmed, play: bound(func(p *peer) error { return p.endless("", " ") })},
	{name: "a comment without end", want: "restricted XML: a comment", play: bound(func(p *peer) error { return p.endless("<!--", "c") })},
	{name: "a CDATA section without end", want: "limit exceeded: too many bytes", play: bound(func(p *peer) error { return p.endless("<message><body><![CDATA[", "c") })},
	{name: "references without end", want: "limit exceeded: too many bytes", play: bound(func(p *peer) error { return p.endless("<message><body>", "&#x10FFFD;") })},
	{name: "children that inherit much", want: unharmed, play: bound(func(p *peer) error {
		head := "<message xmlns:a='urn:" + strings.Repeat("a", 1000) + "'>" + strings.Repeat("<a:b/>", 1000) + "</message>"
		return p.endless("", head)
	})},
	{name: "always new names", want: unharmed, play: bound(func(p *peer) error {
		return p.flood("", func(n int) string {
			return fmt.Sprintf("<message><n%d xmlns='urn:n%d' a%d='%d'/></message>", n, n, n, n)
		})
	})},
	{name: "messages that are none", want: "none of the answers to what you send is acknowledged", play: bound(func(p *peer) error {
		return p.endless("", "<message from='@'><body>b</body></message><presence type='no'/><iq/><iq type='get' id='x'/>")
	})},
	{name: "elements that are no stanzas", want: unharmed, play: bound(func(p *peer) error { return p.endless("", "<x xmlns='urn:x'>x</x>") })},
	{name: "requests", want: "without an acknowledgement", room: lane, play: bound(requests)},
	{name: "requests whose answers are not read", want: "without an acknowledgement", room: lane, play: unheard(requests)},
	{name: "answers that nobody has asked for", want: unharmed, play: bound(func(p *peer) error {
		return p.flood("", func(n int) string {
			return fmt.Sprintf("<iq type='result' id='%d' from='a%d@hostile.test/x'><q xmlns='urn:q'/></iq>", n, n)
		})
	})},
	{name: "presence of a million strangers", want: unharmed, play: bound(func(p *peer) error {
		return p.flood("", func(n int) string {
			return fmt.Sprintf("<presence from='a%d@hostile.test/x'><status>s</status></presence>", n)
		})
	})},
	{name: "presence of a million resources of a contact", want: unharmed, play: bound(func(p *peer) error {
		return p.flood(push(0), func(n int) string {
			return fmt.Sprintf("<presence from='a0@hostile.test/x%d'><status>s</status></presence>", n)
		})
	})},
	{name: "a million strangers ask to see us", want: unharmed, play: bound(func(p *peer) error {
		return p.flood("", func(n int) string { return fmt.Sprintf("<presence type='subscribe' from='a%d@hostile.test'/>", n) })
	})},
	{name: "a roster without end", want: "limit exceeded: too many bytes", room: lane, play: func(p *peer) error {
		id, err := p.open()
		if err != nil {
			return err
		}
		if err := p.say(fmt.Sprintf(boundAs, id)); err != nil {
			return err
		}
		if err := p.roster("<iq type='result' id='%s'><query xmlns='jabber:iq:roster'>"); err != nil {
			return err
		}
		p.deafen()
		return p.flood("", func(n int) string { return fmt.Sprintf("<item jid='a%d@hostile.test' name='n'/>", n) })
	}},
	{name: "roster pushes without end", want: "without an acknowledgement", room: lane, play: bound(func(p *peer) error { return p.flood("", push) })},
	{name: "a contact in a million groups", want: "without an acknowledgement", room: lane, play: bound(func(p *peer) error {
		return p.flood("", func(n int) string {
			return fmt.Sprintf("<iq type='set' id='%d'><query xmlns='jabber:iq:roster'><item jid='a@hostile.test'><group>g%d</group></item></query></iq>", n, n)
		})
	})},
	{name: "requests for acknowledgement, not read", want: unharmed, play: unheard(func(p *peer) error { return p.endless("", "<r xmlns='urn:xmpp:sm:3'/>") })},
	{name: "acknowledgements", want: unharmed, play: bound(func(p *peer) error { return p.endless("", "<a xmlns='urn:xmpp:sm:3' h='0'/>") })},
	{name: "the session ends as soon as it begins", want: unharmed, play: func(p *peer) error { return p.bind() }},
}

func requests(p *peer) error {
	return p.flood("", func(n int) string {
		return fmt.Sprintf("<iq type='get' id='%d' from='a%d@hostile.test/x'><q xmlns='urn:q'/></iq>", n, n)
	})
}

func push(n int) string {
	return fmt.Sprintf("<iq type='set' id='p%d'><query xmlns='jabber:iq:roster'><item jid='a%d@hostile.test' subscription='both'/></query></iq>", n, n)
}
