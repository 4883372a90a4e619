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
	annotators []annotator // replaced, never changed in place
}

// An annotator is a value in the attic that has something to say with our presence.
type annotator interface {
	// AnnotatePresence returns what is to go with p, which is not to be changed and about to be sent.
	AnnotatePresence(p *stanza.Presence) []stanza.Element
}

// Shared returns the T that belongs to e: a zero one is made when it's asked for first, and the same one is returned from then
// on. It's for what a capability knows of an endpoint and shares among all that use it there, such as the features of service
// discovery; T is a type of the capability's own package, which protects it. With an e that is neither a *Session nor a *Client
// nor a type that embeds one, it's a new one each time.
//
// If *T has the method AnnotatePresence(p *stanza.Presence) []stanza.Element, that is called with each available and unavailable
// presence that is about to be sent in a session of e, and what it returns goes with that presence. It must not block, nor change p.
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
	}
	return v
}

// annotate returns what is to be sent of st: presence with what capabilities of the session and of its Client have to
// say. st is not changed.
func (s *Session) annotate(st stanza.Stanza) stanza.Stanza {
	p, ok := st.(*stanza.Presence)
	if !ok || p == nil || p.Type != stanza.Available && p.Type != stanza.Unavailable {
		return st
	}
	for _, a := range [2]*attic{s.outerAttic, &s.attic} {
		if a == nil {
			continue
		}
		a.mu.Lock()
		list := a.annotators
		a.mu.Unlock()
		for _, n := range list {
			if more := n.AnnotatePresence(p); len(more) > 0 {
				annotated := *p
				annotated.Payloads = append(slices.Clip(p.Payloads), more...)
				p = &annotated
			}
		}
	}
	return p
}
