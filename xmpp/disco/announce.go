package disco

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/canto-im/canto/stanza"
)

const (
	defaultSoftware = "https://github.com/canto-im/canto"
	// remembered is for how many of our last capabilities others may ask. XEP-0390 §6.1: at least three.
	remembered = 4
	// announceDelay is how long a change waits for others, so that a program that begins is one change.
	announceDelay = time.Second
	// announceTimeout bounds the sending of it.
	announceTimeout = 30 * time.Second
)

// said is what we say of ourselves at one time, with its hashes.
type said struct {
	info  *Info
	nodes []string // by which others may ask for it
	caps  []stanza.Element
}

// present is what we are now. mu is held.
func (d *Disco) present() *said {
	if d.now != nil {
		return d.now
	}
	i := d.own.clone()
	i.Features = slices.Sorted(maps.Keys(d.features))
	if len(i.Identities) == 0 {
		i.Identities = []Identity{{Category: "client", Type: "bot"}}
		if d.e.JID().Localpart() == "" {
			i.Identities = []Identity{{Category: "component", Type: "generic"}}
		}
	}
	s := &said{info: i}
	one, err := digest{algo: "sha-1"}.of(i)
	if err == nil { // else an identity or a form of the program's is such that no one would believe the hash
		s.nodes = append(s.nodes, one.node(d.software))
		s.caps = append(s.caps, stanza.Payload(caps{Hash: one.algo, Node: d.software, Ver: one.value}))
		d.cache.put(one, i) // others who are what we are need not be asked
	}
	var two caps2
	for _, algo := range []string{"sha-256", "sha3-256"} {
		if got, err := (digest{second: true, algo: algo}).of(i); err == nil {
			d.cache.put(got, i)
			s.nodes = append(s.nodes, got.node(""))
			two.Hashes = append(two.Hashes, hash2{got.algo, got.value})
		}
	}
	if len(two.Hashes) > 0 {
		s.caps = append(s.caps, stanza.Payload(two))
	}
	same := func(before *said) bool { return len(s.nodes) > 0 && slices.Equal(before.nodes, s.nodes) }
	if i := slices.IndexFunc(d.said, same); i >= 0 { // a change that was taken back is none
		s = d.said[i]
		d.said = slices.Delete(d.said, i, i+1)
	}
	d.now, d.said = s, append(d.said, s)
	d.said = d.said[max(0, len(d.said)-remembered):]
	return s
}

// named returns what we said of ourselves under that node; empty: what we say now. mu is held.
func (d *Disco) named(node string) *Info {
	now := d.present()
	if node == "" {
		return now.info
	}
	for _, s := range slices.Backward(d.said) {
		if slices.Contains(s.nodes, node) {
			return s.info
		}
	}
	return nil
}

// AnnotatePresence adds our capabilities to presence that is about to be sent (xmpp.Shared).
func (h *home) AnnotatePresence(p *stanza.Presence, more []stanza.Element) []stanza.Element {
	h.mu.Lock()
	d := h.d
	if d == nil && p.To.IsZero() {
		if h.before = nil; p.Type == stanza.Available {
			h.before = p
		}
	}
	h.mu.Unlock()
	if d == nil {
		return nil
	}
	return d.annotate(p, more)
}

func (d *Disco) annotate(p *stanza.Presence, others []stanza.Element) []stanza.Element {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p.Type != stanza.Available {
		if p.To.IsZero() {
			d.sent, d.sentAs = nil, nil
		}
		return nil
	}
	now := d.present()
	if p.To.IsZero() {
		if d.sentAs = now; p.ID == "" || p.ID != d.again {
			d.sent = p
		}
	}
	var more []stanza.Element
	for _, c := range now.caps {
		same := func(e stanza.Element) bool { return e.Name() == c.Name() }
		if !slices.ContainsFunc(p.Payloads, same) && !slices.ContainsFunc(others, same) {
			more = append(more, c)
		}
	}
	return more
}

// changed has what we are computed anew, and told to those who were told otherwise (XEP-0115 §6.1). mu is held.
func (d *Disco) changed() {
	d.now = nil
	if d.sent != nil && !d.waits {
		d.waits = true
		time.AfterFunc(announceDelay, d.announce)
	}
}

// announce says our last presence again, with what we are now. If other presence has crossed it, that is said once more, so that
// what others have in the end is what the program has said last.
func (d *Disco) announce() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waits = false
	ctx, cancel := context.WithTimeout(context.Background(), announceTimeout)
	defer cancel()
	for crossed := false; ; {
		s, p := d.session, d.sent
		if s == nil || !crossed && (p == nil || d.sentAs == d.present()) {
			return
		}
		again := &stanza.Presence{Type: stanza.Unavailable}
		if p != nil {
			copied := *p
			again = &copied
			again.ID = stanza.NewID()
		}
		d.again = again.ID
		d.mu.Unlock()
		err := s.Send(ctx, again)
		d.mu.Lock()
		d.again = ""
		if err != nil {
			return // the session is over; the next one begins with presence of its own
		}
		crossed = d.sent != p
	}
}
