package entity

import (
	"context"
	"encoding/xml"
	"errors"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

// ping is the question of XEP-0199.
type ping struct {
	XMLName xml.Name `xml:"urn:xmpp:ping ping"`
}

// Ping asks to for a sign of life (XEP-0199) and returns how long that took. The zero address is our own account, which our
// server answers for; so it does for the bare address of anybody else. On a *xmpp.Client, the wait for a session does not count.
//
// A server or a component that does not know the protocol says so, and has answered: that is no error. From the full address of a
// client the same words may come from its server, in the name of a resource that is gone (XEP-0199 §7): that is
// stanza.ServiceUnavailable. With an error from the other side the time counts up to that.
func Ping(ctx context.Context, e xmpp.Endpoint, to jid.JID) (time.Duration, error) {
	if c, ok := e.(interface {
		Session(context.Context) (*xmpp.Session, error)
	}); ok {
		if _, err := c.Session(ctx); err != nil {
			return 0, err
		}
	}
	begun := time.Now()
	_, err := e.Do(ctx, &stanza.IQ{Type: stanza.Get, To: to, Payload: stanza.Payload(ping{})})
	took := time.Since(begun)
	if isAlive(e, to, err) {
		err = nil
	}
	return took, err
}

// isAlive reports whether the error is as good as an answer: XEP-0199 §4.2: a server that does not support pings says
// service-unavailable (and some say feature-not-implemented), which nobody else can say in its name.
func isAlive(e xmpp.Endpoint, to jid.JID, err error) bool {
	if !errors.Is(err, stanza.ServiceUnavailable) && !errors.Is(err, stanza.FeatureNotImplemented) {
		return false
	}
	return to == to.Domain() || to == e.JID().Bare()
}
