package xmpp

import (
	"errors"
	"io"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/stanza"
)

// read is the reader: it lives as long as the connection. It never runs user code and never waits for it, but for
// pausing when too much waits in the lane.
func (s *Session) read() {
	defer close(s.gone)
	l := s.link
	l.in.quiet, l.in.patient = s.opts.Keepalive, s.opts.DeadAfter
	l.in.alive, l.in.idle = s.keepalive, s.probe
	for {
		if err := s.readOne(); err != nil {
			s.stopReading(err)
			return
		}
		s.pause()
	}
}

// readOne reads one child of the stream and acts on it.
func (s *Session) readOne() error {
	d := s.link.dec
	tok, err := d.ReadToken()
	if err != nil {
		return err
	}
	if tok.Kind == xmltext.KindEnd {
		return ErrPeerClosed
	}
	switch name := tok.Name; {
	case name.Space == ns.Client && isStanza(name.Local):
		return s.readStanza(tok)
	case name.Space == ns.Stream && name.Local == "error":
		return s.readStreamError()
	default:
		// RFC 6120 §4.9.3.24 would let us end the stream; an element that we don't know harms nobody.
		s.opts.Logger.Warn("xmpp: unknown element skipped", "space", name.Space, "local", name.Local)
		return d.SkipElement()
	}
}

func isStanza(local string) bool {
	return local == stanza.KindMessage || local == stanza.KindPresence || local == stanza.KindIQ
}

func (s *Session) readStreamError() error {
	e, err := stream.ReadError(s.link.dec)
	if err != nil {
		return err
	}
	return received(e)
}

// readStanza decodes the stanza that tok begins and passes it on.
func (s *Session) readStanza(tok *xmltext.Token) error {
	d := s.link.dec
	before := d.InputOffset()
	st, err := s.link.stanzas.Decode(tok)
	if err != nil {
		var bad *stanza.MalformedError
		if !errors.As(err, &bad) {
			return err
		}
		s.malformed(bad)
		return nil
	}
	if iq, ok := st.(*stanza.IQ); ok && !iq.IsRequest() {
		if !s.calls.complete(iq, s.JID()) {
			s.opts.Logger.Debug("xmpp: answer to no request of ours dropped", "from", iq.From, "id", iq.ID)
		}
		return nil
	}
	return s.arrive(st, int(d.InputOffset()-before))
}

// overhead is what a waiting stanza is counted for beside its bytes on the wire.
const overhead = 512

// arrive puts st into the lane.
func (s *Session) arrive(st stanza.Stanza, size int) error {
	held, start := s.lane.push(arrival{st, size + overhead})
	if start {
		go s.dispatch()
	}
	if held > s.opts.Limits.LaneHard {
		return ErrSlowConsumer
	}
	return nil
}

// malformed skips a stanza that can't be decoded, and answers it where an answer is due: one bad stanza harms nobody
// else.
func (s *Session) malformed(bad *stanza.MalformedError) {
	s.opts.Logger.Warn("xmpp: malformed stanza skipped", "err", bad)
	if iq := bad.Answer(); iq != nil {
		if b, err := appendClient(nil, iq); err == nil {
			s.out.raw(b)
		}
	}
}

// appendClient appends st as it stands inside a client stream.
func appendClient(dst []byte, st stanza.Stanza) ([]byte, error) {
	var e xmltext.Encoder
	e.Reset(dst, ns.Client)
	if err := stanza.AppendTo(&e, st, stanza.EncodeOptions{Namespace: ns.Client}); err != nil {
		return dst, err
	}
	return e.Bytes()
}

// pause waits while more than Limits.LaneSoft is in the lane, so that TCP tells the server to slow down. It doesn't wait
// while a Do waits for its answer, which may be behind what we'd not read.
func (s *Session) pause() {
	var tick *time.Timer
	for {
		held, news := s.lane.held()
		if held <= s.opts.Limits.LaneSoft || s.calls.any() || s.isClosing() {
			return
		}
		if tick == nil {
			tick = time.NewTimer(max(s.opts.Keepalive, time.Second))
			defer tick.Stop()
		}
		select {
		case <-news:
		case <-s.done:
			return
		case now := <-tick.C:
			s.keepalive(now)
			tick.Reset(max(s.opts.Keepalive, time.Second))
		}
	}
}

func (s *Session) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// keepalive sends a space when nothing has been sent for a while (RFC 6120 §4.6.1).
func (s *Session) keepalive(now time.Time) {
	if s.opts.Keepalive <= 0 {
		return
	}
	out := s.out
	out.mu.Lock()
	due := !out.busy && now.Sub(out.lastSent) >= s.opts.Keepalive
	out.mu.Unlock()
	if due {
		s.out.raw([]byte(" "))
	}
}

// probe asks the server for a sign of life (XEP-0199): any answer will do, an error too.
func (s *Session) probe() {
	ping := &stanza.IQ{Type: stanza.Get, ID: stanza.NewID(), To: s.JID().Domain(), Payload: pingPayload}
	if b, err := appendClient(nil, ping); err == nil {
		s.out.raw(b)
	}
}

var pingPayload, _ = stanza.ParseElement(`<ping xmlns='` + ns.Ping + `'/>`)

// stopReading ends the session for the reason err, telling the server where it should know.
func (s *Session) stopReading(err error) {
	var syntax *xmltext.SyntaxError
	var remote *StreamError
	var broken *stream.Error
	switch {
	case errors.As(err, &syntax):
		s.abort(stream.SyntaxError(syntax), err)
	case errors.As(err, &broken):
		s.abort(broken, err)
	case errors.Is(err, ErrSlowConsumer):
		s.abort(&stream.Error{Condition: string(ResourceConstraint)}, err)
	case errors.Is(err, ErrPeerClosed), errors.As(err, &remote):
		// RFC 6120 §4.4: the other side's end is answered with our own, then the connection is closed.
		s.out.finish(never, stream.Close, ErrPeerClosed)
		s.link.part()
		s.end(err)
	case errors.Is(err, io.EOF):
		s.lost(io.ErrUnexpectedEOF)
	default:
		s.lost(err)
	}
}

// abort ends the stream with an error of ours (RFC 6120 §4.9.1.1: the error, the end of the stream, the end of the
// connection) and the session with cause.
func (s *Session) abort(e *stream.Error, cause error) {
	s.out.finish(never, string(e.Append(nil))+stream.Close, ErrPeerClosed)
	s.link.part()
	if !errors.Is(cause, ErrSlowConsumer) {
		local := received(e)
		local.Local, local.Text = true, cause.Error()
		cause = local
	}
	s.end(cause)
}
