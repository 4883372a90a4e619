package corpus

import (
	"fmt"
	"strings"
)

// What bodies are made of: as it stands, in several bytes a character, and full of references.
var (
	latin  = strings.Fields("the meeting was moved to five so please bring what you have and tell me when it is done thanks see you there")
	wide   = strings.Fields("встреча перенесена на пять часов пожалуйста 会議は五時に 変更されました привет große Füße déjà 👍 ok")
	marked = strings.Fields("if a&lt;b &amp;&amp; c&gt;d { return &quot;x&quot; } &apos;&#8212;&apos; else &lt;p&gt; &amp;nbsp; end")
)

func (c *writer) chat(body string) {
	id := fmt.Sprintf("%x-%x", c.r.Uint32(), c.r.Uint64())
	c.printf("<message from='%s' to='%s' id='%s' type='chat' xml:lang='en'>", c.jid(), c.jid(), id)
	c.printf("<body>%s</body><active xmlns='http://jabber.org/protocol/chatstates'/>", body)
	c.printf("<request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>")
	c.printf("<origin-id xmlns='urn:xmpp:sid:0' id='%s'/>", id)
	c.printf("<stanza-id xmlns='urn:xmpp:sid:0' by='im.example.com' id='%d'/></message>", c.r.Uint64())
}

// groupchat is a message through a room (XEP-0045), with its occupant and stanza ids.
func (c *writer) groupchat() {
	room := fmt.Sprintf("room%d@rooms.example.com", c.r.IntN(20))
	c.printf("<message from='%s/%s' to='%s' id='%x' type='groupchat'>", room, latin[c.r.IntN(len(latin))], c.jid(), c.r.Uint64())
	c.printf("<body>%s</body><occupant-id xmlns='urn:xmpp:occupant-id:0' id='%x'/>", c.words(latin, 2, 30), c.r.Uint64())
	c.printf("<stanza-id xmlns='urn:xmpp:sid:0' by='%s' id='%d'/></message>", room, c.r.Uint64())
}

// presence has capabilities (XEP-0115), an avatar's hash and a delay.
func (c *writer) presence() {
	c.printf("<presence from='%s' to='%s'><show>away</show><status>%s</status><priority>%d</priority>",
		c.jid(), c.jid(), c.words(latin, 1, 6), c.r.IntN(10))
	c.printf("<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://example.org/client' ver='%x='/>", c.r.Uint64())
	c.printf("<x xmlns='vcard-temp:x:update'><photo>%x</photo></x>", c.r.Uint64())
	c.printf("<delay xmlns='urn:xmpp:delay' stamp='2024-05-0%dT12:00:00Z' from='im.example.com'/></presence>\n", 1+c.r.IntN(9))
}

func (c *writer) roster(items int) {
	c.printf("<iq type='result' id='%x' to='%s'><query xmlns='jabber:iq:roster' ver='ver%d'>", c.r.Uint32(), c.jid(), c.r.IntN(99))
	for range items {
		c.item(c.r.IntN(1e6))
	}
	c.WriteString("</query></iq>")
}

// item is a contact of a roster (RFC 6121 §2.1.2).
func (c *writer) item(n int) {
	c.printf("<item jid='user%d@im.example.com' name='%s' subscription='both'><group>%s</group></item>",
		n, c.words(latin, 1, 3), c.words(latin, 1, 2))
}

// disco is an answer of service discovery (XEP-0030) with an extended form (XEP-0128).
func (c *writer) disco() {
	c.printf("<iq type='result' id='%x' from='%s' to='%s'><query xmlns='http://jabber.org/protocol/disco#info'>", c.r.Uint32(), c.jid(), c.jid())
	c.printf("<identity category='client' type='pc' name='%s'/>", c.words(latin, 1, 3))
	for i := range 10 + c.r.IntN(30) {
		c.printf("<feature var='http://jabber.org/protocol/%s%d'/>", latin[c.r.IntN(len(latin))], i)
	}
	c.WriteString("<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>")
	c.printf("<field var='os'><value>%s</value></field></x></query></iq>", c.words(latin, 1, 2))
}

// archived is one result of an archive query (XEP-0313).
func (c *writer) archived() {
	c.printf("<message to='%s' from='user1@im.example.com'><result xmlns='urn:xmpp:mam:2' queryid='f%x' id='%x'>", c.jid(), c.r.Uint32(), c.r.Uint64())
	c.printf("<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2024-05-01T12:00:%02dZ'/>", c.r.IntN(60))
	c.printf("<message xmlns='jabber:client' from='%s' to='%s' type='chat'><body>%s</body></message></forwarded></result></message>",
		c.jid(), c.jid(), c.words(latin, 4, 24))
}

// event is a notification of personal eventing (XEP-0163): a bookmark, an avatar's description, a device list.
func (c *writer) event() {
	c.printf("<message from='user%d@im.example.com' to='%s' type='headline' id='%x'><event xmlns='http://jabber.org/protocol/pubsub#event'>",
		c.r.IntN(500), c.jid(), c.r.Uint64())
	switch c.r.IntN(3) {
	case 0:
		c.printf("<items node='urn:xmpp:bookmarks:1'><item id='room%d@rooms.example.com'><conference xmlns='urn:xmpp:bookmarks:1' "+
			"name='%s' autojoin='true'><nick>%s</nick></conference></item></items>", c.r.IntN(20), c.words(latin, 1, 4), latin[c.r.IntN(len(latin))])
	case 1:
		c.printf("<items node='urn:xmpp:avatar:metadata'><item id='%x'><metadata xmlns='urn:xmpp:avatar:metadata'>"+
			"<info bytes='12345' id='%x' type='image/png' width='64' height='64'/></metadata></item></items>", c.r.Uint64(), c.r.Uint64())
	default:
		c.printf("<items node='eu.siacs.conversations.axolotl.devicelist'><item id='current'><list xmlns='eu.siacs.conversations.axolotl'>"+
			"<device id='%d'/><device id='%d'/></list></item></items>", c.r.Uint32(), c.r.Uint32())
	}
	c.WriteString("</event></message>")
}
