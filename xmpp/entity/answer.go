package entity

import (
	"context"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/disco"
)

// Options say what Answer tells of us. What is nil is not told, as if we did not know the protocol.
type Options struct {
	// Software is what we are (XEP-0092). The operating system is told only where it stands in it. It's copied.
	Software *Software
	// Location is where our local time is told for (XEP-0202). With time.UTC others learn no more than what our clock says.
	Location *time.Location
	// LastActive returns when a person last did something here (XEP-0012 §4), such as presence.Keeper.LastActive does; of a
	// component, when it was started. It's called for each request, and must not block.
	LastActive func() time.Time
	// Trusted reports whether somebody may know that we're online, as roster.Roster.SeesUs does; the others get no answer to
	// anything, pings included. Our own account and our server are not asked about. Rooms and their occupants ask from
	// addresses of the room. Nil: everybody may, but the last activity is for our own account alone. It must not block.
	Trusted func(who jid.JID) bool
}

// answers is what answers for one endpoint.
type answers struct {
	e xmpp.Endpoint
	o Options
}

// Answer has requests answered from now on, as o says, until remove is called; nil answers pings alone. A second one before
// that panics, as does one beside a handler of the program's own for one of these requests.
func Answer(e xmpp.Endpoint, o *Options) (remove func()) {
	a := &answers{e: e}
	if o != nil {
		a.o = *o
	}
	undo := []func(){xmpp.OnGet(e, a.answerPing)}
	features := []string{ns.Ping}
	if a.o.Software != nil {
		undo, features = append(undo, xmpp.OnGet(e, a.answerSoftware(*a.o.Software))), append(features, ns.Version)
	}
	if a.o.Location != nil {
		undo, features = append(undo, xmpp.OnGet(e, a.answerTime)), append(features, ns.Time)
	}
	if a.o.LastActive != nil {
		undo, features = append(undo, xmpp.OnGet(e, a.answerLast)), append(features, ns.LastActivity)
	}
	undo = append(undo, disco.Of(e).Declare(features...))
	return func() {
		for _, f := range undo {
			f()
		}
	}
}

// trusts reports whether who may know that we are there.
func (a *answers) trusts(who jid.JID) bool {
	return a.o.Trusted == nil || a.isOurs(who) || a.o.Trusted(who)
}

// isOurs reports whether who is our own account, or our server: they know.
func (a *answers) isOurs(who jid.JID) bool {
	own := a.e.JID()
	return who.IsZero() || who.Bare() == own.Bare() || who == own.Domain()
}

func (a *answers) answerPing(_ context.Context, iq *stanza.IQ, _ ping) (any, error) {
	if !a.trusts(iq.From) {
		return nil, stanza.ServiceUnavailable // XEP-0199 §7: just what the server says where nobody is
	}
	return nil, nil
}

func (a *answers) answerSoftware(s Software) func(context.Context, *stanza.IQ, softwareQuery) (any, error) {
	return func(_ context.Context, iq *stanza.IQ, _ softwareQuery) (any, error) {
		if !a.trusts(iq.From) {
			return nil, stanza.ServiceUnavailable
		}
		return s, nil
	}
}

func (a *answers) answerTime(_ context.Context, iq *stanza.IQ, _ clock) (any, error) {
	if !a.trusts(iq.From) {
		return nil, stanza.ServiceUnavailable
	}
	return clockAt(time.Now().In(a.o.Location)), nil
}
