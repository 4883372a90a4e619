package stamp

import (
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/canto-im/canto/internal/datetime"
	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/unmarshal"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// A Delay says that a stanza was sent before it was delivered (XEP-0203 §2).
type Delay struct {
	XMLName xml.Name `xml:"urn:xmpp:delay delay"`

	From   jid.JID   // who says so: a room, a server; zero: that is not said, or it's no address
	Stamp  time.Time // when the stanza was sent, in UTC
	Reason string    // for people; mostly empty
}

var (
	errNoDelay = errors.New("stamp: the element is no delay (XEP-0203 §2)")
	errNoStamp = errors.New("stamp: a delay needs a Stamp (XEP-0203 §2)")
)

// Of returns the delay of st that one of by has stamped on it, the first of several; without by, whoever has. See the package's
// documentation for who is to be believed. The form of XEP-0091 counts where none of XEP-0203 does.
func Of(st stanza.Stanza, by ...jid.JID) (d Delay, ok bool) {
	for _, name := range []xml.Name{{Space: ns.Delay, Local: "delay"}, {Space: ns.OldDelay, Local: "x"}} {
		for _, e := range st.Elements() {
			if e.Name() != name {
				continue
			}
			d, err := ParseDelay(e)
			if err == nil && (len(by) == 0 || slices.Contains(by, d.From)) {
				return d, true
			}
		}
	}
	return Delay{}, false
}

// ParseDelay reads a <delay/>, or the <x/> that it was before (XEP-0091). One without a time is none.
func ParseDelay(e stanza.Element) (Delay, error) {
	parse := datetime.Parse
	switch {
	case e.Is(ns.OldDelay, "x"):
		parse = datetime.ParseLegacy
	case !e.Is(ns.Delay, "delay"):
		return Delay{}, errNoDelay
	}
	at, err := parse(e.Attr("stamp"))
	if err != nil {
		return Delay{}, fmt.Errorf("stamp: a delay: %w", err)
	}
	// An address that can't be read makes the time no worse: it's then nobody's whom Of is asked for.
	from, _ := jid.Parse(e.Attr("from"))
	return Delay{XMLName: delayName, From: from, Stamp: at, Reason: strings.TrimSpace(e.Text())}, nil
}

var delayName = xml.Name{Space: ns.Delay, Local: "delay"}

// UnmarshalXML implements xml.Unmarshaler as ParseDelay reads.
func (d *Delay) UnmarshalXML(dec *xml.Decoder, start xml.StartElement) error {
	return unmarshal.Via(dec, start, d, ParseDelay)
}

// MarshalXML implements xml.Marshaler. The time is written in UTC (XEP-0203 §2); one that is zero is an error.
func (d Delay) MarshalXML(enc *xml.Encoder, _ xml.StartElement) error {
	if d.Stamp.IsZero() {
		return errNoStamp
	}
	return enc.Encode(struct {
		XMLName xml.Name `xml:"urn:xmpp:delay delay"`
		From    jid.JID  `xml:"from,attr"`
		Stamp   Time     `xml:"stamp,attr"`
		Reason  string   `xml:",chardata"`
	}{From: d.From, Stamp: Time{d.Stamp}, Reason: d.Reason})
}
