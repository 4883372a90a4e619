package stanza

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/corpus"
	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// chatStanza is an ordinary message.
const chatStanza = corpus.Chat

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
		var m corpus.Message
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
		var s corpus.Message
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
