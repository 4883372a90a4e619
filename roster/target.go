package roster

import (
	"sync"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// A Target is where to send the next message of a one-to-one chat: RFC 6121 §5.1. A chat begins at the bare address, is
// locked to the resource that has replied, and unlocked when something else is heard of the peer. It has no goroutine and
// sends nothing; show it what arrives from the peer. Its methods may be called from several goroutines.
type Target struct {
	peer jid.JID

	mu     sync.Mutex
	locked jid.JID // zero: unlocked
}

// NewTarget returns the target of a chat with peer, whose bare address is used.
func NewTarget(peer jid.JID) *Target { return &Target{peer: peer.Bare()} }

// To returns the address for the next message: the full one to which the chat is locked, else the bare one.
func (t *Target) To() jid.JID {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.locked.IsZero() {
		return t.peer
	}
	return t.locked
}

// Received takes a message or presence into account; one that is not from the peer changes nothing, nor does a message that
// is no part of a chat: one of a room, or a headline.
func (t *Target) Received(st stanza.Stanza) {
	from := st.Header().From
	if from.Bare() != t.peer {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch st := st.(type) {
	case *stanza.Presence:
		// RFC 6121 §5.1: presence of any resource unlocks, that of the locked one too.
		t.locked = jid.JID{}
	case *stanza.Message:
		t.message(st, from)
	}
}

// message locks to the full address that has replied, and unlocks where an error says that nobody is there. mu is held.
func (t *Target) message(m *stanza.Message, from jid.JID) {
	switch m.Type {
	case stanza.Chat, stanza.Normal, "":
		switch {
		case t.locked == from:
		case !t.locked.IsZero():
			// RFC 6121 §5.1: a message of another resource unlocks; the next one locks again.
			t.locked = jid.JID{}
		case from.Resourcepart() != "":
			t.locked = from
		}
	case stanza.MessageError:
		t.locked = jid.JID{}
	}
}
