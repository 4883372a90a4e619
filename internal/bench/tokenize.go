package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"

	"github.com/canto-im/canto/internal/corpus"
	"github.com/canto-im/canto/internal/xmltext"
)

// tokenizing is reading one stream to its end: as tokens, by encoding/xml, and as bytes. chunk is the most that one Read
// gives; 0: as much as there is room for.
func tokenizing(name string, data []byte, chunk int) contest {
	return contest{name: name, unit: "streams", ops: 1, size: len(data), sides: []side{
		{name: "canto", open: func() (*runner, error) { return canTokens(data, chunk), nil }},
		{name: encodingXML, open: func() (*runner, error) { return xmlTokens(data, chunk), nil }},
		{name: "a scan for <", open: func() (*runner, error) { return scan(data), nil }},
	}}
}

// A trickle gives at most chunk bytes at a time.
type trickle struct {
	bytes.Reader
	chunk int
}

func (t *trickle) Read(p []byte) (int, error) {
	if t.chunk > 0 && len(p) > t.chunk {
		p = p[:t.chunk]
	}
	return t.Reader.Read(p)
}

func canTokens(data []byte, chunk int) *runner {
	in := trickle{chunk: chunk}
	d := xmltext.NewDecoder(&in, xmltext.Limits{})
	return &runner{run: func(n int) error {
		for range n {
			in.Reset(data)
			d.Reset(&in)
			for {
				if _, err := d.ReadToken(); err == io.EOF {
					break
				} else if err != nil {
					return err
				}
			}
		}
		return nil
	}}
}

func xmlTokens(data []byte, chunk int) *runner {
	in := trickle{chunk: chunk}
	return &runner{run: func(n int) error {
		for range n {
			in.Reset(data)
			d := xml.NewDecoder(&in)
			for {
				if _, err := d.Token(); err == io.EOF {
					break
				} else if err != nil {
					return err
				}
			}
		}
		return nil
	}}
}

func scan(data []byte) *runner {
	return &runner{run: func(n int) error {
		for range n {
			found := 0
			for rest := data; ; found++ {
				i := bytes.IndexByte(rest, '<')
				if i < 0 {
					break
				}
				rest = rest[i+1:]
			}
			if found == 0 {
				return errors.New("there is no tag in the stream")
			}
		}
		return nil
	}}
}

// streams are the tokenizer's contests: the mixed stream, whole and in small pieces, and each kind of it.
func streams(size int) []contest {
	mixed := corpus.Make("mixed", size)
	list := []contest{
		tokenizing("tokenize", mixed, 0),
		tokenizing("tokenize, 1,400 bytes a read", mixed, 1400),
		tokenizing("tokenize, 7 bytes a read", corpus.Make("mixed", size/8), 7),
	}
	for _, kind := range corpus.Kinds() {
		if kind != "mixed" {
			list = append(list, tokenizing("tokenize "+kind, corpus.Make(kind, size/20), 0))
		}
	}
	return list
}
