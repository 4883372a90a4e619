package xmpp

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/stanza"
)

// ErrUnknownDelivery is returned by Deliver when it can't be known whether the server took a stanza: it was sent, and
// what happened then is lost with the session. It also comes with such stanzas to Options.Undelivered.
var ErrUnknownDelivery = errors.New("xmpp: it is not known whether the server took the stanza")

var (
	errNoManagement = errors.New("xmpp: the server offers no stream management (XEP-0198), so nobody says what it took; use Send")
	errNotResumed   = errors.New("xmpp: the server did not resume the stream")
	errNoProgress   = errors.New("xmpp: the stream was resumed several times and nothing came of it")
)

// maxStalls is how many times in a row a stream is resumed and the server then silent. Prosody 0.12 and 13 go on parsing
// from the half stanza where the last connection was cut, and may take all that follows for its text.
const maxStalls = 3

// managed is what is known of a stream under stream management (XEP-0198).
type managed struct {
	id        string // the SM-ID
	location  string // where the server wants the next connection
	max       uint32 // for how many seconds the server keeps the stream; 0: it did not say
	resumable bool
	inherited bool // another process began it, and nothing has been resumed here yet
	silent    bool // it was resumed, and the server has not acknowledged anything since
	stalls    int  // how many times in a row that ended in silence
}

// manage asks for stream management where it's offered (XEP-0198 §3). Stanzas count from the moment of asking; the
// answer is the reader's.
func (s *Session) manage() {
	if !s.link.features.StreamManagement {
		s.unsaved()
		return
	}
	o := s.out
	o.mu.Lock()
	o.ledger = newLedger(&o.asked)
	o.rawLocked(stream.Enable{Resume: s.keeper != nil}.Append(nil))
}

// manageInline begins stream management that was asked for with the binding (XEP-0198 §9.1), and reports whether it was. Both
// counts begin with the login: that's before anything is sent or read.
func (s *Session) manageInline() bool {
	m := s.link.managed
	switch {
	case m == nil:
		return false
	case m.Enabled != nil:
		s.out.mu.Lock()
		s.out.ledger = newLedger(&s.out.asked)
		s.out.mu.Unlock()
		s.enabled(*m.Enabled)
	case m.Refused != nil:
		s.unmanaged(m.Refused)
	default:
		return false // the server has overlooked it
	}
	return true
}

// readManagement acts on an element of XEP-0198.
func (s *Session) readManagement(l *link, tok *xmltext.Token) error {
	switch tok.Name.Local {
	case "r":
		if err := l.dec.SkipElement(); err != nil {
			return err
		}
		s.intake.asked()
		s.acknowledge() // XEP-0198 §4: an answer must not be withheld
		return nil
	case "a":
		h, err := stream.ReadAck(l.dec, tok)
		if err != nil {
			return err
		}
		l.in.watch.answered()
		return s.acknowledged(h)
	case "enabled":
		e, err := stream.ReadEnabled(l.dec, tok)
		if err != nil {
			return err
		}
		s.enabled(e)
		return nil
	case "failed":
		f, err := stream.ReadFailed(l.dec, tok)
		if err != nil {
			return err
		}
		s.unmanaged(f)
		return nil
	}
	return l.dec.SkipElement()
}

// enabled begins to count what arrives (XEP-0198 §4).
func (s *Session) enabled(e stream.Enabled) {
	s.intake.begin()
	s.mu.Lock()
	s.stream = managed{id: e.ID, location: e.Location, max: e.Max, resumable: e.Resumable()}
	resumable := s.stream.resumable
	s.mu.Unlock()
	if !resumable {
		s.unsaved()
		return
	}
	s.steward.attach(s)
	s.steward.touch()
}

// unsaved goes on with a stream that nobody could resume: there is nothing to save, and an <a/> waits for no save. What the store
// has is of the stream before, which has given back what it had open: the next process must not do so once more.
func (s *Session) unsaved() {
	if s.steward == nil {
		return
	}
	s.steward.attach(nil)
	s.steward.discard()
}

// acknowledge writes <a/> for what is handled; where the state is kept in a store, once it's there.
func (s *Session) acknowledge() {
	if s.steward.acknowledge() {
		return
	}
	s.out.acknowledge(s.intake.ack)
}

