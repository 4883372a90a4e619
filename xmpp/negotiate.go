package xmpp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// A negotiation turns a connection into a link, step by step (RFC 6120 §4.3). It is used by one goroutine.
type negotiation struct {
	opts    *Options
	account jid.JID
	resume  *resumption // the stream to go on with; nil: bind a new one
	ours    func() error
	keep    bool      // somebody will resume the stream when its connection is lost
	addr    string    // for errors and the trace
	direct  bool      // TLS comes first
	dialled bool      // the connection is of our making
	judge   *verifier // see wanted

	link     *link
	features stream.Features
	secured  bool // TLS is in place (or came with the conn)
	unbound  bool // and no channel to bind to: RFC 5802 §6 has such a client say "n"
	authed   bool
	bound    bool
	shown    *shown // our certificate, in TLS of our making; nil: none, or somebody else's

	profile *profile             // of the login
	memory  *record[memory]      // what is known of earlier logins; nil: it was not looked up yet
	agent   string               // our id for the server
	pins    *pins                // likewise
	keys    *keyring             // likewise; nil: the next login has no use for them
	asked   *stream.Authenticate // what was asked for with the login; nil: the login is that of RFC 6120
	granted *stream.Token        // the token that came with success; nil: none

	guess    bool     // what is known of the server may be said before it has spoken: see offer
	guessing bool     // and was
	early    *attempt // the login that has begun so; nil: none
	ahead    []byte   // another request that is out already; nil: none
	id       string   // the id of that, if it is an IQ
	login    *offer   // what the server has offered for the login
}

// A stage is one feature to negotiate.
type stage struct {
	step Step
	due  func(n *negotiation) bool
	// run negotiates it and reports whether the stream begins anew afterwards (RFC 6120 §4.3.3).
	run func(n *negotiation, ctx context.Context) (restart bool, err error)
}

// stages are the mandatory ones in the order of RFC 6120 §13.3: TLS, SASL, resource binding; and what the program may do
// before SASL. The first that is due is taken; each runs at most once, whatever the server offers again.
var stages = []stage{
	{step: StepTLS, due: func(n *negotiation) bool { return !n.secured }, run: (*negotiation).startTLS},
	{step: StepAuth, due: func(n *negotiation) bool { return n.opts.BeforeLogin != nil }, run: (*negotiation).beforeLogin},
	{step: StepAuth, due: func(n *negotiation) bool { return !n.authed }, run: (*negotiation).authenticate},
	{step: StepBind, due: func(n *negotiation) bool { return !n.bound }, run: (*negotiation).bind},
}

// wanted is what a negotiation is for.
type wanted struct {
	account jid.JID
	resume  *resumption // nil: a new session
	// ours is asked before a stream is resumed or bound: an error says that another process has taken over. nil: none can.
	ours    func() error
	dialled bool      // the connection is of our making
	guess   bool      // a connection that comes to nothing by a guess can be made again
	keep    bool      // the stream will be resumed when its connection is lost
	judge   *verifier // has judged the certificate of the connection, which is a carrier; nil: its maker answers for it
	uri     string    // where the server has sent us last, for Options.Transport; "": nowhere
	left    func()    // told of each connection that is given up when <resume/> or a bind may be out on it; nil: nobody
}

// negotiate runs the negotiation over conn. It owns conn: on an error, a *DialError, conn is closed.
func negotiate(ctx context.Context, conn net.Conn, w wanted, o *Options, direct bool, addr string) (*link, error) {
	n := &negotiation{opts: o, account: w.account, resume: w.resume, ours: w.ours, keep: w.keep, guess: w.guess, dialled: w.dialled, judge: w.judge, addr: addr, direct: direct, link: newLink(conn, o, addr)}
	n.link.state.DirectTLS = direct
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	step, err := n.run(ctx)
	if !stop() && err == nil {
		step, err = StepBind, context.Cause(ctx)
	}
	if err != nil {
		if w.left != nil && n.mayBind(step) {
			w.left()
		}
		switch {
		case ctx.Err() != nil:
			err = context.Cause(ctx)
		case n.guessedWrong(err):
			err = n.regret(ctx, err)
		}
		n.link.part()
		return nil, &DialError{Step: step, Addr: addr, Err: err}
	}
	n.learn(ctx)
	n.link.in.deadline = time.Time{}
	_ = conn.SetDeadline(time.Time{})
	return n.link, nil
}

// mayBind reports whether the server may have been asked to resume or to bind when the negotiation ended at that step.
func (n *negotiation) mayBind(step Step) bool {
	return step == StepBind || n.authed && n.ahead != nil || n.asked != nil
}

