package xmpp

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// A Session is one bound stream: an XMPP address that is online. It comes from Dial or NewSession and lasts until it is
// closed or its connection ends; a Client makes a new one then. Its methods may be called from several goroutines.
//
// A session has one goroutine, the reader. It completes requests that wait for an answer and puts all other stanzas into
// a bounded lane. While something is in the lane there is a second goroutine, the dispatcher, which hands the stanzas to
// handlers and channels in the order received. Senders write in their own goroutine. (A third one exists while the
// server does not take bytes and the sender whose bytes these are has given up waiting.)
type Session struct {
	opts    *Options
	out     *outbox
	intake  intake
	local   mux  // handlers of this session
	outer   *mux // handlers of the Client that owns it, or nil
	calls   *pending
	lane    *lane
	tray    []arrival                    // the reader's own: read and not yet in the lane, from one read of the socket
	atWork  atomic.Pointer[registration] // whom the dispatcher has given something to last
	begun   had                          // of the dispatcher: who has begun with the stanza in hand
	newest  uint64                       // likewise: the last of the registrations that it goes to
	here    uint64                       // of the dispatcher: the number of that stanza
	at      atomic.Uint64                // likewise, as of the last step
	had     atomic.Uint64                // begun of the session itself, as of then
	upTo    atomic.Uint64                // newest, as of then
	steps   atomic.Uint64                // how often it has given something to somebody; forsaken is set in it
	steward *steward                     // keeps the stream in the store; nil: it's not kept
	present atomic.Bool                  // we have told the server that we're available
	content string                       // the namespace of stanzas
	probeID string                       // of the reader: see isOwnProbe
	recent  *recent                      // of a Client: what was handed over; nil: nothing is remembered
	keeper  chan error                   // told when the stream is suspended, by the Client that will resume it; nil: nobody will

	attic      attic  // what capabilities keep with the session
	outerAttic *attic // and with the Client that owns it; nil: there is none

	life     context.Context         // ends once all was handed over, or with Close
	ctx      context.Context         // of the handlers; ends with life, or before that: see expire
	againCtx context.Context         // the same, for what another process may have handled
	cut      context.CancelCauseFunc // ends ctx
	replay   atomic.Bool             // what arrives now is of that kind
	cancel   context.CancelCauseFunc // ends life
	done     chan struct{}           // closed when the session has ended
	given    chan struct{}           // closed when nothing more may be handed over: Close was called
	handed   chan struct{}           // closed when all was handed over, or will not be
	balanced chan struct{}           // closed after the end, when what was not acknowledged has been given back
	after    <-chan struct{}         // what must have been handed over before: the Client's session before this one; nil: nothing
	ready    chan struct{}           // closed when the Client's capabilities have begun with it; nil: there is no Client

	mu        sync.Mutex       // protects what follows
	link      *link            // the present one; when suspended, the last one
	state     *ConnectionState // of the link that was bound or resumed last, and never changed
	stream    managed
	watch     *watchdog // of the present link; nil before its reader runs
	suspended bool
	settingUp bool // Options.Setup is at work: there is no reader yet
	err       error
	ended     bool
	closing   bool        // our </stream:stream> is out, or on its way
	detached  bool        // the stream is left to a successor
	leaving   bool        // the reader ends the session: what becomes of writes is no news
	finished  bool        // the lane was handed over
	fed       bool        // channels are closed, and new ones are closed at once
	hopeless  bool        // a handler does not return although its ctx has ended: nobody waits for it any more
	expiring  *time.Timer // see expire
	channels  map[*subscription]struct{}
}

