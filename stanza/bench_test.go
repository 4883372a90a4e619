package stanza

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// chatStanza is a chat message as clients send it today, with extensions: 594 bytes.
const chatStanza = `<message xml:lang='en' to='juliet@im.example.com/balcony' from='romeo@example.net/orchard' type='chat' ` +
	`id='b0ff2f4c-1b4d-4f43-a8f8-0a4b2d3c5e6f'><body>But soft, what light through yonder window breaks? It is the east, ` +
	`&amp; Juliet is the sun.</body><active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/>` +
	`<origin-id xmlns='urn:xmpp:sid:0' id='b0ff2f4c-1b4d-4f43-a8f8-0a4b2d3c5e6f'/><stanza-id xmlns='urn:xmpp:sid:0' ` +
	`by='juliet@im.example.com' id='2026-11-22-4d5a8c3b1f2e'/><markable xmlns='urn:xmpp:chat-markers:0'/></message>`

// standardMessage is what encoding/xml needs to hold the same as a Message.
type standardMessage struct {
	XMLName  xml.Name          `xml:"jabber:client message"`
	ID       string            `xml:"id,attr"`
	From     string            `xml:"from,attr"`
	To       string            `xml:"to,attr"`
	Type     string            `xml:"type,attr"`
	Lang     string            `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
	Subject  string            `xml:"subject"`
	Body     string            `xml:"body"`
	Thread   string            `xml:"thread"`
	Payloads []standardElement `xml:",any"`
}

type standardElement struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Inner   string     `xml:",innerxml"`
}

// ours and theirs return a function that decodes one chatStanza of an endless stream.
func ours(b *testing.B) func() {
	d, sd := openStream(b, io.MultiReader(strings.NewReader(streamOpen), &repeat{s: chatStanza}))
	return func() {
		start, err := d.ReadToken()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := sd.Decode(start); err != nil {
			b.Fatal(err)
		}
	}
}

func theirs(b *testing.B) func() {
	d := xml.NewDecoder(io.MultiReader(strings.NewReader(streamOpen), &repeat{s: chatStanza}))
	if _, err := d.Token(); err != nil {
		b.Fatal(err)
	}
	return func() {
		var m standardMessage
		if err := d.Decode(&m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	unpoisoned(b)
	for name, with := range map[string]func(*testing.B) func(){"canto": ours, "encoding-xml": theirs} {
		b.Run(name, func(b *testing.B) {
			decode := with(b)
			b.SetBytes(int64(len(chatStanza)))
			b.ReportAllocs()
			for b.Loop() {
				decode()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "stanzas/s")
		})
	}
}

// BenchmarkDecodeRatio runs both in turns, so that whatever else the machine does meets both, and reports how many times as
// fast as encoding/xml into an equal struct Decode is: in the best round of each, and in all together.
func BenchmarkDecodeRatio(b *testing.B) {
	unpoisoned(b)
	const round = 100
	sides := [2]func(){ours(b), theirs(b)}
	var best, sum [2]time.Duration
	for b.Loop() {
		for i, decode := range sides {
			began := time.Now()
			for range round {
				decode()
			}
			took := time.Since(began)
			sum[i] += took
			if best[i] == 0 || took < best[i] {
				best[i] = took
			}
		}
	}
	b.ReportMetric(float64(best[1])/float64(best[0]), "x-best")
	b.ReportMetric(float64(sum[1])/float64(sum[0]), "x-all")
	b.ReportMetric(float64(best[0].Nanoseconds())/round, "best-ns/stanza")
}

// BenchmarkTokens is the floor under BenchmarkDecode: the same bytes as tokens only.
func BenchmarkTokens(b *testing.B) {
	unpoisoned(b)
	d, _ := openStream(b, io.MultiReader(strings.NewReader(streamOpen), &repeat{s: chatStanza}))
	b.SetBytes(int64(len(chatStanza)))
	b.ReportAllocs()
	for b.Loop() {
		for first := true; first || d.Depth() > 1; first = false {
			if _, err := d.ReadToken(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	unpoisoned(b)
	m := read[Message](b, chatStanza)
	b.Run("canto", func(b *testing.B) {
		var e xmltext.Encoder
		buf := make([]byte, 0, 4096)
		b.SetBytes(int64(len(chatStanza)))
		b.ReportAllocs()
		for b.Loop() {
			e.Reset(buf, ns.Client)
			if err := AppendTo(&e, m, EncodeOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-xml", func(b *testing.B) {
		var s standardMessage
		if err := xml.Unmarshal([]byte(wire(chatStanza)), &s); err != nil {
			b.Fatal(err)
		}
		enc := xml.NewEncoder(io.Discard)
		b.SetBytes(int64(len(chatStanza)))
		b.ReportAllocs()
		for b.Loop() {
			if err := enc.Encode(&s); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkNewID(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		NewID()
	}
}

func BenchmarkFind(b *testing.B) {
	unpoisoned(b)
	type originID struct {
		XMLName xml.Name `xml:"urn:xmpp:sid:0 origin-id"`
		ID      string   `xml:"id,attr"`
	}
	m := read[Message](b, chatStanza)
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if v, ok := Find[originID](m); !ok || v.ID == "" {
				b.Fatal("not found")
			}
		}
	})
	b.Run("attr", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if m.Payloads[2].Attr("id") == "" {
				b.Fatal("not found")
			}
		}
	})
}
