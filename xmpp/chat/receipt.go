package chat

import (
	"context"
	"encoding/xml"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/disco"
)

// ReceiptRequest asks to be told that a message has reached a client (XEP-0184): a payload of a message with an ID. In a room it would
// have everybody answer, so it does not belong there (§5.3).
type ReceiptRequest struct {
	XMLName xml.Name `xml:"urn:xmpp:receipts request"`
}

// A Receipt says that a message has reached a client, not that somebody has read it (XEP-0184): a payload.
type Receipt struct {
	XMLName xml.Name `xml:"urn:xmpp:receipts received"`
	ID      string   `xml:"id,attr"` // of the message
}

// ReceiptFor returns the receipt for m, a message that we got: nil where none is to be sent, since m asks for none, has no ID, is a
// receipt itself or an error, or comes from a room (XEP-0184 §5.3, §5.4).
func ReceiptFor(m *stanza.Message) *stanza.Message {
	if m.ID == "" || m.Type == stanza.GroupChat || m.Type == stanza.MessageError {
		return nil
	}
	_, asks := stanza.Find[ReceiptRequest](m)
	for _, e := range m.Payloads {
		if e.Is(ns.Receipts, "received") {
			return nil // XEP-0184 §5.4: to prevent looping
		}
	}
	if !asks {
		return nil
	}
	// XEP-0184 §7: of the same type, and with nothing else in it.
	return &stanza.Message{To: m.From, Type: m.Type, Payloads: []stanza.Element{stanza.Payload(Receipt{ID: m.ID})}}
}

// AnswerReceipts has requests for receipts answered from now on, until remove is called, and declares that. A receipt shows
// that we're online, so trusted is asked about each sender, as roster.Roster.SeesUs answers (XEP-0184 §8); nil trusts everybody. Copies and
// archived messages are not answered (§5.5), nor are our own.
func AnswerReceipts(e xmpp.Endpoint, trusted func(who jid.JID) bool) (remove func()) {
	silent := disco.Of(e).Declare(ns.Receipts)
	deaf := xmpp.OnMessage(e, func(ctx context.Context, m *stanza.Message) error {
		receipt := ReceiptFor(m)
		// RFC 6120 §8.1.2.1: without from, it's from our own account.
		if receipt == nil || m.From.IsZero() || m.From.Bare() == e.JID().Bare() || trusted != nil && !trusted(m.From) {
			return nil
		}
		return e.Send(ctx, receipt)
	}, stanza.Normal, stanza.Chat, stanza.Headline)
	return func() { deaf(); silent() }
}