// newSession wraps a negotiated link. The reader isn't running yet. outer and keeper are nil without a Client.
func newSession(l *link, o *Options, outer *mux, keeper chan error) *Session {
	s := &Session{
		opts: o, link: l, state: &l.state, outer: outer, calls: newPending(), lane: new(lane), keeper: keeper, content: o.Role.Content(),
		done: make(chan struct{}), given: make(chan struct{}), handed: make(chan struct{}), balanced: make(chan struct{}),
	}
	s.life, s.cancel = context.WithCancelCause(context.WithValue(context.Background(), sessionKey{}, s))
	s.ctx, s.cut = context.WithCancelCause(s.life)
	s.againCtx = context.WithValue(s.ctx, againKey{}, true)
	s.out = &outbox{link: l, content: s.content, self: s.asker(jid.JID{}), limit: o.Limits.SendBytes, trace: o.Trace, lastSent: time.Now(), fail: s.unwritable, moved: s.lane.wake, most: l.features.Limits.MaxBytes}
	return s
}

// start runs Setup and then the reader. Its error says that the program has closed the session in Setup.
func (s *Session) start() error {
	inline := s.manageInline()
	closed := s.setUp()
	go s.read(s.link)
	if closed { // the reader was lacking for an end in order
		_ = s.Close()
		return errClosedInSetup
	}
	if !inline {
		s.manage()
	}
	return nil
}

// setUp runs Setup and reports whether that has closed the session.
func (s *Session) setUp() (closed bool) {
	if s.opts.Setup == nil {
		return false
	}
	s.mu.Lock()
	s.settingUp = true
	s.mu.Unlock()
	s.opts.Setup(s)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settingUp = false
	return s.closing
}

// linked returns the present link; when the stream is suspended, the last one.
func (s *Session) linked() *link {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.link
}

// JID returns the full JID that the server has bound to this session (RFC 6120 §7).
func (s *Session) JID() jid.JID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.JID
}

// ConnectionState returns what was negotiated for this session; after a resumption, for its present connection.
func (s *Session) ConnectionState() ConnectionState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.state
}

// Features returns the names of the stream features that the server announced after authentication; none for a stream that
// another process has begun and that was resumed in the login, since then there are none.
func (s *Session) Features() Features { return featureNames(&s.linked().features) }

func featureNames(f *stream.Features) Features {
	names := make(Features, len(f.Names))
	for i, n := range f.Names {
		names[i] = xml.Name{Space: n.Space, Local: n.Local}
	}
	return names
}

// isReady reports whether the Client's capabilities have begun with the session.
func (s *Session) isReady() bool { return isClosed(s.ready) }

// hasEnded reports whether Done is closed.
func (s *Session) hasEnded() bool { return isClosed(s.done) }

// Done returns a channel that is closed when the session has ended; Err then says why.
func (s *Session) Done() <-chan struct{} { return s.done }

// Err returns why the session has ended: nil after Close or Shutdown by its own program, and while it has not ended. A
// *StreamError says that one side ended the stream with an error, ErrPeerClosed that the server closed it without one.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Handle registers h for the stanzas that match p; see Endpoint and Handler. The registration ends with remove or with
// the session.
func (s *Session) Handle(p Pattern, h Handler) (remove func()) { return s.local.handle(p, h) }

// Send writes st to the connection. It returns nil once the stanza's bytes have been written or have joined those that
// another sender is writing; that says nothing about their arrival. It waits while Limits.SendBytes are waiting, until
// ctx is done or the session ends. A stanza that cannot be XML (control characters, a payload that failed to marshal)
// is an error that harms nothing else, and so is one that is larger than the server takes, where it says how much that is
// (XEP-0478): that error is stanza.PolicyViolation. An error that is ErrUnknownDelivery says that the connection failed while st was
// written; on every other error, nothing of st was sent.
//
// st is not kept and not changed. A message or presence without an id is sent with none; an IQ needs one: use Do for
// requests.
func (s *Session) Send(ctx context.Context, st stanza.Stanza) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	return s.send(ctx, st, "", nil)
}

// send is Send with the id to use where the stanza has none, and with who is told when the server has it.
func (s *Session) send(ctx context.Context, st stanza.Stanza, id string, told *receipt) error {
	if p, ok := st.(*stanza.Presence); ok && p != nil && p.Type == stanza.Unavailable && p.To.IsZero() && (p.Show != stanza.Online || p.Priority != 0) {
		return errLeaving
	}
	if err := s.out.put(ctx, s.annotate(st), id, told); err != nil {
		return s.sendError(err)
	}
	s.announced(st)
	s.steward.touch()
	return nil
}

