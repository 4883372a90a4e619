package server

import (
	"cmp"
	"time"
)

// SASL2 configures the logins of XEP-0388. The zero value is that of a server of today: a resource is bound and a stream
// resumed with the login, and tokens are given out for the next one.
type SASL2 struct {
	// Only leaves the mechanisms of RFC 6120 out where these logins are offered.
	Only bool
	// NoBind leaves Bind 2 (XEP-0386) out. With it, a client gets a resource "tag/…", always the same one for the same id of
	// its user-agent. Messages that wait for the account stay: there is no archive here that would provide them.
	NoBind bool
	// NoResume lets nobody resume a stream with the login; after it, they can.
	NoResume bool
	// Inline are namespaces of features that are said to be enabled together with the binding, beside stream management.
	// The requests are taken and have no effect, but for "urn:xmpp:carbons:2".
	Inline []string
	// FAST are the mechanisms for tokens (XEP-0484) to offer where a connection can do them; nil means all, empty none.
	FAST []string
	// TokenAge is how long a token is good; 0 means 21 days.
	TokenAge time.Duration
	// Rotate gives out a new token whenever one is used.
	Rotate bool
	// Tasks are wanted of a client after it has authenticated; one that names any of them has done it.
	Tasks []string
}

func (o *SASL2) withDefaults() *SASL2 {
	c := *o
	c.TokenAge = cmp.Or(c.TokenAge, 21*24*time.Hour)
	return &c
}
