package xmltext

import (
	"bytes"
	"encoding/xml"
	"io"
	"testing"

	"github.com/canto-im/canto/internal/corpus"
)

const benchSize = 1 << 20

// unpoisoned makes Decoders as they are outside of tests.
func unpoisoned(tb testing.TB) {
	was := poisonStale.Swap(false)
	tb.Cleanup(func() { poisonStale.Store(was) })
}

// tokenize reads a stream to its end and returns the number of tokens.
func tokenize(tb testing.TB, d *Decoder, in io.Reader) (tokens int) {
	d.Reset(in)
	for {
		if _, err := d.ReadToken(); err == io.EOF {
			return tokens
		} else if err != nil {
			tb.Fatal(err)
		}
		tokens++
	}
}

// tokenizeStd is tokenize with encoding/xml.
func tokenizeStd(tb testing.TB, in io.Reader) (tokens int) {
	d := xml.NewDecoder(in)
	for {
		if _, err := d.Token(); err == io.EOF {
			return tokens
		} else if err != nil {
			tb.Fatal(err)
		}
		tokens++
	}
}

// BenchmarkTokenize reads streams of each kind, beside encoding/xml reading the same.
func BenchmarkTokenize(b *testing.B) {
	unpoisoned(b)
	for _, kind := range corpus.Kinds() {
		data := corpus.Make(kind, benchSize)
		b.Run(kind+"/canto", func(b *testing.B) {
			var in bytes.Reader
			d := NewDecoder(&in, Limits{})
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			tokens := 0
			for b.Loop() {
				in.Reset(data)
				tokens += tokenize(b, d, &in)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(tokens), "ns/token")
		})
		b.Run(kind+"/encoding-xml", func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				tokenizeStd(b, bytes.NewReader(data))
			}
		})
	}
}

// BenchmarkElement reads each stanza as one checked value.
func BenchmarkElement(b *testing.B) {
	unpoisoned(b)
	data := corpus.Make("mixed", benchSize)
	var in bytes.Reader
	d := NewDecoder(&in, Limits{})
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		in.Reset(data)
		d.Reset(&in)
		d.ReadToken()
		for {
			t, err := d.ReadToken()
			if err != nil {
				b.Fatal(err)
			}
			if t.Kind == KindEnd {
				break
			}
			if _, err := d.ReadElement(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkEncode writes a chat message, beside encoding/xml marshalling a struct of the same content.
func BenchmarkEncode(b *testing.B) {
	b.Run("canto", func(b *testing.B) {
		var e Encoder
		buf := make([]byte, 0, 1024)
		b.ReportAllocs()
		for b.Loop() {
			out, err := encodeMessage(&e, buf, encodedBody)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(out)))
		}
	})
	type empty struct{}
	type message struct {
		XMLName xml.Name `xml:"message"`
		To      string   `xml:"to,attr"`
		ID      string   `xml:"id,attr"`
		Type    string   `xml:"type,attr"`
		Lang    string   `xml:"xml:lang,attr"`
		Body    string   `xml:"body"`
		Active  empty    `xml:"http://jabber.org/protocol/chatstates active"`
		Origin  struct {
			ID string `xml:"id,attr"`
		} `xml:"urn:xmpp:sid:0 origin-id"`
		Markable empty `xml:"urn:xmpp:chat-markers:0 markable"`
	}
	b.Run("encoding-xml", func(b *testing.B) {
		m := message{To: "juliet@im.example.com/balcony", ID: "ktx72v49", Type: "chat", Lang: "en", Body: encodedBody}
		m.Origin.ID = m.ID
		b.ReportAllocs()
		for b.Loop() {
			out, err := xml.Marshal(&m)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(out)))
		}
	})
}