// takenOver ends the session after another process has gone on with its stream.
func (s *Session) takenOver() {
	s.stopHanding()
	s.end(ErrTakenOver)
}

// unmanaged goes on without: the server refused after all.
func (s *Session) unmanaged(f *stream.Failed) {
	s.opts.Logger.Warn("xmpp: no stream management", "err", f)
	s.unsaved()
	o := s.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if g := o.ledger; g != nil {
		o.ledger = nil
		for _, k := range g.queue.Unacked() {
			k.told.settle(fmt.Errorf("%w: %w", ErrUnknownDelivery, f))
		}
	}
	o.makeRoom()
}

// acknowledged takes the server's h.
func (s *Session) acknowledged(h uint32) error {
	s.progress()
	o := s.out
	o.mu.Lock()
	if o.ledger == nil {
		o.mu.Unlock()
		return nil
	}
	if err := o.ledger.acknowledged(h); err != nil {
		o.mu.Unlock()
		return err
	}
	o.again.Store(o.ledger.again())
	o.makeRoom()
	if o.busy {
		o.mu.Unlock()
		return nil // whoever writes asks, too
	}
	o.rawLocked(o.ledger.request(nil, o.lastSent, false))
	return nil
}

// progress notes that the server has handled something: it can go on with the stream.
func (s *Session) progress() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stream.stalls, s.stream.silent = 0, false
}

// suspend keeps the session although its connection l is lost, and tells the keeper. It reports false when the session
// must end.
func (s *Session) suspend(l *link, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l != s.link || s.suspended || s.ended || s.leaving || s.detached {
		return true // another connection has taken over, or it's known already, or detach is at it
	}
	if errors.Is(err, ErrPeerSilent) && s.stream.silent {
		s.stream.stalls++
	}
	if s.keeper == nil || s.closing || !s.stream.resumable || s.stream.stalls >= maxStalls {
		return false
	}
	s.suspended = true
	s.out.detach()
	l.wire.Conn.Close()
	s.lane.wake() // the reader may pause
	s.keeper <- err
	return true
}

// verdict is what a session ends with that is not suspended after err.
func (s *Session) verdict(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keeper != nil && s.stream.stalls >= maxStalls {
		return fmt.Errorf("%w: %w", errNoProgress, err)
	}
	return err
}

// A resumption is what a new connection needs to go on with the stream of an old one.
type resumption struct {
	stream.Resumption
	state    ConnectionState
	features stream.Features // of the stream, not of a connection; zero for one that another process has begun
	location string
}

// resumption returns it for a suspended session. The old connection must have been read to its end, which this waits for.
func (s *Session) resumption() *resumption {
	l := s.linked()
	<-l.gone
	h := s.intake.resume()
	s.mu.Lock()
	defer s.mu.Unlock()
	return &resumption{
		Resumption: stream.Resumption{H: h, PrevID: s.stream.id},
		state:      *s.state,
		features:   l.features,
		location:   s.stream.location,
	}
}

// attach goes on with the stream on the link l, whose server has handled h of our stanzas: what lacks is sent again, in
// its order, before anything new (XEP-0198 §5).
func (s *Session) attach(l *link, h uint32) error {
	s.mu.Lock()
	if s.ended || s.closing {
		s.mu.Unlock()
		l.wire.Conn.Close()
		return ErrClosed
	}
	s.link, s.state, s.suspended = l, &l.state, false
	s.stream.silent = true
	if s.out.acknowledgedLess(h) { // something came of the connection before
		s.stream.stalls = 0
	}
	inherited := s.stream.inherited
	s.stream.inherited = false
	s.mu.Unlock()
	o := s.out
	o.mu.Lock()
	if o.ledger == nil { // the session has ended at this very moment
		o.mu.Unlock()
		close(l.gone)
		l.wire.Conn.Close()
		return ErrClosed
	}
	o.link, o.most = l, l.features.Limits.MaxBytes
	err := o.ledger.resumed(h, inherited)
	if o.dying = err != nil; err != nil { // XEP-0198 §6: the server claims what it can't have handled
		o.mu.Unlock()
		close(l.gone) // nothing of what it says on such a stream is of use
		s.stopReading(l, err)
		return cmp.Or(s.Err(), ErrClosed)
	}
	o.fresh()
	for _, k := range o.ledger.queue.Unacked() {
		before := len(o.buf.b)
		o.buf.b = append(o.buf.b, k.xml...)
		o.hide(before)
	}
	o.makeRoom()
	s.steward.attach(s)
	if inherited {
		s.replay.Store(true)
	}
	ask := o.ledger.request(nil, o.lastSent, true) // before the reader looks what it waits for
	go s.read(l)
	o.rawLocked(ask)
	if inherited {
		go s.endReplay()
	}
	return nil
}

