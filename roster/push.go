package roster

import (
	"context"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

// A push is one change that the server has announced.
type push struct {
	item   Item
	ver    string
	hasVer bool
}

// handlePush takes and answers a roster push (RFC 6121 §2.1.6).
func (r *Roster) handlePush(ctx context.Context, st stanza.Stanza) (any, error) {
	iq, s := st.(*stanza.IQ), xmpp.SessionFrom(ctx)
	if s == nil || !authorized(iq.From, s.JID()) {
		// RFC 6121 §2.1.6: the client must check the sender, must not process what others push, and can answer this.
		return nil, stanza.ServiceUnavailable
	}
	p, err := parse(iq.Payload)
	if err != nil || len(p.items) != 1 || p.ignored > 0 {
		// RFC 6121 §2.1.6: one and only one item
		return nil, &stanza.Error{Type: stanza.Modify, Condition: stanza.BadRequest, Text: "a roster push has exactly one item, with an address"}
	}
	r.take(s, push{p.items[0], p.ver, p.hasVer})
	return nil, nil
}

// authorized reports whether a push may come from that address: from none, or from our account's bare one.
func authorized(from, own jid.JID) bool { return from.IsZero() || from == own.Bare() }

// take applies a push.
func (r *Roster) take(s *xmpp.Session, p push) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current(s) {
		r.apply(p)
	}
}

// current reports whether s is the session: what an earlier one has received is not news. It returns after the fetch that is under
// way: the answer overtakes what came before it, and what that is about (whose presence, whose request) shows only in the
// roster that the answer brings. mu is held.
func (r *Roster) current(s *xmpp.Session) bool {
	r.settle(context.Background(), s)
	return r.session == s
}

// settle returns when no fetch is under way, when s is not the session any more, or when ctx is done. mu is held.
func (r *Roster) settle(ctx context.Context, s *xmpp.Session) {
	for r.session == s && r.waits && ctx.Err() == nil {
		r.settled.Wait()
	}
}

// apply makes the push part of the roster. Those that a server sends for what has changed since our version look like any
// other (RFC 6121 §2.6.3). mu is held.
func (r *Roster) apply(p push) {
	who := p.item.JID
	old := r.items[who]
	r.pushed(p.item)
	r.order.changed(who)
	if p.hasVer {
		// RFC 6121 §2.6.3: the version to ask with is that of the last push
		r.ver, r.known = p.ver, true
	}
	if p.item.Subscription == remove {
		delete(r.items, who)
		r.changed(Change{Old: old})
	} else {
		r.items[who] = p.item
		r.changed(Change{Old: old, New: p.item})
	}
	r.keep(false)
}
