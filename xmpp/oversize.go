package xmpp

import (
	"fmt"

	"github.com/canto-im/canto/stanza"
)

// An oversize is the error of a stanza that is larger than the server takes.
//
// XEP-0478 §4: it SHOULD NOT be sent: the server would end the stream. The condition is the one that servers refuse such
// stanzas with among themselves.
type oversize struct{ size, most int }

func (e *oversize) Error() string {
	return fmt.Sprintf("xmpp: the stanza has %d bytes and the server takes no more than %d (XEP-0478)", e.size, e.most)
}

func (e *oversize) Unwrap() error { return stanza.PolicyViolation }
