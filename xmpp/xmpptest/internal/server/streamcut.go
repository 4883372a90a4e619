package server

import (
	"bytes"
	"errors"
	"io"
	"math"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// A streamCut makes whole parts of what is said in a stream of RFC 6120, in whatever pieces that comes.
type streamCut struct {
	held []byte // said, and no whole part yet
}

// A streamPart is one part of a stream: its header, an element, its end; or bytes that are none of these, and never will be.
type streamPart struct {
	header, element *Element
	end             bool
	raw             []byte
}

// parts takes b, which is said next, and returns what is whole now.
func (s *streamCut) parts(b []byte) (list []streamPart) {
	s.held = append(s.held, b...)
	for {
		s.held = bytes.TrimLeft(s.held, " \t\r\n")
		p, n := s.next(s.held)
		if n == 0 {
			break
		}
		list = append(list, p)
		s.held = s.held[n:]
	}
	if len(s.held) == 0 {
		s.held = nil
	}
	return list
}

// next is the part that b begins with, and how much of b that is; 0 is nothing yet.
func (s *streamCut) next(b []byte) (p streamPart, n int) {
	const root = "<stream:stream xmlns='" + ns.Client + "' xmlns:stream='" + ns.Stream + "'>"
	switch {
	case len(b) == 0:
		return p, 0
	case bytes.HasPrefix(b, []byte(closingTag)):
		return streamPart{end: true}, len(closingTag)
	}
	limits := xmltext.Limits{StanzaBytes: math.MaxInt32, Depth: math.MaxInt32, Attrs: math.MaxInt32, NameBytes: math.MaxInt32}
	if bytes.HasPrefix(b, []byte("<?xml")) || bytes.HasPrefix(b, []byte("<stream:stream")) {
		d := xmltext.NewDecoder(bytes.NewReader(b), limits)
		tok, err := d.ReadToken()
		if err != nil {
			return unfinished(b, err)
		}
		return streamPart{header: fromToken(tok)}, int(d.InputOffset())
	}
	d := xmltext.NewDecoder(io.MultiReader(bytes.NewReader([]byte(root)), bytes.NewReader(b)), limits)
	_, _ = d.ReadToken() // of a constant
	tok, err := d.ReadToken()
	if err != nil {
		return unfinished(b, err)
	}
	e, err := readElement(d, tok)
	if err != nil {
		return unfinished(b, err)
	}
	return streamPart{element: e}, int(d.InputOffset()) - len(root)
}

// unfinished is nothing yet, or, where no more bytes would make a part of b, b as it stands: whoever tampers wants it seen.
func unfinished(b []byte, err error) (streamPart, int) {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return streamPart{}, 0
	}
	return streamPart{raw: bytes.Clone(b)}, len(b)
}

// otherPlace is where an element of a stream sends the client; "" is nowhere.
func (e *Element) otherPlace() string {
	if to := e.child(ns.StreamErrors, "see-other-host"); e.is(ns.Stream, "error") && to != nil {
		return to.text()
	}
	return ""
}

// fragment writes an element that stands alone.
func fragment(e *Element) []byte {
	var enc xmltext.Encoder
	enc.Reset(nil, "")
	enc.Standalone()
	e.encode(&enc)
	b, _ := enc.Bytes() // it came from a parser or is our own
	return b
}
