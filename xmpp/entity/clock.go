package entity

import (
	"context"
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/stamp"
)

// clock is the payload of XEP-0202: the question without anything, and the answer.
type clock struct {
	XMLName xml.Name `xml:"urn:xmpp:time time"`
	Offset  string   `xml:"tzo,omitempty"`
	UTC     string   `xml:"utc,omitempty"`
}

// offsetLayout is the time zone definition of XEP-0082 §2.1.
const offsetLayout = "Z07:00"

// GetTime asks what time it is at to: the moment as the clock there shows it, in a location of the offset that it has there
// from UTC. The answer is as old as half the round trip (see Ping), and as right as that clock.
func GetTime(ctx context.Context, e xmpp.Endpoint, to jid.JID) (time.Time, error) {
	c, err := xmpp.Get[clock](ctx, e, to, clock{})
	if err != nil {
		return time.Time{}, err
	}
	return c.time()
}

func (c clock) time() (time.Time, error) {
	utc, err := stamp.ParseTime(c.UTC)
	if err != nil {
		return time.Time{}, fmt.Errorf("entity: the time of an answer: %w", err)
	}
	zone, err := time.Parse(offsetLayout, strings.TrimSpace(c.Offset))
	if err != nil {
		return time.Time{}, fmt.Errorf("entity: %q is no offset from UTC such as -06:00 (XEP-0202 §2)", c.Offset)
	}
	_, seconds := zone.Zone()
	if seconds == 0 {
		return utc.UTC(), nil
	}
	return utc.In(time.FixedZone("", seconds)), nil
}

// clockAt is the answer at that moment, in the location of t. XEP-0202 §2: utc must be expressed in UTC.
func clockAt(t time.Time) clock {
	return clock{Offset: t.Format(offsetLayout), UTC: stamp.FormatTime(t)}
}
