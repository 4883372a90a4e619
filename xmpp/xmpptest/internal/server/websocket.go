package server

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// A webSocket is a connection over which frames of RFC 7395 go. To the server it is one over which a stream of RFC 6120 goes.
// It takes nothing from a client that the RFC does not allow.
type webSocket struct {
	net.Conn
	r     *bufio.Reader
	limit int    // bytes of a message
	rest  []byte // of the stream, not read yet
	ended bool   // the client has closed

	mu     sync.Mutex // protects what follows
	cut    streamCut
	other  string // the server wants the client elsewhere, and will say so with <close/>
	closed bool   // our close frame is out
}

func newWebSocket(c net.Conn, r *bufio.Reader, limit int) *webSocket {
	return &webSocket{Conn: c, r: r, limit: limit}
}

// Read reads the stream that the client's messages make.
func (w *webSocket) Read(p []byte) (int, error) {
	for len(w.rest) == 0 {
		if w.ended {
			return 0, io.EOF
		}
		msg, err := w.message()
		if err != nil {
			return 0, err
		}
		if msg == nil {
			w.ended = true
			continue
		}
		if w.rest, err = unframed(msg); err != nil {
			return 0, err
		}
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

// message reads a message and answers control frames; nil is the client's close.
func (w *webSocket) message() ([]byte, error) {
	msg := []byte{}
	for first := true; ; {
		f, err := readFrame(w.r, w.limit)
		if err != nil {
			return nil, err
		}
		switch {
		case f.op == opPing:
			err = w.control(opPong, f.payload)
		case f.op == opPong:
		case f.op == opClose:
			return nil, w.CloseWrite()
		case f.op != opText && first, f.op != opContinuation && !first: // RFC 7395 §3.2
			return nil, fmt.Errorf("a frame with opcode %d", f.op)
		default:
			first = false
			if msg = append(msg, f.payload...); len(msg) > w.limit {
				return nil, errors.New("a message that is too long")
			}
			if f.last {
				return msg, nil
			}
		}
		if err != nil {
			return nil, err
		}
	}
}

// unframed is what a message comes to in a stream (RFC 7395 §3.3).
func unframed(msg []byte) ([]byte, error) {
	bad := func(what string) ([]byte, error) {
		return nil, fmt.Errorf("the message %q %s (RFC 7395 §3.3.3)", msg, what)
	}
	if !bytes.HasPrefix(msg, []byte("<")) || bytes.HasPrefix(msg, []byte("<?")) {
		return bad("does not begin with an element")
	}
	d := xmltext.NewBytesDecoder(msg, xmltext.Limits{StanzaBytes: len(msg) + 1})
	tok, err := d.ReadToken()
	if err != nil {
		return bad("is no document: " + err.Error())
	}
	e := fromToken(tok)
	if err := d.SkipElement(); err != nil {
		return bad("is no document: " + err.Error())
	}
	if d.InputOffset() != int64(len(msg)) {
		return bad("holds more than an element")
	}
	switch {
	case e.is(ns.Framing, "open"):
		e.Name = xmltext.Name{Space: ns.Stream, Local: "stream"}
		return []byte(openTag(e, ns.Client)), nil
	case e.is(ns.Framing, "close"):
		return []byte(closingTag), nil
	case e.Name.Space == ns.Framing || e.is(ns.Stream, "stream"):
		return bad("is no part of the framing")
	}
	return msg, nil
}

// Write says what b, bytes of a stream, come to in messages. What is no whole element waits for the rest of it.
func (w *webSocket) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []byte
	for _, p := range w.cut.parts(b) {
		if msg := w.framed(p); msg != nil {
			out = appendFrame(out, opText, msg)
		}
	}
	if _, err := w.Conn.Write(out); err != nil {
		return 0, err
	}
	return len(b), nil
}

// framed is the message for a part of the stream; nil: none yet.
func (w *webSocket) framed(p streamPart) []byte {
	switch {
	case p.end:
		return fragment(el(ns.Framing, "close").withAttr("see-other-uri", w.other))
	case p.header != nil:
		p.header.Name = xmltext.Name{Space: ns.Framing, Local: "open"}
		return fragment(p.header)
	case p.raw != nil:
		return p.raw
	}
	if to := p.element.otherPlace(); to != "" {
		w.other = to // RFC 7395 §3.6.1
		return nil
	}
	return fragment(p.element)
}

// control says a control frame. Any goroutine may call it.
func (w *webSocket) control(op byte, payload []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = op == opClose
	_, err := w.Conn.Write(appendFrame(nil, op, payload))
	return err
}

// CloseWrite says the close frame of RFC 6455 §5.5.1 (1000: normal), once.
func (w *webSocket) CloseWrite() error {
	return w.control(opClose, binary.BigEndian.AppendUint16(nil, 1000))
}
