package xmpp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"syscall"

	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/stanza"
)

// An offer is what a server has offered for a login, kept for the next one. XEP-0388 §2.1: it should be the same then. So what
// will be asked for can follow the stream header at once, without a flight for the features. They come all the same, and decide:
// what they contradict is given up, and asked for again on a new connection that waits for them.
//
// Nothing goes out on a guess that could be of use to anybody but the server of the last time: the request for TLS, hashed
// tokens, the first message of SCRAM, which has a name and a nonce, and the binding. Never a password.
type offer struct {
	Secured         bool          `json:"secured"` // inside TLS
	SASL2           *stream.SASL2 `json:"sasl2,omitempty"`
	Mechanisms      []string      `json:"mechanisms,omitempty"`
	ChannelBindings []string      `json:"bindings"`             // null: it does not say
	Management      bool          `json:"management,omitempty"` // of streams, after the login
	Patient         bool          `json:"patient,omitempty"`    // the server was seen not to answer what comes before it has spoken
}

// errGuess marks the end of a connection on which something was said too early: it says nothing of the server.
var errGuess = errors.New("the server did not take what it was told before it had spoken")

func (n *negotiation) offered() *offer {
	f := &n.features
	return &offer{Secured: n.secured, SASL2: f.SASL2, Mechanisms: f.Mechanisms, ChannelBindings: f.ChannelBindings}
}

// same reports whether two offers lead to the same login.
func (o *offer) same(other *offer) bool {
	a, b := *o, *other
	a.Management, a.Patient, b.Management, b.Patient = false, false, false, false
	return reflect.DeepEqual(a, b)
}

// foresee returns what will be said behind the header of the next stream if the server is as it was, and the same for the
// trace; nothing where that's not known.
func (n *negotiation) foresee(ctx context.Context) (out, traced []byte, err error) {
	if !n.guess {
		return nil, nil, nil
	}
	n.recall(ctx)
	o := n.memory.value.Offer
	switch {
	case o == nil || o.Patient:
	case !n.secured && o.Secured:
		n.ahead = []byte(startTLSRequest)
	case !n.authed && n.secured == o.Secured:
		return n.authenticateEarly(ctx, o)
	case n.authed && !n.bound:
		err = n.bindEarly(o)
	}
	return n.ahead, n.ahead, err
}

// authenticateEarly begins the exchange that the offer o leads to, if its first message tells nobody anything.
func (n *negotiation) authenticateEarly(ctx context.Context, o *offer) (out, traced []byte, err error) {
	n.features = stream.Features{SASL2: o.SASL2, Mechanisms: o.Mechanisms, ChannelBindings: o.ChannelBindings}
	defer func() { n.features = stream.Features{} }()
	attempts := n.attempts()
	if len(attempts) == 0 || attempts[0].token == nil && !isSCRAM(attempts[0].mech.Name()) {
		return nil, nil, nil
	}
	a := attempts[0]
	if n.start(ctx, a) != nil { // it fails again in its turn, and is reported
		return nil, nil, nil
	}
	if err := n.stillOurs(); err != nil {
		return nil, nil, err
	}
	if out, traced, err = n.profile.begin(n, a); err != nil {
		return nil, nil, err
	}
	n.early, a.profile, a.offer = a, n.profile, o
	n.link.in.secret = true
	return out, traced, nil
}

// bindEarly asks for the old stream or a new resource behind the header that follows a login of RFC 6120.
func (n *negotiation) bindEarly(o *offer) (err error) {
	if n.ours != nil {
		if err := n.ours(); err != nil {
			return err
		}
	}
	switch {
	case n.resume == nil:
		n.ahead, n.id, err = n.request(bindRequest{Resource: n.account.Resourcepart()}, stanza.NewID())
	case o.Management:
		n.ahead, err = n.resume.AppendResume(nil)
	}
	return err
}

// request encodes an IQ of type set.
func (n *negotiation) request(payload any, id string) ([]byte, string, error) {
	b, err := appendClient(nil, &stanza.IQ{Type: stanza.Set, ID: id, Payload: stanza.Payload(payload)})
	return b, id, err
}

// send writes a request, unless it's out already. That another one is out is a guess that was wrong.
func (n *negotiation) send(b []byte) error {
	switch {
	case n.ahead == nil:
		return n.write(b)
	case string(n.ahead) != string(b):
		return errGuess
	}
	n.ahead = nil
	return nil
}

// confirm holds an exchange that has begun early to the features that have come meanwhile. A token's does not depend on them;
// SCRAM decides by what is offered, and what is offered is under its proof (XEP-0474).
func (n *negotiation) confirm(a *attempt) error {
	now := n.offered()
	if a.profile.space != n.profile.space || a.token == nil && !a.offer.same(now) {
		return errGuess
	}
	return nil
}

// guessedWrong reports whether err, with which the negotiation has ended, may be the answer to what was said too early.
func (n *negotiation) guessedWrong(err error) bool {
	var remote *StreamError
	switch {
	case !n.guessing:
		return false
	case errors.As(err, &remote):
		return !remote.Local && remote.Condition != SeeOtherHost
	}
	if errors.Is(err, errUnexpected) {
		return !n.authed || n.ahead != nil // once the features have come, what is wrong with the answer of a binding is wrong with the server
	}
	return errors.Is(err, errGuess) || errors.Is(err, errTLSRefused) || errors.Is(err, ErrPeerSilent) || errors.Is(err, ErrPeerClosed) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}

// learn keeps what the server has offered for the next login.
func (n *negotiation) learn(ctx context.Context) {
	if !n.opts.remembers || n.login == nil {
		return
	}
	err := n.memory.update(ctx, func(m *memory) bool {
		now := *n.login
		now.Management = n.features.StreamManagement
		if m.Offer != nil && n.link.resumed != nil { // no features have come to tell
			now.Management = m.Offer.Management
		}
		if m.Offer != nil && (m.Offer.Patient || reflect.DeepEqual(*m.Offer, now)) {
			return false
		}
		m.Offer = &now
		return true
	})
	if err != nil {
		n.opts.Logger.Error("xmpp: what the server offers can't be remembered", "err", err)
	}
}

// regret forgets the offer that has led astray. It returns err, marked so that the caller tries again without a guess.
func (n *negotiation) regret(ctx context.Context, err error) error {
	var remote *StreamError
	patient := errors.Is(err, ErrPeerSilent) || errors.Is(err, errTLSRefused) || errors.As(err, &remote)
	failed := n.memory.update(ctx, func(m *memory) bool {
		if m.Offer == nil {
			return false
		}
		m.Offer = nil
		if patient {
			m.Offer = &offer{Patient: true}
		}
		return true
	})
	if failed != nil {
		n.opts.Logger.Error("xmpp: what the server offered last time can't be forgotten", "err", failed)
	}
	return fmt.Errorf("%w: %w", errGuess, err)
}

// parseFeatures reads the features whose start tag was just read. In the middle of a login, the trace gets them from here.
func (n *negotiation) parseFeatures() (stream.Features, error) {
	if !n.link.in.secret {
		return stream.ReadFeatures(n.link.dec)
	}
	raw, err := n.link.dec.ReadElement()
	if err != nil {
		return stream.Features{}, err
	}
	n.opts.Trace.received(raw)
	d := xmltext.NewBytesDecoder(raw, xmltext.Limits{StanzaBytes: len(raw) + 1})
	if _, err := d.ReadToken(); err != nil {
		return stream.Features{}, err
	}
	return stream.ReadFeatures(d)
}