// sendError is what a call returns for err: the reason why the session ended, when it has.
func (s *Session) sendError(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.ended && !s.closing:
		return err
	case errors.Is(err, ErrUnknownDelivery):
		return fmt.Errorf("%w: %w", ErrUnknownDelivery, s.cause())
	}
	return s.cause()
}

// cause is the error of calls after the end. mu is held.
func (s *Session) cause() error {
	if s.err != nil {
		return endedBy(s.err)
	}
	return ErrClosed
}

func endedBy(err error) error { return fmt.Errorf("xmpp: the session has ended: %w", err) }

// Do sends the request iq, of type get or set, and returns the answer, which comes from the address that was asked and
// from nobody else (RFC 6120 §8.1.2.1). An answer of type error is returned together with its *stanza.Error:
// errors.Is(err, stanza.ItemNotFound) asks for a condition. Do waits until ctx is done or the session ends; an iq
// without an ID gets one that can't be guessed, in the copy that is sent.
//
// Do may be called in a handler. As long as a Do waits, the session reads on, so that its answer is found behind
// however many other stanzas, up to Limits.LaneHard.
func (s *Session) Do(ctx context.Context, iq *stanza.IQ) (*stanza.IQ, error) {
	return s.do(ctx, iq, nil)
}

// do is Do, with what is to be gathered before the answer; nil: nothing.
func (s *Session) do(ctx context.Context, iq *stanza.IQ, g *gathering) (*stanza.IQ, error) {
	if iq == nil {
		return nil, errors.New("xmpp: Do with a nil iq")
	}
	if !iq.IsRequest() {
		return nil, fmt.Errorf("xmpp: Do sends requests, of type get or set; this iq has the type %q: use Send", iq.Type)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	id := iq.ID
	if id == "" {
		id = stanza.NewID()
	}
	c, err := s.calls.add(id, iq.To, s.asker(iq.From), g)
	if err != nil {
		return nil, err
	}
	defer s.calls.remove(id)
	if g != nil {
		s.calls.gathering.Add(1)
		defer s.calls.gathering.Add(-1)
	}
	s.lane.wake()
	if err := s.send(ctx, iq, id, nil); err != nil {
		return nil, err
	}
	select {
	case got := <-c.reply:
		return got.answer()
	case <-ctx.Done():
		return nil, fmt.Errorf("xmpp: no answer from %q to the request %q: %w", iq.To, id, context.Cause(ctx))
	case <-s.calls.ended:
	}
	select { // the answer may have come together with the end
	case got := <-c.reply:
		return got.answer()
	default:
		return nil, s.calls.err
	}
}

// unwritable is told that a write to l has failed. The server may have said why before it closed the connection, and
// that is still to be read: a conflict must not look like a network that went away. So the reader ends the session.
func (s *Session) unwritable(l *link, err error) {
	if errors.Is(err, ErrPeerSilent) {
		s.lost(l, err)
		return
	}
	l.in.hurry(err)
	s.lane.wake()
}

// lost suspends the stream after the connection l has failed, if somebody will resume it, and else ends the session.
func (s *Session) lost(l *link, err error) {
	if !errors.Is(err, ErrPeerSilent) {
		err = fmt.Errorf("xmpp: connection lost: %w", err)
	}
	if !s.suspend(l, err) {
		s.end(s.verdict(err))
	}
}

// replaced tells a session that another process has taken over from one that was lost: a conflict, or an end of the stream
// without a word, is what the server makes of it when a successor resumes. It must be known before anything is given back.
func (s *Session) replaced(err error) error {
	if err == nil || s.steward == nil || errors.Is(err, ErrTakenOver) || s.hasEnded() || s.isClosing() {
		return err
	}
	if errors.Is(s.steward.look(), ErrTakenOver) {
		return fmt.Errorf("%w: %w", ErrTakenOver, err)
	}
	return err
}

// end makes err the session's end, if it has none yet: pending calls return, senders fail, the connection is cut, and
// once the lane has been handed over the channels close.
func (s *Session) end(err error) {
	err = s.replaced(err)
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return
	}
	s.ended = true
	orderly := s.closing && errors.Is(err, ErrPeerClosed)
	if s.closing && !errors.Is(err, ErrSlowConsumer) {
		err = nil // RFC 6120 §4.4: what happens after our own </stream:stream> is no failure
	}
	s.err = err
	cause, l := s.cause(), s.link
	s.mu.Unlock()
	s.calls.close(cause)
	s.out.close(cause)
	l.wire.Conn.Close()
	close(s.done)
	s.writeOff(cause, orderly)
	close(s.balanced)
	s.lane.wake()
	if s.lane.claim() {
		go s.dispatch()
	}
	if s.outer == nil { // a Client gives its handlers the time until its next session has something for them
		s.expire()
	}
	if err != nil {
		s.opts.Logger.Info("xmpp: session ended", "jid", s.JID(), "err", err)
	}
}

