package chat

import (
	"encoding/xml"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/stanza"
)

// A Hint tells servers what to do with a message (XEP-0334): a payload. It's a wish, and nothing may depend on it.
type Hint string

// The hints of XEP-0334 §4.
const (
	NoPermanentStore Hint = "no-permanent-store" // in no archive, though it may wait for somebody who is offline
	NoStore          Hint = "no-store"           // nowhere at all
	NoCopy           Hint = "no-copy"            // to no other resource; for messages to full addresses alone
	Store            Hint = "store"              // although it may not look worth it
)

// MarshalXML implements xml.Marshaler.
func (h Hint) MarshalXML(enc *xml.Encoder, _ xml.StartElement) error {
	return emptyElement(enc, ns.Hints, string(h))
}

// Has reports whether m carries the hint. XEP-0334 §5: in an error they are those of the message that has failed.
func (h Hint) Has(m *stanza.Message) bool {
	if m.Type == stanza.MessageError {
		return false
	}
	for _, e := range m.Payloads {
		if e.Is(ns.Hints, string(h)) {
			return true
		}
	}
	return false
}

// emptyElement writes an element that is nothing but its name.
func emptyElement(enc *xml.Encoder, space, local string) error {
	return enc.EncodeElement(struct{}{}, xml.StartElement{Name: xml.Name{Space: space, Local: local}})
}
