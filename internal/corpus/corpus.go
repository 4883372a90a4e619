package corpus

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// Size is how long the stream is that PERFORMANCE.md speaks of.
const Size = 20 << 20

// The beginning and the end of every stream.
const (
	Head = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' " +
		"id='++TR84Sm6A3hnt3Q065SnAbbk3Y=' from='im.example.com' version='1.0' xml:lang='en'>"
	Tail = "</stream:stream>"
)

// Chat is a chat message as clients send it today, with extensions: 594 bytes.
const Chat = `<message xml:lang='en' to='juliet@im.example.com/balcony' from='romeo@example.net/orchard' type='chat' ` +
	`id='b0ff2f4c-1b4d-4f43-a8f8-0a4b2d3c5e6f'><body>But soft, what light through yonder window breaks? It is the east, ` +
	`&amp; Juliet is the sun. Arise, fair sun, kill that moon.</body><active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/>` +
	`<origin-id xmlns='urn:xmpp:sid:0' id='b0ff2f4c-1b4d-4f43-a8f8-0a4b2d3c5e6f'/><stanza-id xmlns='urn:xmpp:sid:0' ` +
	`by='juliet@im.example.com' id='2026-11-22-4d5a8c3b1f2e'/><markable xmlns='urn:xmpp:chat-markers:0'/></message>`

// writer writes one stream.
type writer struct {
	bytes.Buffer
	r *rand.Rand
}

// kinds are the streams, by name.
var kinds = map[string]func(*writer){
	"archive":   (*writer).archived,
	"chat":      func(c *writer) { c.chat(c.words(latin, 4, 24)) },
	"disco":     (*writer).disco,
	"escaping":  func(c *writer) { c.chat(c.words(marked, 20, 80)) },
	"groupchat": (*writer).groupchat,
	"mixed":     (*writer).mixed,
	"pep":       (*writer).event,
	"presence":  (*writer).presence,
	"roster":    func(c *writer) { c.roster(20) },
	"utf8":      func(c *writer) { c.chat(c.words(wide, 20, 80)) },
}

// Kinds names what Make can write.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds)) }

// Make returns a whole stream of one kind: of at least size bytes, and by less than a stanza more.
func Make(kind string, size int) []byte {
	c := &writer{r: rand.New(rand.NewPCG(1, 2))}
	c.Grow(size + 64<<10)
	c.WriteString(Head)
	for c.Len() < size {
		kinds[kind](c)
	}
	c.WriteString(Tail)
	return c.Bytes()
}

// Roster returns the answer to the roster request id, with so many items, all of them different (RFC 6121 §2.1.4).
func Roster(id string, items int) []byte {
	c := &writer{r: rand.New(rand.NewPCG(3, 4))}
	c.printf("<iq type='result' id='%s'><query xmlns='jabber:iq:roster' ver='1'>", id)
	for i := range items {
		c.item(i)
	}
	c.WriteString("</query></iq>")
	return c.Bytes()
}

// mixed is a day of a client: mostly chat, presence and rooms, some large answers.
func (c *writer) mixed() {
	switch n := c.r.IntN(100); {
	case n < 30:
		c.chat(c.words(latin, 4, 24))
	case n < 45:
		c.groupchat()
	case n < 65:
		c.presence()
	case n < 68:
		c.roster(20 + c.r.IntN(80))
	case n < 72:
		c.disco()
	case n < 82:
		c.archived()
	case n < 88:
		c.event()
	case n < 94:
		c.chat(c.words(wide, 4, 24))
	default:
		c.chat(c.words(marked, 4, 24))
	}
}

func (c *writer) printf(format string, args ...any) { fmt.Fprintf(c, format, args...) }

func (c *writer) jid() string {
	return fmt.Sprintf("user%d@im.example.com/phone.%x", c.r.IntN(500), c.r.Uint32())
}

func (c *writer) words(from []string, least, most int) string {
	w := make([]string, least+c.r.IntN(most-least))
	for i := range w {
		w[i] = from[c.r.IntN(len(from))]
	}
	return strings.Join(w, " ")
}
