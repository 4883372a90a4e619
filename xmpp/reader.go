package xmpp

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// read is the reader of one link: it lives as long as the connection. It never runs user code and never waits for it,
// but for pausing when too much waits in the lane.
func (s *Session) read(l *link) {
	defer close(l.gone)
	w := newWatchdog(s)
	s.mu.Lock()
	s.watch = w
	w.urgent.Store(s.stream.silent) // the answer to the first <r/> says whether the resumption was of use
	s.mu.Unlock()
	l.in.watch = w
	for {
		if err := s.readOne(l); err != nil {
			s.stopReading(l, err)
			return
		}
		s.pause()
	}
}

// readOne reads one child of the stream and acts on it.
func (s *Session) readOne(l *link) error {
	tok, err := l.dec.ReadToken()
	if err != nil {
		return err
	}
	if tok.Kind == xmltext.KindEnd {
		return ErrPeerClosed
	}
	switch name := tok.Name; {
	case name.Space == ns.Client && isStanza(name.Local):
		return s.readStanza(l, tok)
	case name.Space == ns.SM:
		return s.readManagement(l, tok)
	case name.Space == ns.Stream && name.Local == "error":
		return s.readStreamError(l)
	case isStanza(name.Local) && name.Space == ns.Server:
		// RFC 6120 §4.8.3: a content namespace that we don't support ends the stream.
		return &stream.Error{Condition: string(InvalidNamespace), Text: "stanzas of jabber:server are for servers"}
	default:
		// RFC 6120 §4.9.3.24 would let us end the stream; an element that we don't know harms nobody.
		s.opts.Logger.Warn("xmpp: unknown element skipped", "space", name.Space, "local", name.Local)
		return l.dec.SkipElement()
	}
}

func isStanza(local string) bool {
	return local == stanza.KindMessage || local == stanza.KindPresence || local == stanza.KindIQ
}

func (s *Session) readStreamError(l *link) error {
	e, err := stream.ReadError(l.dec)
	if err != nil {
		return err
	}
	return received(e)
}

// readStanza decodes the stanza that tok begins and passes it on. Whatever becomes of it, it is counted.
func (s *Session) readStanza(l *link, tok *xmltext.Token) error {
	before := l.dec.InputOffset()
	if tok.Name.Local == stanza.KindIQ && s.calls.awaits(tok, s.JID) {
		l.dec.Allow(s.opts.Limits.AnswerBytes)
	}
	st, err := l.stanzas.Decode(tok)
	var bad *stanza.MalformedError
	if err != nil && !errors.As(err, &bad) {
		return err
	}
	number, fresh := s.intake.receive()
	switch {
	case !fresh: // sent again after a resumption, and in hand already
		return nil
	case bad != nil:
		s.malformed(bad)
	default:
		iq, ok := st.(*stanza.IQ)
		if !ok || iq.IsRequest() {
			return s.arrive(arrival{st, int(l.dec.InputOffset()-before) + overhead, number, s.replay.Load()})
		}
		if !s.calls.complete(iq, s.JID()) {
			s.opts.Logger.Debug("xmpp: answer to no request of ours dropped", "from", iq.From, "id", iq.ID)
		}
	}
	s.handled(number)
	return nil
}

// handled counts a stanza as handled and acknowledges it where that's due.
func (s *Session) handled(number uint64) {
	if s.intake.handled(number); s.intake.due() {
		s.acknowledge()
	}
}

// overhead is what a waiting stanza is counted for beside its bytes on the wire.
const overhead = 512

// arrive puts st into the lane.
func (s *Session) arrive(a arrival) error {
	held, start := s.lane.push(a)
	if start {
		go s.dispatch()
	}
	if held > s.opts.Limits.LaneHard {
		return fmt.Errorf("%w (%d bytes); the handler or channel that holds them up was registered at %s", ErrSlowConsumer, held, s.slowest())
	}
	return nil
}

// slowest is where the handler or channel was registered that the dispatcher waits for.
func (s *Session) slowest() string {
	if r := s.atWork.Load(); r != nil {
		return r.site
	}
	return "(none yet)"
}

