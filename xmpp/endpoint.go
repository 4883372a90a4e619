package xmpp

import (
	"context"
	"runtime"
	"strings"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// An Endpoint is a party on the network that can send, ask and be asked: a *Session (one stream) or a *Client (an
// account that stays online). Capabilities work on either.
type Endpoint interface {
	// JID is the address in use: the full JID once a resource is bound, before that (on a Client) what was configured.
	JID() jid.JID
	// Send hands st to the connection; see Session.Send and Client.Send for what a nil error says.
	Send(ctx context.Context, st stanza.Stanza) error
	// Do sends a request (an IQ of type get or set) and returns its answer.
	Do(ctx context.Context, iq *stanza.IQ) (*stanza.IQ, error)
	// Handle registers h for the stanzas that match p, until remove is called. A second handler of IQ requests for the
	// same pattern panics.
	Handle(p Pattern, h Handler) (remove func())
}

// ownFrame reports whether f is one of this package's own functions, its tests aside.
func ownFrame(f runtime.Frame) bool {
	return strings.HasPrefix(f.Function, "github.com/canto-im/canto/xmpp.") && !strings.HasSuffix(f.File, "_test.go")
}
