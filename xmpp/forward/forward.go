package forward

import (
	"encoding/xml"
	"errors"
	"fmt"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/unmarshal"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/stamp"
)

// Forwarded is a stanza inside of another one (XEP-0297 §3).
type Forwarded struct {
	XMLName xml.Name `xml:"urn:xmpp:forward:0 forwarded"`

	Delay  stamp.Delay   // when its bearer got it; a zero Stamp: that is not said
	Stanza stanza.Stanza // *stanza.Message, *stanza.Presence or *stanza.IQ; nil: it was left out

	space string // the namespace that it came in; "" is "jabber:client"
}

var (
	errNotForwarded = errors.New("forward: the element is no forwarded stanza (XEP-0297 §3)")
	errTwo          = errors.New("forward: there are two stanzas in one element (XEP-0297 §8)")
)

// Message returns the stanza if it's a message, else nil.
func (f *Forwarded) Message() *stanza.Message {
	m, _ := f.Stanza.(*stanza.Message)
	return m
}

// Parse reads a <forwarded/>. A stanza in it that breaks the rules is a *stanza.MalformedError; the Delay then stands all the same.
// A delay that can't be read is none.
func Parse(e stanza.Element) (f Forwarded, err error) {
	if !e.Is(ns.Forward, "forwarded") {
		return Forwarded{}, errNotForwarded
	}
	f.XMLName = e.Name()
	var carried stanza.Element
	for c := range e.Children() {
		switch {
		case c.Is(ns.Delay, "delay"):
			if d, err := stamp.ParseDelay(c); err == nil {
				f.Delay = d
			}
		case !isStanza(c):
		case carried.IsZero():
			carried = c
		default: // which of them would be meant?
			return f, errTwo
		}
	}
	if carried.IsZero() {
		return f, nil
	}
	if f.space = carried.Name().Space; f.space == ns.Client {
		f.space = ""
	}
	f.Stanza, err = decode(carried)
	if err != nil {
		return f, fmt.Errorf("forward: %w", err)
	}
	return f, nil
}

// isStanza reports whether that is one: XEP-0297 §3.2 rule 3, it has kept its namespace.
func isStanza(e stanza.Element) bool {
	switch name := e.Name(); name.Local {
	case stanza.KindMessage, stanza.KindPresence, stanza.KindIQ:
		return name.Space == ns.Client || name.Space == ns.Server
	}
	return false
}

func decode(e stanza.Element) (stanza.Stanza, error) {
	switch e.Name().Local {
	case stanza.KindMessage:
		return into(e, new(stanza.Message))
	case stanza.KindPresence:
		return into(e, new(stanza.Presence))
	}
	return into(e, new(stanza.IQ))
}

func into[T stanza.Stanza](e stanza.Element, st T) (stanza.Stanza, error) {
	if err := e.Decode(st); err != nil {
		return nil, err
	}
	return st, nil
}

// UnmarshalXML implements xml.Unmarshaler as Parse reads.
func (f *Forwarded) UnmarshalXML(dec *xml.Decoder, start xml.StartElement) error {
	return unmarshal.Via(dec, start, f, Parse)
}

// MarshalXML implements xml.Marshaler. The stanza keeps the namespace that it was read with.
func (f Forwarded) MarshalXML(enc *xml.Encoder, _ xml.StartElement) error {
	var wire struct {
		XMLName xml.Name `xml:"urn:xmpp:forward:0 forwarded"`
		Delay   *stamp.Delay
		Stanza  stanza.Element
	}
	if !f.Delay.Stamp.IsZero() {
		wire.Delay = &f.Delay
	}
	if f.Stanza != nil {
		raw, err := f.encode()
		if err != nil {
			return err
		}
		wire.Stanza = raw
	}
	return enc.Encode(wire)
}

func (f *Forwarded) encode() (stanza.Element, error) {
	var e xmltext.Encoder
	e.Reset(nil, "")
	e.Standalone()
	if err := stanza.AppendTo(&e, f.Stanza, stanza.EncodeOptions{Namespace: f.space}); err != nil {
		return stanza.Element{}, fmt.Errorf("forward: %w", err)
	}
	b, err := e.Bytes()
	if err != nil {
		return stanza.Element{}, fmt.Errorf("forward: %w", err)
	}
	return stanza.ParseElement(string(b))
}