// newLink stands on the bare connection.
func newLink(conn net.Conn, o *Options, addr string) *link {
	w := newWire(conn, o.DeadAfter)
	l := &link{wire: w, conn: w, in: &meter{conn: w, veil: veil{trace: o.Trace}}, state: ConnectionState{Addr: addr}, gone: make(chan struct{})}
	limits := xmltext.Limits{StanzaBytes: o.Limits.StanzaBytes, Depth: o.Limits.Depth, Attrs: o.Limits.Attributes, NameBytes: o.Limits.NameBytes}
	l.dec = xmltext.NewDecoder(l.in, limits)
	l.stanzas = stanza.NewDecoder(l.dec)
	return l
}

// run takes the stages until the stream is bound. It returns the step that failed.
func (n *negotiation) run(ctx context.Context) (Step, error) {
	if err := n.begin(ctx); err != nil {
		return StepTLS, err
	}
	if step, err := n.timed(StepStream, func() error { return n.open(ctx) }); err != nil {
		return step, n.strange(err)
	}
	todo := stages
	if n.opts.Role.IsComponent() {
		todo = componentStages
	}
	for i := range todo {
		s := &todo[i]
		if !s.due(n) {
			continue
		}
		restart := false
		step, err := n.timed(s.step, func() (err error) {
			restart, err = s.run(n, ctx)
			return err
		})
		if err != nil {
			n.giveUp(step, err)
			return step, err
		}
		if !restart {
			continue
		}
		if step, err := n.timed(StepStream, func() error { return n.open(ctx) }); err != nil {
			return step, err
		}
	}
	return "", nil
}

// strange marks the error of the first stream where the server may not speak XMPP in clear at this port.
func (n *negotiation) strange(err error) error {
	if n.secured || n.link.carried || n.link.state.StreamID != "" || n.opts.Role.IsComponent() {
		return err
	}
	var se *StreamError
	garbage := errors.As(err, &se) && se.Local && se.Condition != UnsupportedVersion && se.Condition != InvalidNamespace
	if garbage || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, ErrPeerSilent) {
		return &strangerError{err}
	}
	return err
}

// timed runs one step with its own deadline: a server may leave a complete request unanswered at any point.
func (n *negotiation) timed(step Step, f func() error) (Step, error) {
	start := time.Now()
	n.link.in.deadline = start.Add(n.opts.DeadAfter)
	err := explain(f())
	n.opts.Trace.step(step, n.addr, start, err)
	return step, err
}

// begin puts TLS in place where it comes before the stream, or finds that the caller has.
func (n *negotiation) begin(ctx context.Context) error {
	switch conn := n.link.wire.Conn.(type) {
	case tlsConn:
		n.link.state.DirectTLS = true
		_, err := n.timed(StepTLS, func() error { return n.adopt(ctx, conn) })
		return err
	case carrier:
		return n.carry(conn)
	case interface{ ConnectionState() tls.ConnectionState }: // whose maker has seen to it
		if cs := conn.ConnectionState(); cs.Version != 0 {
			n.secure(cs, cs.VerifiedChains)
			return nil
		}
	}
	if !n.direct {
		if n.opts.Role.IsComponent() {
			return n.mayBeInClear()
		}
		return nil
	}
	_, err := n.timed(StepTLS, func() error { return n.handshake(ctx) })
	return err
}

// open opens a stream and reads the server's header and features.
func (n *negotiation) open(ctx context.Context) error {
	l := n.link
	if l.dec.Depth() > 0 || l.dec.InputOffset() > 0 {
		l.dec.Reset(l.in)
	}
	more, traced, err := n.foresee(ctx)
	if err != nil {
		return err
	}
	n.guessing = len(more) > 0
	header := n.header().Append(nil)
	if err := n.writeSecret(append(header, more...), append(header[:len(header):len(header)], traced...)); err != nil {
		return err
	}
	got, err := n.readHeader()
	if err != nil {
		return n.protest(err)
	}
	if l.in.secret {
		n.opts.Trace.received(got.Append(nil))
	}
	if err := n.correlate(got.From); err != nil {
		return err
	}
	l.state.StreamID = got.ID
	l.stanzas.Lang = got.Lang // RFC 6120 §8.1.5: of stanzas that don't say
	if n.opts.Role.IsComponent() {
		return nil // XEP-0114 §3: there are no features
	}
	return n.readFeatures()
}

