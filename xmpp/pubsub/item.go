package pubsub

import (
	"fmt"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// An Item is one of those that a node holds (XEP-0060 §4). T is the type of its payload: a struct with the tags of encoding/xml, or
// stanza.Element for whatever it is.
type Item[T any] struct {
	ID        string
	Publisher jid.JID        // who has published it, as the service says; zero where it does not
	Payload   T              // zero if the item came without: see Raw
	Raw       stanza.Element // the payload as it came; zero in a notification that leaves it out, for which Get asks
}

// A PayloadError is an item whose payload is not what was asked for. It harms no other item.
type PayloadError struct {
	Node, ID string
	Raw      stanza.Element // the payload
	Err      error
}

// Error names the item and says what is wrong with it.
func (e *PayloadError) Error() string {
	return fmt.Sprintf("pubsub: item %q of %q: payload %q: %v", e.ID, e.Node, e.Raw.Name().Local, e.Err)
}

// Unwrap returns Err.
func (e *PayloadError) Unwrap() error { return e.Err }

// read makes an Item of a part.
func read[T any](node string, p *part) (Item[T], error) {
	item := Item[T]{ID: p.ID, Publisher: p.Publisher, Raw: p.payload()}
	if item.Raw.IsZero() {
		return item, nil
	}
	var v T
	if err := item.Raw.Decode(&v); err != nil {
		return item, &PayloadError{Node: node, ID: p.ID, Raw: item.Raw, Err: err}
	}
	item.Payload = v
	return item, nil
}
