package xmltext

import (
	"bytes"
	"io"
	"testing"

	"github.com/canto-im/canto/internal/corpus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// PERFORMANCE: no allocation a token, whatever the stream is made of.
func TestNoAllocations(t *testing.T) {
	unpoisoned(t)
	var in bytes.Reader
	d := NewDecoder(&in, Limits{})
	for _, kind := range corpus.Kinds() {
		data := corpus.Make(kind, 1<<16)
		n := testing.AllocsPerRun(5, func() {
			in.Reset(data)
			tokenize(t, d, &in)
		})
		assert.LessOrEqual(t, n, 2.0, "%s: a buffer from the pool at most", kind)
	}
}

func TestNoAllocationsOfElements(t *testing.T) {
	unpoisoned(t)
	data := corpus.Make("mixed", 1<<16)
	var in bytes.Reader
	var text []byte
	d := NewDecoder(&in, Limits{})
	n := testing.AllocsPerRun(5, func() {
		in.Reset(data)
		d.Reset(&in)
		_, err := d.ReadToken()
		require.NoError(t, err)
		for i := 0; ; i++ {
			tok, err := d.ReadToken()
			if err != nil {
				t.Fatal(err)
			}
			if tok.Kind == KindEnd {
				break
			}
			switch i % 3 {
			case 0:
				_, err = d.ReadElement()
			case 1:
				text, err = d.AppendText(text[:0])
			case 2:
				err = d.SkipElement()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		_, err = d.ReadToken()
		require.Equal(t, io.EOF, err)
	})
	assert.LessOrEqual(t, n, 2.0)
}

func encodeMessage(e *Encoder, buf []byte, body string) ([]byte, error) {
	e.Reset(buf, "jabber:client")
	e.Start(Name{"jabber:client", "message"})
	e.Attr("to", "juliet@im.example.com/balcony")
	e.Attr("id", "ktx72v49")
	e.Attr("type", "chat")
	e.AttrNS(Name{nsXML, "lang"}, "en")
	e.Element(Name{"jabber:client", "body"}, body)
	e.Empty(Name{"http://jabber.org/protocol/chatstates", "active"})
	e.Start(Name{"urn:xmpp:sid:0", "origin-id"})
	e.Attr("id", "ktx72v49")
	e.End()
	e.Raw("<markable xmlns='urn:xmpp:chat-markers:0'/>")
	e.End()
	return e.Bytes()
}

const encodedBody = "Art thou not Romeo, and a Montague? <3 & so on; it is a message of ordinary length, as people write them."

func TestNoAllocationsOfEncoder(t *testing.T) {
	var e Encoder
	buf := make([]byte, 0, 1024)
	n := testing.AllocsPerRun(50, func() {
		if _, err := encodeMessage(&e, buf, encodedBody); err != nil {
			t.Error(err)
		}
	})
	assert.Zero(t, n)
}