// endReplay finds the end of what the server sends again: its answer to a ping comes behind that.
func (s *Session) endReplay() {
	_, _ = s.Do(s.ctx, &stanza.IQ{Type: stanza.Get, To: s.JID().Domain(), Payload: pingPayload}) // an error is an answer, too
	s.replay.Store(false)
}

// streamID returns the SM-ID (XEP-0198 §3).
func (s *Session) streamID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stream.id
}

// isInherited reports whether another process began the stream, and nothing has been resumed here yet.
func (s *Session) isInherited() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stream.inherited
}

// giveUp ends a suspended session that was not resumed; h is what the server had handled, if it said so.
func (s *Session) giveUp(h uint32, known bool, why error) {
	if known {
		inherited := s.isInherited()
		s.out.mu.Lock()
		if err := s.out.ledger.resumed(h, inherited); err != nil {
			s.opts.Logger.Warn("xmpp: the server's count of what it handled is wrong", "err", err)
		}
		s.out.mu.Unlock()
	}
	s.end(why)
}

// writeOff hands what was sent and not acknowledged back to the program: as the error of Deliver, or to
// Options.Undelivered. After an orderly end the server has read all, and only a Deliver still wants to know.
func (s *Session) writeOff(cause error, orderly bool) {
	o := s.out
	o.mu.Lock()
	g := o.ledger
	o.ledger = nil
	o.mu.Unlock()
	if g == nil {
		return
	}
	theirs := uint64(0) // a successor sends these
	if errors.Is(cause, ErrTakenOver) || s.isDetached() {
		theirs = s.steward.stored(s.streamID())
	}
	cause = fmt.Errorf("%w: %w", ErrUnknownDelivery, cause)
	for number, k := range g.queue.Unacked() {
		switch {
		case k.told != nil:
			k.told.settle(cause)
		case !orderly && number > theirs:
			s.undelivered(k, cause)
		}
	}
}

// undelivered gives one stanza back.
func (s *Session) undelivered(k kept, cause error) {
	st, err := readBack(k.xml)
	if err != nil {
		s.opts.Logger.Error("xmpp: a stanza of our own can't be read back", "err", err)
		return
	}
	if s.opts.Undelivered == nil {
		s.opts.Logger.Warn("xmpp: delivery unknown", "stanza", st.Kind(), "to", st.Header().To, "id", st.Header().ID, "err", cause)
		return
	}
	s.opts.Undelivered(st, cause)
}

// readBack decodes a stanza as it was written to a stream.
func readBack(xml []byte) (stanza.Stanza, error) {
	root := strings.NewReader("<stream xmlns='" + ns.Client + "'>")
	d := xmltext.NewDecoder(io.MultiReader(root, bytes.NewReader(xml)), xmltext.Limits{StanzaBytes: len(xml) + 64})
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	tok, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	return stanza.NewDecoder(d).Decode(tok)
}

// Deliver sends st and returns nil once the server has taken responsibility for it, which it says with stream management
// (XEP-0198). An error that is ErrUnknownDelivery says that this can't be known, because the session or ctx ended before
// the server spoke: the stanza may have arrived or not. With any other error it was not sent. Deliver fails at once where
// the server offers no stream management. Several Delivers may wait at the same time; each costs no round trip of its own.
func (s *Session) Deliver(ctx context.Context, st stanza.Stanza) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	told := &receipt{done: make(chan struct{})}
	s.out.thirst(1)
	defer s.out.thirst(-1)
	if err := s.send(ctx, st, "", told); err != nil {
		return err
	}
	select {
	case <-told.done:
		return told.err
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrUnknownDelivery, context.Cause(ctx))
	}
}
