package entity

import (
	"context"
	"encoding/xml"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
)

// Software is the program that runs at an address (XEP-0092).
type Software struct {
	XMLName xml.Name `xml:"jabber:iq:version query"`
	Name    string   `xml:"name"`
	Version string   `xml:"version"`
	OS      string   `xml:"os,omitempty"` // the operating system; empty: not said, and the user must be able to have it so (XEP-0092 §5)
}

// softwareQuery is the question.
type softwareQuery struct {
	XMLName xml.Name `xml:"jabber:iq:version query"`
}

// GetSoftware asks what program runs at to, the full address of a client, a server or a component. Of those whose presence we
// have, capabilities tell it without being asked (package disco; XEP-0092 §1).
func GetSoftware(ctx context.Context, e xmpp.Endpoint, to jid.JID) (Software, error) {
	return xmpp.Get[Software](ctx, e, to, softwareQuery{})
}
