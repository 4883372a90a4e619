package xmpp

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/canto-im/canto/stanza"
)

// A Pattern says which stanzas a Handler gets. Empty fields match anything.
type Pattern struct {
	Kind  string // "message", "presence" or "iq"
	Type  string // the type attribute; an absent one is "normal" for a message and "" (which can't be asked for) for presence
	Space string // namespace of a payload: a child element that is none of the stanza's own
	Local string // local name of that payload
}

// String returns the pattern in a form that is good for messages.
func (p Pattern) String() string {
	return fmt.Sprintf("{kind %q type %q payload %q %q}", p.Kind, p.Type, p.Space, p.Local)
}

// matches reports whether st fits the pattern.
func (p Pattern) matches(st stanza.Stanza) bool {
	var kind, typ string
	switch st := st.(type) {
	case *stanza.Message:
		kind, typ = stanza.KindMessage, cmp.Or(string(st.Type), string(stanza.Normal))
	case *stanza.Presence:
		kind, typ = stanza.KindPresence, string(st.Type)
	case *stanza.IQ:
		return p.matchesAttributes(stanza.KindIQ, string(st.Type)) && p.matchesPayload(st.Payload)
	}
	return p.matchesAttributes(kind, typ) &&
		(p.Space == "" && p.Local == "" || slices.ContainsFunc(st.Elements(), p.matchesPayload))
}

func (p Pattern) matchesAttributes(kind, typ string) bool {
	return (p.Kind == "" || p.Kind == kind) && (p.Type == "" || p.Type == typ)
}

func (p Pattern) matchesPayload(e stanza.Element) bool {
	name := e.Name()
	return (p.Space == "" || p.Space == name.Space) && (p.Local == "" || p.Local == name.Local)
}

// weight orders patterns that match the same request: a payload says more than a type, a type more than a kind. Two
// different patterns of the same weight never match the same request.
func (p Pattern) weight() int {
	w := 0
	for i, field := range []string{p.Kind, p.Type, p.Space, p.Local} {
		if field != "" {
			w |= 1 << i
		}
	}
	return w
}

// A Handler gets the stanzas that match the Pattern it was registered with, one after the other, in the order in which
// they were received.
//
// For an IQ request (type get or set) what it returns is the answer (RFC 6120 §8.2.3): a payload (anything that
// encoding/xml can marshal, a stanza.Element, or nil for an empty result), or an error: a *stanza.Error or a
// stanza.Condition is sent as it is; any other error is logged and answered with internal-server-error, its text is not
// sent. For messages and presence the reply is ignored and an error is logged.
//
// ctx ends when the session is closed. When the session is lost, what it had received is still handed over, and ctx ends for a
// handler that takes more than Options.CloseTimeout then (on a Client: after the next session has begun or Run has returned, so
// that a handler can wait for the next session in Client.Send), and for all that come after it. One that does not return in
// the same time again is not waited for by the channels of the lost session, and a channel that is not read as long by nobody. A handler may call anything of the session, Do
// included; while it runs, no other handler of the same session does. A panic is logged and harms nobody else.
type Handler interface {
	HandleStanza(ctx context.Context, st stanza.Stanza) (reply any, err error)
}

// HandlerFunc lets a function be a Handler.
type HandlerFunc func(ctx context.Context, st stanza.Stanza) (any, error)

// HandleStanza calls f.
func (f HandlerFunc) HandleStanza(ctx context.Context, st stanza.Stanza) (any, error) {
	return f(ctx, st)
}

// A registration is one handler in a mux. Its address is its identity.
type registration struct {
	Pattern
	Handler
	number uint64 // they are counted in their mux, from 1
	site   string // where it was registered
}

// A mux holds handlers in the order of their registration. Readers take a snapshot and run without its lock.
type mux struct {
	mu   sync.Mutex
	regs []*registration // replaced, never changed in place; in the order of their numbers
	made uint64          // how many there have been
}

// snapshot returns the handlers; the slice must not be changed.
func (m *mux) snapshot() []*registration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.regs
}

// answers reports whether handlers of p may be asked for the answer to a request. There can be one for each pattern.
func (p Pattern) answers() bool {
	return (p.Kind == "" || p.Kind == "iq") && (p.Type == "" || p.Type == string(stanza.Get) || p.Type == string(stanza.Set))
}

// handle registers h. A second handler for the same requests is a bug of the program: it panics and names both places.
func (m *mux) handle(p Pattern, h Handler) (remove func()) {
	if h == nil {
		panic("xmpp: Handle with a nil Handler")
	}
	r := &registration{Pattern: p, Handler: h, site: callSite()}
	m.mu.Lock()
	defer m.mu.Unlock()
	if p.answers() {
		for _, old := range m.regs {
			if old.Pattern == p {
				panic(fmt.Sprintf("xmpp: a second handler for %v: registered at %s, before at %s", p, r.site, old.site))
			}
		}
	}
	m.made++
	r.number = m.made
	m.regs = append(slices.Clip(m.regs), r)
	return func() { m.remove(r) }
}

func (m *mux) remove(r *registration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := slices.Index(m.regs, r); i >= 0 {
		m.regs = slices.Delete(slices.Clone(m.regs), i, i+1)
	}
}

// answerer returns the most specific handler for the request iq, or nil.
func (m *mux) answerer(iq *stanza.IQ) (best *registration) {
	for _, r := range m.snapshot() {
		if r.answers() && r.matches(iq) && (best == nil || r.weight() > best.weight()) {
			best = r
		}
	}
	return best
}

// callSite is the first place on the stack outside this package's own functions.
func callSite() string {
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := frames.Next()
		if !more || !ownFrame(f) {
			return fmt.Sprintf("%s:%d", f.File, f.Line)
		}
	}
}
