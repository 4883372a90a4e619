package stanza

import (
	"fmt"

	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
)

// The three kinds of stanza (RFC 6120 §8.2), as Stanza.Kind returns them: the names of their elements.
const (
	KindMessage  = "message"
	KindPresence = "presence"
	KindIQ       = "iq"
)

// A Stanza is a *Message, a *Presence or an *IQ: no other type implements it. It is plain data and holds no connection; it
// may be read by several goroutines at once as long as none changes it.
type Stanza interface {
	// Kind returns "message", "presence" or "iq".
	Kind() string
	// Header returns a copy of the attributes that all kinds have in common (RFC 6120 §8.1).
	Header() Header
	// Elements returns the payloads: Message.Payloads, Presence.Payloads, or the one of an IQ, if it has one.
	Elements() []Element
	// Failure returns the stanza's error; nil unless its type is "error".
	Failure() *Error

	payloads() payloadList
}

// A Header holds the attributes that RFC 6120 §8.1 defines for all kinds of stanza.
type Header struct {
	ID       string
	From, To jid.JID
	Type     string // as it stands on the wire: "" is a normal message or available presence
	Lang     string // xml:lang; "" is the language of the stream
}

// payloadList is a view of a stanza's payloads that needs no allocation.
type payloadList struct {
	one  Element // an IQ's, unless it is zero
	many []Element
}

func (l payloadList) all(yield func(Element) bool) {
	if !l.one.IsZero() && !yield(l.one) {
		return
	}
	for _, e := range l.many {
		if !yield(e) {
			return
		}
	}
}

// Parse returns the one stanza that b holds, for tests and tools: a whole message, presence or iq element in the namespace
// "jabber:client", "jabber:server" or "jabber:component:accept", with nothing but white space after it. Its errors are
// those of XML that is not well-formed and *MalformedError. The stanza does not refer to b.
func Parse(b []byte) (Stanza, error) { return parse(b, xmltext.Limits{}) }

func parse(b []byte, l xmltext.Limits) (Stanza, error) {
	d := xmltext.NewBytesDecoder(b, l)
	start, err := d.ReadToken()
	if err != nil {
		return nil, fmt.Errorf("stanza: parse: %w", unexpectedEOF(err))
	}
	st, err := NewDecoder(d).Decode(start)
	if err != nil {
		return nil, err
	}
	if err := expectEnd(d); err != nil {
		return nil, fmt.Errorf("stanza: parse: %w", err)
	}
	return st, nil
}

// Append appends st to dst as XML that stands by itself: it declares the namespace "jabber:client". It fails where AppendTo
// does, and returns dst as it was.
func Append(dst []byte, st Stanza) ([]byte, error) {
	var e xmltext.Encoder
	e.Reset(dst, "")
	e.Standalone()
	if err := AppendTo(&e, st, EncodeOptions{}); err != nil {
		return dst, err
	}
	b, err := e.Bytes()
	if err != nil {
		return dst, fmt.Errorf("stanza: %w", err)
	}
	return b, nil
}
