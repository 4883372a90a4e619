package presence

import (
	"encoding/xml"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/stamp"
)

// Idle is what presence says of when a person last did something (XEP-0319): a payload. A Keeper adds it with Options.TellIdle.
type Idle struct {
	XMLName xml.Name   `xml:"urn:xmpp:idle:1 idle"`
	Since   stamp.Time `xml:"since,attr"`
}

// IdleSince returns since when whoever sends p has done nothing (XEP-0319); ok is false where p does not say so. It's their word, by
// their clock.
func IdleSince(p *stanza.Presence) (since time.Time, ok bool) {
	idle, ok := stanza.Find[Idle](p)
	return idle.Since.Time, ok && !idle.Since.IsZero()
}
