package chat

import (
	"context"
	"encoding/xml"
	"errors"
	"iter"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/pubsub"
	"github.com/canto-im/canto/xmpp/stamp"
)

// A ReadMark is up to where one of our clients has shown a chat to the user, which the others learn from it (XEP-0490).
type ReadMark struct {
	Chat jid.JID        // the bare address of a person or a room, the full one of an occupant for private messages
	ID   stamp.StanzaID // of the last message that was shown: the room's name for it, or our own account's
}

// ReadPayload is a ReadMark as it's published (XEP-0490 §4.1). In a message to the bare address of the chat, beside a Displayed, it has the server
// publish it: only where our account has the feature "urn:xmpp:mds:server-assist:0", since any other would pass it on (§7).
type ReadPayload struct {
	XMLName xml.Name       `xml:"urn:xmpp:mds:displayed:0 displayed"`
	ID      stamp.StanzaID `xml:"urn:xmpp:sid:0 stanza-id"`
}

// SyncRead tells our other clients that m, and all before it in that chat, was shown to the user. It goes to our own account, where
// nobody else can read it (XEP-0490 §7); the other side learns nothing of it, see DisplayedFor. The error is ErrNoID where neither
// the room nor our server has named m, or one of package pubsub.
func SyncRead(ctx context.Context, e xmpp.Endpoint, m *stanza.Message) error {
	id, ok := stamp.IDOf(m, e.JID())
	if !ok {
		return ErrNoID
	}
	_, err := pubsub.PublishPrivate(ctx, e, ns.DisplayedSync, chatOf(m, e.JID()).String(), ReadPayload{ID: id},
		form.Of(pubsub.MaxItems, "max"), form.Of(pubsub.SendLast, "never"))
	return err
}

// chatOf is the address of the chat that m belongs to (XEP-0490 §4.1).
func chatOf(m *stanza.Message, own jid.JID) jid.JID {
	other := m.From
	if m.Type != stanza.GroupChat && (other.IsZero() || other.Bare() == own.Bare()) {
		other = m.To
	}
	if isPrivate(m) {
		return other
	}
	return other.Bare()
}

// ReadMarks yields those of all chats, to catch up after a login (XEP-0490 §4.4). One that can't be read is left out. An error ends it;
// an account that has none yet is no error.
func ReadMarks(ctx context.Context, e xmpp.Endpoint) iter.Seq2[ReadMark, error] {
	return func(yield func(ReadMark, error) bool) {
		for item, err := range pubsub.Items[ReadPayload](ctx, e, jid.JID{}, ns.DisplayedSync, nil) {
			var odd *pubsub.PayloadError
			switch {
			case errors.As(err, &odd):
				continue
			case errors.Is(err, stanza.ItemNotFound):
				return
			case err != nil:
				yield(ReadMark{}, err)
				return
			}
			if mark, ok := markOf(item); ok && !yield(mark, nil) {
				return
			}
		}
	}
}

// OnReadMark calls f with what our clients publish from now on, this one included, until remove is called; what f returns is logged.
// Only our own account is believed (SECURITY.md S5).
func OnReadMark(e xmpp.Endpoint, f func(ctx context.Context, mark ReadMark) error) (remove func()) {
	return pubsub.OnEvent(e, jid.JID{}, ns.DisplayedSync, func(ctx context.Context, ev pubsub.Event[ReadPayload]) error {
		var errs []error
		for _, item := range ev.Items {
			if mark, ok := markOf(item); ok {
				errs = append(errs, f(ctx, mark))
			}
		}
		return errors.Join(errs...)
	})
}

func markOf(item pubsub.Item[ReadPayload]) (mark ReadMark, ok bool) {
	chat, err := jid.Parse(item.ID)
	return ReadMark{chat, item.Payload.ID}, err == nil && item.Payload.ID.ID != ""
}

// Synced takes what another of our clients has shown: Unread counts from there. It only moves forward, and waits for its message where that
// is not known yet (XEP-0490 §5.1). It reports whether it's a mark of this conversation.
func (c *Conversation) Synced(mark ReadMark) bool {
	if mark.Chat != c.with || mark.ID.By != c.archive() || short(mark.ID.ID) == "" {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// The mark stands for itself, so it has no id under which another could be a copy of it.
	it := &item{what: aMarker, author: author{kind: ourself}, ours: true, from: c.own, ref: short(mark.ID.ID), byHost: true}
	it.size = it.noteSize()
	c.take(it)
	return true
}
