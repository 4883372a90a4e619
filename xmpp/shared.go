package xmpp

import (
	"reflect"
	"slices"
	"sync"

	"github.com/canto-im/canto/stanza"
)

// An attic is what capabilities keep with an Endpoint: one value of each type.
type attic struct {
	mu         sync.Mutex // protects what follows
	values     map[reflect.Type]any
	annotators []annotator      // replaced, never changed in place
	told       *stanza.Presence // what was broadcast last in the session of now; nil: we're not available
}

// An annotator is a value in the attic that has something to say with our presence.
type annotator interface {
	// AnnotatePresence returns what is to go with p, which is not to be changed and about to be sent with more of others.
	AnnotatePresence(p *stanza.Presence, more []stanza.Element) []stanza.Element
}

// Shared returns the T that belongs to e: a zero one is made when it's asked for first, and the same one is returned from then
// on. It's for what a capability knows of an endpoint and shares among all that use it there, such as the features of service
// discovery; T is a type of the capability's own package, which protects it. With an e that is neither a *Session nor a *Client
// nor a type that embeds one, it's a new one each time.
//
// If *T has the method AnnotatePresence(p *stanza.Presence, more []stanza.Element) []stanza.Element, that is called with each available
// and unavailable presence that is about to be sent in a session of e, and what others have added to it; what it returns goes with that
// presence, too. Where the session of now is available before T is made, it's called first with the presence that said so, with which
// nothing goes any more; in that call it must not ask for Shared. It must not block, nor change p and more; p it may keep.
func Shared[T any](e Endpoint) *T {
	h, ok := e.(host)
	if !ok {
		return new(T)
	}
	return h.shared().get(reflect.TypeFor[T](), func() any { return new(T) }).(*T)
}

func (s *Session) shared() *attic { return &s.attic }
func (c *Client) shared() *attic  { return &c.attic }

// get returns the value of that type, which is made if there is none.
func (a *attic) get(t reflect.Type, make func() any) any {
	a.mu.Lock()
	defer a.mu.Unlock()
	if v, ok := a.values[t]; ok {
		return v
	}
	v := make()
	if a.values == nil {
		a.values = map[reflect.Type]any{}
	}
	a.values[t] = v
	if n, ok := v.(annotator); ok {
		a.annotators = append(slices.Clip(a.annotators), n)
		if a.told != nil { // with mu, so that presence that is sent just now comes behind it
			n.AnnotatePresence(a.told, nil)
		}
	}
	return v
}

// tell returns who is to be asked about p, which is about to be sent. What is broadcast is noted.
func (a *attic) tell(p *stanza.Presence) []annotator {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p.To.IsZero() {
		if a.told = nil; p.Type == stanza.Available {
			a.told = p
		}
	}
	return a.annotators
}

// begin notes that there is a session in which nothing was broadcast yet.
func (a *attic) begin() {
	a.mu.Lock()
	a.told = nil
	a.mu.Unlock()
}

// annotate returns what is to be sent of st: presence with what capabilities of the session and of its Client have to
// say. st is not changed.
func (s *Session) annotate(st stanza.Stanza) stanza.Stanza {
	sent, ok := st.(*stanza.Presence)
	if !ok || sent == nil || sent.Type != stanza.Available && sent.Type != stanza.Unavailable {
		return st
	}
	p := *sent // which is its sender's
	p.Payloads, p.Statuses = slices.Clone(p.Payloads), slices.Clone(p.Statuses)
	var more []stanza.Element
	for _, a := range [2]*attic{s.outerAttic, &s.attic} {
		if a == nil {
			continue
		}
		for _, n := range a.tell(&p) {
			more = append(more, n.AnnotatePresence(&p, slices.Clip(more))...)
		}
	}
	annotated := p
	annotated.Payloads = append(slices.Clip(p.Payloads), more...)
	return &annotated
}