// malformed skips a stanza that can't be decoded, and answers it where an answer is due: one bad stanza harms nobody
// else.
func (s *Session) malformed(bad *stanza.MalformedError) {
	s.opts.Logger.Warn("xmpp: malformed stanza skipped", "err", bad)
	if iq := bad.Answer(); iq != nil {
		iq.From = jid.JID{} // as in reply
		s.sendNow(iq)
	}
}

// sendNow sends what the reader itself has to say, without waiting for room or for a stalled server.
func (s *Session) sendNow(iq *stanza.IQ) {
	o := s.out
	o.mu.Lock()
	if o.err != nil || o.shut != nil {
		o.mu.Unlock()
		return
	}
	o.fresh()
	before := len(o.buf.b)
	if err := o.encode(iq, ""); err == nil && o.ledger != nil {
		o.ledger.force(o.buf.b[before:])
	}
	_ = o.send(atOnce) // the reader will find out itself
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

// pauseNote is how long reading may pause before that is logged, and a space sent if one is due.
const pauseNote = 10 * time.Second

// pause waits while more than Limits.LaneSoft is in the lane, so that TCP tells the server to slow down. It doesn't wait
// while a Do waits for its answer, which may be behind what we'd not read.
func (s *Session) pause() {
	if !s.lane.over(s.opts.Limits.LaneSoft) {
		return
	}
	tick := time.NewTicker(pauseNote)
	defer tick.Stop()
	for {
		held, news := s.lane.held()
		if held <= s.opts.Limits.LaneSoft || s.calls.any() || s.isClosing() || s.linked().in.failure() != nil {
			return
		}
		select {
		case <-news:
		case <-s.done:
			return
		case now := <-tick.C:
			s.opts.Logger.Warn("xmpp: not reading on: a handler or channel takes its time", "registered", s.slowest(), "held", held)
			s.keepalive(now)
		}
	}
}

func (s *Session) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// stopReading ends the connection for the reason err, telling the server where it should know.
func (s *Session) stopReading(l *link, err error) {
	var syntax *xmltext.SyntaxError
	var remote *StreamError
	var broken *stream.Error
	var ack *stream.AckError
	var element *stream.ElementError
	switch {
	case errors.As(err, &syntax):
		s.abort(l, stream.SyntaxError(syntax), err)
	case errors.As(err, &broken):
		s.abort(l, broken, err)
	case errors.As(err, &ack): // XEP-0198 §6
		s.abort(l, ack.StreamError(), err)
	case errors.As(err, &element):
		s.abort(l, element.StreamError(), err)
	case errors.Is(err, ErrSlowConsumer):
		s.abort(l, &stream.Error{Condition: string(ResourceConstraint)}, err)
	case errors.Is(err, ErrPeerClosed), errors.As(err, &remote):
		// RFC 6120 §4.4: the other side's end is answered with our own, then the connection is closed.
		s.leave(l, stream.Close, err)
	case errors.Is(err, io.EOF):
		s.lost(l, io.ErrUnexpectedEOF)
	default:
		s.lost(l, err)
	}
}

// abort ends the stream with an error of ours (RFC 6120 §4.9.1.1: the error, the end of the stream, the end of the
// connection) and the session with cause.
func (s *Session) abort(l *link, e *stream.Error, cause error) {
	if !errors.Is(cause, ErrSlowConsumer) {
		local := received(e)
		local.Local, local.Text = true, cause.Error()
		cause = local
	}
	s.leave(l, string(e.Append(nil))+stream.Close, cause)
}

// leave says the last words on l and ends the session with cause. A sender whose write fails because of that must not be
// the one to say why the session ended: see suspend.
func (s *Session) leave(l *link, last string, cause error) {
	s.mu.Lock()
	s.leaving = true
	s.mu.Unlock()
	s.out.finish(atOnce, "", last, endedBy(cause))
	if s.isClosing() && errors.Is(cause, ErrPeerClosed) {
		l.partTogether()
	} else {
		l.part()
	}
	s.end(cause)
}
