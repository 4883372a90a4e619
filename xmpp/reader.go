package xmpp

import (
	"errors"
	"fmt"
	"io"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/stanza"
)

// read is the reader of one link: it lives as long as the connection. It never runs user code and never waits for it,
// but for pausing when too much waits in the lane.
func (s *Session) read(l *link) {
	defer close(l.gone)
	w := newWatchdog(s, l)
	s.mu.Lock()
	s.watch = w
	if s.stream.silent { // the answer to the first <r/>, which is sent, says whether the resumption was of use
		w.wakes.Store(1)
		w.sought = 1
	}
	s.mu.Unlock()
	settle := func() error { return s.settle(l, w) }
	l.in.watch, l.in.before = w, settle
	for {
		err := s.readOne(l)
		l.in.veil.passed(l.dec.Buffered, true) // what was no stanza
		if err == nil && s.mustPause(w) {
			err = settle()
		}
		if err != nil {
			_ = s.handIn() // what ended the reading matters more
			s.stopReading(l, err)
			return
		}
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
	name := tok.Name
	if name.Space == s.content && isStanza(name.Local) {
		return s.readStanza(l, tok)
	}
	if err := s.handIn(); err != nil {
		return err
	}
	switch {
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
	bad := malformation(err)
	l.in.veil.passed(l.dec.Buffered, bad != nil || isRegistration(st))
	if err != nil && bad == nil {
		return err
	}
	number, fresh := s.intake.receive()
	switch {
	case !fresh: // sent again after a resumption, and in hand already
		return nil
	case bad != nil:
		if err := s.malformed(bad); err != nil {
			return err
		}
	default:
		iq, ok := st.(*stanza.IQ)
		if ok && s.isOwnProbe(iq) {
			l.in.watch.answered()
			break
		}
		size := int(l.dec.InputOffset()-before) + overhead
		if m, isMessage := st.(*stanza.Message); isMessage && s.calls.gather(m, size, s.JID) {
			break
		}
		if !ok || iq.IsRequest() {
			return s.arrive(arrival{st: st, size: size, number: number, again: s.replay.Load()})
		}
		if err := s.handIn(); err != nil {
			return err
		}
		if !s.calls.complete(iq.ID, iq.From, iq.To, s.JID(), outcome{iq: iq}) {
			s.opts.Logger.Debug("xmpp: answer to no request of ours dropped", "from", iq.From, "id", iq.ID)
		}
	}
	s.handled(number)
	return nil
}

// malformation is what is wrong with the stanza itself, where that is the error.
func malformation(err error) *stanza.MalformedError {
	if err == nil {
		return nil
	}
	var bad *stanza.MalformedError // it's allocated where it stands: not for every stanza
	if !errors.As(err, &bad) {
		return nil
	}
	return bad
}

// handled counts a stanza as handled and acknowledges it where that's due.
func (s *Session) handled(number uint64) {
	if s.intake.handled(number); s.intake.due() {
		s.acknowledge()
	}
}

// overhead is what a waiting stanza is counted for beside its bytes on the wire.
const overhead = 512

// trayStanzas is how many stanzas the reader hands in at once. With more the dispatcher would begin late, and an idle
// session would keep a larger tray.
const trayStanzas = 16

// arrive puts a on the tray: what came together is handed in together, one lock and at most one wake-up for all.
func (s *Session) arrive(a arrival) error {
	if s.tray = append(s.tray, a); len(s.tray) < trayStanzas {
		return nil
	}
	return s.handIn()
}

// handIn puts what is on the tray into the lane. The reader does so before it waits for more bytes, before it completes a
// call (whoever has the answer may rely on what came before it) and before it ends.
func (s *Session) handIn() error {
	if len(s.tray) == 0 {
		return nil
	}
	held, start := s.lane.push(s.tray...)
	clear(s.tray)
	s.tray = s.tray[:0]
	if start {
		go s.dispatch()
	}
	if held > s.opts.Limits.LaneHard {
		return s.tooSlow(held)
	}
	return nil
}

// tooSlow says who holds up what was received: a part of the program, or a server that does not acknowledge what that part or
// its answer waits for.
func (s *Session) tooSlow(held int) error {
	if err := s.linked().in.failure(); err != nil {
		return err // the reader would have waited, but for what the server might say of that
	}
	err := fmt.Errorf("%w (%d bytes); the handler or channel that holds them up was registered at %s", ErrSlowConsumer, held, s.slowest())
	if n := s.out.thirsty.Load(); n > 0 {
		err = fmt.Errorf("%w; the server leaves %d calls or answers without an acknowledgement (XEP-0198)", err, n)
	}
	return err
}

// settle is what the reader does before it waits for more bytes, and when it must not go on with those that it has.
func (s *Session) settle(l *link, w *watchdog) error {
	if err := s.handIn(); err != nil {
		return err
	}
	s.pause(l, w)
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
// else. One that can be an answer is the end of the call that waits for it: there won't be another.
func (s *Session) malformed(bad *stanza.MalformedError) error {
	s.opts.Logger.Warn("xmpp: malformed stanza skipped", "err", bad)
	if bad.Answers() {
		if err := s.handIn(); err != nil {
			return err
		}
		err := fmt.Errorf("xmpp: the answer from %q to the request %q can't be read: %w", bad.From, bad.ID, bad)
		s.calls.complete(bad.ID, bad.From, bad.To, s.JID(), outcome{err: err})
	}
	if iq := bad.Answer(); iq != nil {
		iq.From = s.speaker(iq.From)
		return s.out.iq(iq)
	}
	return nil
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
	s.calls.close(endedBy(cause))
	s.out.finish(atOnce, "", last, endedBy(cause))
	// RFC 6120 §4.4: who closes its stream waits for what the other side still has to say, and for its end. And why we end it
	// comes behind what somebody may be in the middle of writing.
	patience := lastWords
	if errors.Is(cause, ErrPeerClosed) {
		patience = s.opts.CloseTimeout
	}
	s.out.quiet(patience)
	if s.isClosing() && errors.Is(cause, ErrPeerClosed) {
		l.partTogether()
	} else {
		l.part()
	}
	s.end(cause)
}