// header is how our stream begins.
func (n *negotiation) header() stream.Header {
	// RFC 6120 §4.7.2: 'to' is the domain of the account; XEP-0114 §3: of the component.
	h := stream.Header{To: n.account.Domain().String(), Lang: n.opts.Lang, Content: n.opts.Role.Content()}
	if n.opts.Role.IsComponent() {
		return h
	}
	h.Version = "1.0"
	if n.secured {
		// RFC 6120 §4.7.1: 'from' may tell who we are once that is protected; newer servers offer less without it.
		h.From = n.account.Bare().String()
	}
	return h
}

// readHeader reads how the server's stream begins.
func (n *negotiation) readHeader() (stream.Header, error) {
	if n.opts.Role.IsComponent() {
		return stream.ReadComponentHeader(n.link.dec)
	}
	return stream.ReadHeader(n.link.dec)
}

// correlate holds the 'from' of the server's header, if it has one, to the domain that the certificate is checked against.
//
// RFC 6120 §13.7.2, §6.4.6: where the two identities differ, the attempt should end. Before TLS nobody has an identity.
func (n *negotiation) correlate(from string) error {
	if from == "" || !n.secured {
		return nil
	}
	if j, err := jid.Parse(from); err != nil || j != n.account.Domain() {
		n.farewell(stream.Close)
		return fmt.Errorf("%w: its stream is from %q, in place of %q (RFC 6120 §13.7.2)", errUnexpected, from, n.account.Domain())
	}
	return nil
}

func (n *negotiation) readFeatures() error {
	tok, err := n.next()
	if err != nil {
		return err
	}
	if tok.Name != (xmltext.Name{Space: ns.Stream, Local: "features"}) {
		return unexpected(tok, "the stream features (RFC 6120 §4.3.2)")
	}
	n.features, err = n.parseFeatures()
	n.link.features = n.features
	return n.protest(err)
}

// next reads the start tag of the next child of the stream. A stream error or the end of the stream is an error, and is
// answered with our own end (RFC 6120 §4.4, §4.9.1.1).
func (n *negotiation) next() (*xmltext.Token, error) {
	tok, err := n.link.dec.ReadToken()
	if err != nil {
		return nil, n.protest(err)
	}
	if tok.Kind == xmltext.KindEnd {
		n.farewell(stream.Close)
		return nil, ErrPeerClosed
	}
	if tok.Name == (xmltext.Name{Space: ns.Stream, Local: "error"}) {
		e, err := stream.ReadError(n.link.dec)
		if err != nil {
			return nil, n.protest(err)
		}
		n.farewell(stream.Close)
		return nil, received(e)
	}
	return tok, nil
}

// unexpected says that tok stands where something else had to.
func unexpected(tok *xmltext.Token, want string) error {
	return fmt.Errorf("%w: it sent <%s xmlns=%q> in place of %s", errUnexpected, tok.Name.Local, tok.Name.Space, want)
}

// write sends b, which must hold nothing secret from the trace.
func (n *negotiation) write(b []byte) error {
	n.opts.Trace.sent(b)
	_, err := n.link.conn.Write(b)
	return err
}

// protest tells the server of XML or of a header that we can't take, and returns err.
func (n *negotiation) protest(err error) error {
	var syntax *xmltext.SyntaxError
	var broken *stream.Error
	switch {
	case errors.As(err, &syntax):
		broken = stream.SyntaxError(syntax)
	case !errors.As(err, &broken):
		return err
	}
	n.farewell(string(broken.Append(nil)) + stream.Close)
	e := received(broken)
	e.Local = true
	if syntax != nil {
		e.Text = syntax.Error()
	}
	return e
}

// giveUp ends the stream that err makes useless, in order: the server need not wait for us. One that has ended it itself
// is answered already. Where no answer to <resume/> comes, nothing is said: the end of the stream would be that of the
// one that we want to resume (XEP-0198 §7), when the server reads both, late or now.
func (n *negotiation) giveUp(step Step, err error) {
	var remote *StreamError
	unanswered := n.resume != nil && n.mayBind(step) && errors.Is(err, ErrPeerSilent)
	if !unanswered && !errors.As(err, &remote) && !errors.Is(err, ErrPeerClosed) {
		n.farewell(stream.Close)
	}
}

// farewell writes s without waiting for a server that does not read.
func (n *negotiation) farewell(s string) {
	n.link.wire.patience(atOnce)
	_ = n.write([]byte(s))
}

// explain puts words to the ends that a connection comes to.
func explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the server closed the connection: %w", io.ErrUnexpectedEOF)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ErrPeerSilent
	}
	return err
}
