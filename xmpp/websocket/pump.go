package websocket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/xmpp"
	"github.com/coder/websocket"
)

const (
	firstRoom = 4 << 10  // of a message, before it's known how long it is
	keepRoom  = 64 << 10 // larger buffers are not kept for the next message
)

// A pump reads messages and writes what they come to into the pipe that the session reads from.
type pump struct {
	c        *conn
	to       net.Conn
	limit    int // bytes of a message
	dec      *xmltext.Decoder
	msg, out []byte
	r        io.Reader // the message being read; nil: none

	mu  sync.Mutex // protects what follows
	why error      // nothing more is handed over; nil: more is
}

func newPump(c *conn, to net.Conn, l xmpp.Limits) *pump {
	limits := xmltext.Limits{StanzaBytes: l.AnswerBytes, Depth: l.Depth, Attrs: l.Attributes, NameBytes: l.NameBytes}
	return &pump{c: c, to: to, limit: l.AnswerBytes, dec: xmltext.NewBytesDecoder(nil, limits)}
}

// over is why nothing more comes.
func (p *pump) over() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.why
}

// run lasts as long as the connection. Behind the end of the stream it reads on: without a reader there is no closing handshake,
// and a stream that is ended with an error has to be told.
func (p *pump) run() {
	defer func() { _ = p.c.ws.CloseNow() }()
	var err error
	for err == nil {
		err = p.one()
	}
	p.mu.Lock()
	p.why = err
	p.mu.Unlock()
	p.to.Close()
	rest := make([]byte, firstRoom)
	for err = p.skip(rest); err == nil; err = p.skip(rest) {
		_, p.r, err = p.c.ws.Reader(context.Background())
		if err != nil {
			return
		}
	}
}

// skip reads what is left of a message.
func (p *pump) skip(room []byte) error {
	for p.r != nil {
		switch _, err := p.r.Read(room); {
		case errors.Is(err, io.EOF):
			p.r = nil
		case err != nil:
			return err
		}
	}
	return nil
}

// one takes one message. Its error is io.EOF after the end of the stream.
func (p *pump) one() (err error) {
	var kind websocket.MessageType
	if kind, p.r, err = p.c.ws.Reader(context.Background()); err != nil {
		p.r = nil
		return lost(err)
	}
	if kind != websocket.MessageText { // RFC 7395 §3.2
		return &stream.Error{Condition: string(xmpp.UnsupportedEncoding), Text: "a binary message (RFC 7395 §3.2)"}
	}
	if err := p.read(); err != nil {
		return err
	}
	last, err := p.translate()
	if err != nil {
		return err
	}
	if _, err := p.to.Write(p.out); err != nil {
		return err
	}
	if last {
		return io.EOF
	}
	if cap(p.msg)+cap(p.out) > keepRoom {
		p.msg, p.out = nil, nil
	}
	return nil
}

// lost is the error for a connection that ends without the end of the stream.
//
// RFC 7395 §3.6: then the stream is closed implicitly, and may be resumed.
func lost(err error) error {
	var closed websocket.CloseError
	if errors.As(err, &closed) {
		return fmt.Errorf("the server closed the WebSocket connection (%d, %q) and not the stream: %w", closed.Code, closed.Reason, io.ErrUnexpectedEOF)
	}
	return err
}

// read reads the message.
func (p *pump) read() error {
	p.msg = p.msg[:0]
	if cap(p.msg) == 0 {
		p.msg = make([]byte, 0, firstRoom)
	}
	for {
		n, err := p.r.Read(p.msg[len(p.msg):cap(p.msg)])
		p.msg = p.msg[:len(p.msg)+n]
		switch {
		case len(p.msg) > p.limit:
			return &stream.Error{
				Condition: string(xmpp.PolicyViolation),
				Text:      fmt.Sprintf("limit exceeded: a message has more than %d bytes (Limits.AnswerBytes)", p.limit),
			}
		case errors.Is(err, io.EOF):
			p.r = nil
			return nil
		case err != nil:
			return lost(err)
		case len(p.msg) == cap(p.msg):
			p.msg = append(p.msg, 0)[:len(p.msg)]
		}
	}
}

// translate makes of the message what it comes to in a stream of RFC 6120, and reports whether that is its end.
func (p *pump) translate() (last bool, err error) {
	p.out = p.out[:0]
	f, err := stream.ReadFrame(p.dec, p.msg)
	if err != nil {
		return false, err
	}
	opening := p.c.opening.Load()
	switch {
	case f.Kind == stream.FrameOpen && !opening: // RFC 7395 §3.4: one stream at a time, and we begin it
		return false, &stream.Error{Condition: string(xmpp.BadFormat), Text: "an <open/> that answers none of ours (RFC 7395 §3.4)"}
	case f.Kind == stream.FrameOpen:
		p.c.opening.Store(false)
		p.out = f.Header.Append(p.out)
	case f.Kind == stream.FrameClose:
		p.close(f, opening)
		return true, nil
	case opening: // RFC 7395 §3.4: the answer is <open/> or <close/>
		return false, &stream.Error{
			Condition: string(xmpp.InvalidNamespace),
			Text:      fmt.Sprintf("<%s/> of %q in place of <open/> (RFC 7395 §3.4)", f.Name.Local, f.Name.Space),
		}
	default:
		p.out = append(p.out, f.XML...)
	}
	return false, nil
}

// close makes of <close/> the end of a stream, with a header before it where there was none, and with where to go as TCP would
// have it (RFC 6120 §4.9.3.19).
func (p *pump) close(f stream.Frame, opening bool) {
	if opening {
		p.out = stream.Header{Version: "1.0", Content: ns.Client}.Append(p.out)
	}
	if f.SeeOther != "" {
		e := &stream.Error{Condition: string(xmpp.SeeOtherHost), Content: f.SeeOther}
		p.out = e.Append(p.out)
	}
	p.out = append(p.out, stream.Close...)
}
