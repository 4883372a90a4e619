package disco

import (
	"context"
	"slices"
	"sync"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
)

// A Disco is the service discovery of one endpoint: what it says of itself, and what it knows of others. Its methods may be
// called from several goroutines and in handlers.
type Disco struct {
	e     xmpp.Endpoint
	cache cache

	mu       sync.Mutex // protects what follows
	session  *xmpp.Session
	software string // the node of XEP-0115
	own      Info   // identities and forms
	features map[string]int
	nodes    map[string]*Node
	now      *said            // what we are; nil: it has changed since it was computed
	said     []*said          // what we were told to be, the last few, the latest last
	sent     *stanza.Presence // what was broadcast last; nil: we're not available
	sentAs   *said            // what went with it
	again    string           // id of what is being sent because of a change: see announce
	waits    bool             // a change is to be told
	contacts contacts
}

// A home is where an endpoint keeps its Disco. It's apart so that what package xmpp calls is no method of Disco.
type home struct {
	once sync.Once

	mu     sync.Mutex       // protects what follows
	d      *Disco           // nil: it has not begun, and presence that is sent just now goes without
	before *stanza.Presence // what was broadcast last so; nil: we're not available
}

// Of returns the service discovery of e, which begins with the first call: from then on requests are answered, and
// presence that is sent carries our capabilities; what was broadcast before is broadcast once more, with them. A program that has a handler of its own for these requests can't have both:
// Of panics. On a *Session that is not fresh, what presence it had received before is not known.
func Of(e xmpp.Endpoint) *Disco {
	h := xmpp.Shared[home](e)
	h.once.Do(func() {
		d := open(e)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.d = d
		d.catchUp(h.before) // with mu, so that presence that is sent just now is either before or behind it
		h.before = nil
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.d
}

func open(e xmpp.Endpoint) *Disco {
	d := &Disco{e: e, software: defaultSoftware, features: map[string]int{}, nodes: map[string]*Node{}}
	d.cache.open(xmpp.StoreOf(e), "disco caps")
	for _, f := range []string{ns.DiscoInfo, ns.DiscoItems, ns.Caps, ns.Caps2} {
		d.features[f]++
	}
	e.Handle(xmpp.Pattern{Kind: stanza.KindIQ, Type: string(stanza.Get), Space: ns.DiscoInfo, Local: "query"}, xmpp.HandlerFunc(d.answerInfo))
	e.Handle(xmpp.Pattern{Kind: stanza.KindIQ, Type: string(stanza.Get), Space: ns.DiscoItems, Local: "query"}, xmpp.HandlerFunc(d.answerItems))
	_, _ = xmpp.OnSession(context.Background(), e, d.begin) // begin has no error; an e that is no endpoint of xmpp's has no sessions
	xmpp.OnPresence(e, d.heard, stanza.Available, stanza.Unavailable)
	return d
}

// catchUp has those told what we are who got presence without.
func (d *Disco) catchUp(before *stanza.Presence) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if before != nil && d.session != nil && d.sent == nil {
		d.sent = before
		d.changed()
	}
}

// begin forgets what belonged to the session before.
func (d *Disco) begin(_ context.Context, s *xmpp.Session) (end func(), err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.session, d.sent, d.sentAs, d.now = s, nil, nil, nil
	d.contacts.forget()
	return func() { d.ended(s) }, nil
}

// ended writes down what was learned.
func (d *Disco) ended(s *xmpp.Session) {
	d.mu.Lock()
	if d.session == s {
		d.session, d.sent, d.sentAs = nil, nil, nil
		d.contacts.forget()
	}
	d.mu.Unlock()
	d.cache.save()
}

// Declare adds features to what we say that we can do, until remove is called: for the packages of capabilities, as they're put
// to use, and for what a program does itself. Others are told with our next presence, or, if we have sent it already, a
// second later. What is declared twice stays until it's removed twice.
func (d *Disco) Declare(features ...string) (remove func()) {
	features = slices.Clone(features)
	d.count(features, 1)
	return sync.OnceFunc(func() { d.count(features, -1) })
}

func (d *Disco) count(features []string, by int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range features {
		if d.features[f] += by; d.features[f] <= 0 {
			delete(d.features, f)
		}
	}
	d.changed()
}

// Identify says what we are, in place of a client of the type bot, or of a generic component. The software is the URL of a
// page about the program, by which others tell it from different programs (XEP-0115 §4); empty: that of this library.
func (d *Disco) Identify(software string, identities ...Identity) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if software != "" {
		d.software = software
	}
	if len(identities) > 0 {
		d.own.Identities = slices.Clone(identities)
	}
	d.changed()
}

