package presence

import (
	"context"
	"maps"
	"slices"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

// Direct tells to, a bare or full address, what we are, though it may not be subscribed to us (RFC 6121 §4.6): for the time of a
// chat, say. Changes go there as well, until Undirect, until the other side goes or can't be reached, or until the session
// ends. While we are unavailable it says nothing. The zero address is an error.
func (k *Keeper) Direct(ctx context.Context, to jid.JID) error {
	if to.IsZero() {
		return errNobody
	}
	if err := k.begins(ctx); err != nil {
		return err
	}
	defer k.ends()
	k.mu.Lock()
	s, p := k.session, k.now()
	if s == nil || p.Type == stanza.Unavailable {
		k.mu.Unlock()
		return nil
	}
	k.directed[to] = struct{}{}
	k.mu.Unlock()
	return direct(ctx, s, p, to)
}

// Undirect tells somebody to whom Direct has spoken that we're gone (RFC 6121 §4.6.1). For anybody else it does nothing.
func (k *Keeper) Undirect(ctx context.Context, to jid.JID) error {
	if err := k.begins(ctx); err != nil {
		return err
	}
	defer k.ends()
	k.mu.Lock()
	_, told := k.directed[to]
	delete(k.directed, to)
	s := k.session
	k.mu.Unlock()
	if !told { // without a session, nobody was
		return nil
	}
	return direct(ctx, s, &stanza.Presence{Type: stanza.Unavailable}, to)
}

// Directed returns those who are told beside the subscribers, in order.
func (k *Keeper) Directed() []jid.JID {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.told()
}

// told returns those who are told beside the subscribers, in order. mu is held.
func (k *Keeper) told() []jid.JID { return slices.SortedFunc(maps.Keys(k.directed), jid.JID.Compare) }

// heard takes those off the list who have gone or can't be reached. RFC 6121 §4.6.1: the server does so, too; §4.5.4: what the
// bare address says holds for all its resources.
func (k *Keeper) heard(ctx context.Context, p *stanza.Presence) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if xmpp.SessionFrom(ctx) != k.session {
		return nil
	}
	maps.DeleteFunc(k.directed, func(who jid.JID, _ struct{}) bool { return who == p.From || who.Bare() == p.From })
	return nil
}
