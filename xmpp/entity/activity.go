package entity

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

// An Activity says when something was last done at an address. What that means depends on the address (XEP-0012 §7).
type Activity struct {
	// Ago is, of a bare address, the time since the account was last online, 0 if it is now; of a full address, since a person
	// last did something there; of a domain, since it was started. In whole seconds, and at most some 292 years.
	Ago time.Duration
	// Status is what an account that is offline said as it went.
	Status string
}

// lastQuery is the payload of XEP-0012: the question without anything, and the answer.
type lastQuery struct {
	XMLName xml.Name `xml:"jabber:iq:last query"`
	Seconds string   `xml:"seconds,attr,omitempty"`
	Status  string   `xml:",chardata"`
}

var errNoSeconds = errors.New("entity: the answer does not say how many seconds it is since the last activity")

// LastActivity asks when something was last done at to: see Activity for what the kinds of address mean. Who may not see the
// account's presence is told stanza.Forbidden by its server (XEP-0012 §3), and a client that does not say it stanza.ServiceUnavailable.
func LastActivity(ctx context.Context, e xmpp.Endpoint, to jid.JID) (Activity, error) {
	q, err := xmpp.Get[lastQuery](ctx, e, to, lastQuery{})
	if err != nil {
		return Activity{}, err
	}
	return q.activity()
}

func (q lastQuery) activity() (Activity, error) {
	text := strings.TrimSpace(q.Seconds)
	if text == "" {
		return Activity{}, errNoSeconds
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return Activity{}, fmt.Errorf("entity: last activity: %q is no number of seconds", q.Seconds)
	}
	// XEP-0012 §11: an unsignedLong, of which a Duration holds the first 292 years.
	return Activity{Ago: time.Duration(min(n, uint64(math.MaxInt64/time.Second))) * time.Second, Status: q.Status}, nil
}

// sinceThen is the answer that something was last done at that time. A time to come is now.
func sinceThen(last time.Time) lastQuery {
	return lastQuery{Seconds: strconv.FormatInt(int64(max(0, time.Since(last))/time.Second), 10)}
}

// answerLast answers who asks for our last activity.
func (a *answers) answerLast(_ context.Context, iq *stanza.IQ, _ lastQuery) (any, error) {
	if !a.mayKnowActivity(iq) {
		return nil, stanza.ServiceUnavailable // XEP-0012 §4
	}
	return sinceThen(a.o.LastActive()), nil
}

// mayKnowActivity reports whether the sender may know when we were last active. XEP-0012 §8: only those who may see our presence.
// How long a component runs is nobody's presence (§5).
func (a *answers) mayKnowActivity(iq *stanza.IQ) bool {
	if a.o.Trusted == nil {
		return a.isOurs(iq.From) || !iq.To.IsZero() && iq.To == iq.To.Domain()
	}
	return a.trusts(iq.From)
}