// Extend adds a form with further information (XEP-0128), until remove is called. It should be of the type form.Result, with a
// FORM_TYPE, of which there is one form each; it must not be changed afterwards.
func (d *Disco) Extend(f *form.Form) (remove func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.own.Forms = append(slices.Clip(d.own.Forms), f)
	d.changed()
	return sync.OnceFunc(func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.own.Forms = slices.DeleteFunc(slices.Clone(d.own.Forms), func(other *form.Form) bool { return other == f })
		d.changed()
	})
}

// A Node is what answers questions about one node, or about what belongs to us. A nil function answers that there is nothing:
// item-not-found for information, an empty list of items. The request says who asks, and for a component, of which of its
// addresses. An error answers as a handler's does (xmpp.Handler).
type Node struct {
	Info  func(ctx context.Context, iq *stanza.IQ) (*Info, error)
	Items func(ctx context.Context, iq *stanza.IQ) ([]Item, error)
}

// Node has n answer for the node of that name until remove is called. The empty name is ourselves: Items then says what belongs
// to us, and Info, unless it's nil, answers in place of what was declared. A second Node of that name replaces the first.
func (d *Disco) Node(name string, n Node) (remove func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.nodes[name] = &n
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.nodes[name] == &n {
			delete(d.nodes, name)
		}
	}
}

// Self returns what we say of ourselves.
func (d *Disco) Self() *Info {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.present().info.clone()
}

// answerInfo answers what we are, or what one of our nodes is.
func (d *Disco) answerInfo(ctx context.Context, st stanza.Stanza) (any, error) {
	iq := st.(*stanza.IQ)
	name := iq.Payload.Attr("node")
	d.mu.Lock()
	n, own := d.nodes[name], d.named(name)
	d.mu.Unlock()
	switch {
	case n != nil && n.Info != nil:
		info, err := n.Info(ctx, iq)
		if err != nil {
			return nil, err
		}
		if info == nil {
			return nil, stanza.ItemNotFound
		}
		return info.payload(name), nil
	case own != nil:
		return own.payload(name), nil // XEP-0030 §3.2: the node is mirrored
	}
	return nil, stanza.ItemNotFound // XEP-0030 §7
}

// answerItems answers what belongs to us, or to one of our nodes.
func (d *Disco) answerItems(ctx context.Context, st stanza.Stanza) (any, error) {
	iq := st.(*stanza.IQ)
	name := iq.Payload.Attr("node")
	d.mu.Lock()
	n, own := d.nodes[name], d.named(name)
	d.mu.Unlock()
	answer := itemsQuery{Node: name}
	switch {
	case n != nil && n.Items != nil:
		items, err := n.Items(ctx, iq)
		if err != nil {
			return nil, err
		}
		answer.Items = items
	case n == nil && own == nil:
		return nil, stanza.ItemNotFound
	}
	return answer, nil // XEP-0030 §4.1: empty where there is nothing
}

// Supports reports whether who has the feature; see Lookup.
func (d *Disco) Supports(ctx context.Context, who jid.JID, feature string) (bool, error) {
	info, err := d.Lookup(ctx, who)
	return info.Has(feature), err
}