// Close ends the session in order (RFC 6120 §4.4): it sends unavailable presence where we were available (RFC 6121 §4.5.1; to
// give a reason, send one with a Status before) and </stream:stream>, waits up to Options.CloseTimeout for the
// server to do the same, and closes the connection. What was received and not yet taken by a handler or from a channel
// is not handed over any more; use Shutdown to have it finished first. Close may be called several times, from several
// goroutines, and in a handler; it returns nil when the server closed its side too and Err's error when the session had
// ended with one before. In Options.Setup it returns at once; Dial then waits for the server, and fails.
func (s *Session) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.opts.CloseTimeout)
	defer cancel()
	s.stopHanding()
	return s.close(ctx)
}

// Shutdown ends the session in order after what has been received was handed over: it waits until the lane is empty,
// then closes the stream as Close does. When ctx is done first, the connection is closed as it is and ctx's error is
// returned. For a handler of a lost session that does not return it waits no longer than the session's channels do (see
// Handler), for a channel that is not read as long as ctx lasts. Do not call it in a handler: it would wait for itself.
func (s *Session) Shutdown(ctx context.Context) error {
	for {
		held, news := s.lane.held()
		if held == 0 || s.isForsaken() {
			ctx, cancel := context.WithTimeout(ctx, s.opts.CloseTimeout)
			defer cancel()
			s.stopHanding()
			return s.close(ctx)
		}
		select {
		case <-ctx.Done():
			s.stopHanding()
			s.shut()
			return context.Cause(ctx)
		case <-news:
		}
	}
}

// stopHanding makes the dispatcher drop what it still has, and tells a running handler so.
func (s *Session) stopHanding() {
	s.mu.Lock()
	select {
	case <-s.given:
	default:
		close(s.given)
	}
	s.mu.Unlock()
	s.closeChannels() // nothing more comes through them, whatever a handler is still at
	s.cancel(ErrClosed)
	s.lane.wake()
}

// close runs the closing handshake within ctx.
func (s *Session) close(ctx context.Context) error {
	s.mu.Lock()
	first := !s.closing && !s.ended
	s.closing = true
	l, suspended, early := s.link, s.suspended, s.settingUp
	s.mu.Unlock()
	s.lane.wake()
	switch {
	case first && suspended:
		s.end(nil)
	case first:
		s.calls.close(ErrClosed)
		s.out.acknowledge(s.intake.ack)
		s.out.finish(ctx.Done(), s.goodbye(), stream.Close, ErrClosed)
	}
	if early {
		return s.Err() // start waits for the server
	}
	select {
	case <-l.gone:
	case <-ctx.Done():
		s.shut()
		<-l.gone
	}
	return s.Err()
}

// shut ends the session at once.
func (s *Session) shut() {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	s.end(nil)
}
