package xmltext

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
)

// corpus writes realistic streams from a fixed seed, the same in every run.
type corpus struct {
	bytes.Buffer
	r *rand.Rand
}

const (
	corpusHead = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' " +
		"id='++TR84Sm6A3hnt3Q065SnAbbk3Y=' from='im.example.com' version='1.0' xml:lang='en'>"
	corpusTail = "</stream:stream>"
)

var (
	latin  = strings.Fields("the meeting was moved to five so please bring what you have and tell me when it is done thanks see you there")
	wide   = strings.Fields("встреча перенесена на пять часов пожалуйста 会議は五時に 変更されました привет große Füße déjà 👍 ok")
	marked = strings.Fields("if a&lt;b &amp;&amp; c&gt;d { return &quot;x&quot; } &apos;&#8212;&apos; else &lt;p&gt; &amp;nbsp; end")
)

// kinds are the streams, by name.
var kinds = map[string]func(*corpus){
	"chat":     func(c *corpus) { c.chat(c.words(latin, 4, 24)) },
	"presence": (*corpus).presence,
	"roster":   (*corpus).roster,
	"escaping": func(c *corpus) { c.chat(c.words(marked, 20, 80)) },
	"utf8":     func(c *corpus) { c.chat(c.words(wide, 20, 80)) },
	"archive":  (*corpus).archived,
	"mixed": func(c *corpus) {
		switch n := c.r.IntN(20); {
		case n < 9:
			c.chat(c.words(latin, 4, 24))
		case n < 13:
			c.presence()
		case n < 14:
			c.roster()
		case n < 16:
			c.archived()
		case n < 18:
			c.chat(c.words(wide, 4, 24))
		default:
			c.chat(c.words(marked, 4, 24))
		}
	},
}

// makeCorpus returns a stream of one kind of about this size.
func makeCorpus(kind string, size int) []byte {
	c := &corpus{r: rand.New(rand.NewPCG(1, 2))}
	c.WriteString(corpusHead)
	for c.Len() < size {
		kinds[kind](c)
	}
	c.WriteString(corpusTail)
	return c.Bytes()
}

func (c *corpus) jid() string {
	return fmt.Sprintf("user%d@im.example.com/phone.%x", c.r.IntN(500), c.r.Uint32())
}

func (c *corpus) words(from []string, least, most int) string {
	w := make([]string, least+c.r.IntN(most-least))
	for i := range w {
		w[i] = from[c.r.IntN(len(from))]
	}
	return strings.Join(w, " ")
}

func (c *corpus) chat(body string) {
	id := fmt.Sprintf("%x-%x", c.r.Uint32(), c.r.Uint64())
	fmt.Fprintf(c, "<message from='%s' to='%s' id='%s' type='chat' xml:lang='en'>", c.jid(), c.jid(), id)
	fmt.Fprintf(c, "<body>%s</body><active xmlns='http://jabber.org/protocol/chatstates'/>", body)
	fmt.Fprintf(c, "<request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>")
	fmt.Fprintf(c, "<origin-id xmlns='urn:xmpp:sid:0' id='%s'/>", id)
	fmt.Fprintf(c, "<stanza-id xmlns='urn:xmpp:sid:0' by='im.example.com' id='%d'/></message>", c.r.Uint64())
}

func (c *corpus) presence() {
	fmt.Fprintf(c, "<presence from='%s' to='%s'><show>away</show><status>%s</status><priority>%d</priority>",
		c.jid(), c.jid(), c.words(latin, 1, 6), c.r.IntN(10))
	fmt.Fprintf(c, "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://example.org/client' ver='%x='/>", c.r.Uint64())
	fmt.Fprintf(c, "<x xmlns='vcard-temp:x:update'><photo>%x</photo></x>", c.r.Uint64())
	fmt.Fprintf(c, "<delay xmlns='urn:xmpp:delay' stamp='2024-05-0%dT12:00:00Z' from='im.example.com'/></presence>\n", 1+c.r.IntN(9))
}

func (c *corpus) roster() {
	fmt.Fprintf(c, "<iq type='result' id='%x' to='%s'><query xmlns='jabber:iq:roster' ver='ver%d'>", c.r.Uint32(), c.jid(), c.r.IntN(99))
	for range 20 {
		fmt.Fprintf(c, "<item jid='user%d@im.example.com' name='%s' subscription='both'><group>%s</group></item>",
			c.r.IntN(1e6), c.words(latin, 1, 3), c.words(latin, 1, 2))
	}
	c.WriteString("</query></iq>")
}

func (c *corpus) archived() {
	fmt.Fprintf(c, "<message to='%s' from='user1@im.example.com'><result xmlns='urn:xmpp:mam:2' queryid='f%x' id='%x'>", c.jid(), c.r.Uint32(), c.r.Uint64())
	fmt.Fprintf(c, "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2024-05-01T12:00:%02dZ'/>", c.r.IntN(60))
	fmt.Fprintf(c, "<message xmlns='jabber:client' from='%s' to='%s' type='chat'><body>%s</body></message></forwarded></result></message>",
		c.jid(), c.jid(), c.words(latin, 4, 24))
}
