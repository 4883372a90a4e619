package chat

import (
	"testing"

	"github.com/canto-im/canto/internal/specexample"
	"github.com/canto-im/canto/stanza"
)

// TestExamplesOfTheXEPs holds that each example decodes and means the same when it's encoded again.
func TestExamplesOfTheXEPs(t *testing.T) {
	const discoFeature = "service discovery: package disco's"
	codecs := func(more map[string]specexample.Codec) map[string]specexample.Codec {
		more["jabber:client message"] = specexample.As[stanza.Message]()
		return more
	}
	disco := func(numbers ...string) map[string]string {
		m := map[string]string{}
		for _, n := range numbers {
			m[n] = discoFeature
		}
		return m
	}
	state := specexample.Codec(stateCodec)
	specexample.Run(t, "testdata/xep0085.xml", codecs(map[string]specexample.Codec{
		"http://jabber.org/protocol/chatstates active":    state,
		"http://jabber.org/protocol/chatstates composing": state,
		"http://jabber.org/protocol/chatstates paused":    state,
		"http://jabber.org/protocol/chatstates inactive":  state,
		"http://jabber.org/protocol/chatstates gone":      state,
	}), disco("1", "2"))
	specexample.Run(t, "testdata/xep0184.xml", codecs(map[string]specexample.Codec{
		"urn:xmpp:receipts request":  specexample.As[ReceiptRequest](),
		"urn:xmpp:receipts received": specexample.As[Receipt](),
	}), disco("1", "2"))
	specexample.Run(t, "testdata/xep0333.xml", codecs(map[string]specexample.Codec{
		"urn:xmpp:chat-markers:0 markable":  specexample.As[Markable](),
		"urn:xmpp:chat-markers:0 displayed": specexample.As[Displayed](),
	}), disco("1", "2"))
	specexample.Run(t, "testdata/xep0308.xml", codecs(map[string]specexample.Codec{
		"urn:xmpp:message-correct:0 replace": specexample.As[Replace](),
	}), disco("1", "2"))
	specexample.Run(t, "testdata/xep0424.xml", codecs(map[string]specexample.Codec{
		"urn:xmpp:message-retract:1 retract":   specexample.As[Retraction](),
		"urn:xmpp:message-retract:1 retracted": specexample.As[Retracted](),
		"urn:xmpp:fallback:0 fallback":         specexample.As[Fallback](),
		"urn:xmpp:hints store":                 hintCodec,
	}), disco("1", "2", "5", "6"))
	specexample.Run(t, "testdata/xep0425.xml", codecs(map[string]specexample.Codec{
		"urn:xmpp:message-retract:1 retract":   specexample.As[Retraction](),
		"urn:xmpp:message-retract:1 retracted": specexample.As[Retracted](),
		"urn:xmpp:occupant-id:0 occupant-id":   specexample.As[Occupant](),
	}), map[string]string{"1": discoFeature, "2": discoFeature, "6": "an answer without anything", "7": "an error of package stanza"})
	specexample.Run(t, "testdata/xep0444.xml", codecs(map[string]specexample.Codec{
		"urn:xmpp:reactions:0 reactions": specexample.As[Reactions](),
		"urn:xmpp:hints store":           hintCodec,
	}), disco("1", "2", "3"))
	specexample.Run(t, "testdata/xep0461.xml", codecs(map[string]specexample.Codec{
		"urn:xmpp:reply:0 reply":       specexample.As[Reply](),
		"urn:xmpp:fallback:0 fallback": specexample.As[Fallback](),
	}), disco("1", "2"))
	specexample.Run(t, "testdata/xep0428.xml", codecs(map[string]specexample.Codec{
		"urn:xmpp:reply:0 reply":       specexample.As[Reply](),
		"urn:xmpp:fallback:0 fallback": specexample.As[Fallback](),
	}), nil)
	specexample.Run(t, "testdata/xep0372.xml", codecs(map[string]specexample.Codec{
		"urn:xmpp:reference:0 reference": specexample.As[Reference](),
	}), disco("1", "2"))
	specexample.Run(t, "testdata/xep0334.xml", codecs(map[string]specexample.Codec{
		"urn:xmpp:hints no-copy":  hintCodec,
		"urn:xmpp:hints no-store": hintCodec,
	}), nil)
	specexample.Run(t, "testdata/xep0224.xml", codecs(map[string]specexample.Codec{
		"urn:xmpp:attention:0 attention": specexample.As[Attention](),
	}), disco("4", "5"))
	specexample.Run(t, "testdata/xep0380.xml", codecs(map[string]specexample.Codec{
		"urn:xmpp:eme:0 encryption": specexample.As[Encryption](),
	}), disco("3", "4"))
	negotiation := "stream initiation, which is not of this document"
	specexample.Run(t, "testdata/xep0066.xml", map[string]specexample.Codec{ // its message has an address that is not canonical
		"jabber:x:oob x":      specexample.As[Link](),
		"jabber:iq:oob query": specexample.As[LinkOffer](),
	}, map[string]string{"2": "an answer without anything", "6": discoFeature, "7": discoFeature, "8": negotiation, "9": negotiation, "11": "an answer without anything"})
}

// stateCodec is the Codec of states, which are five elements.
func stateCodec(s string) (string, error) {
	e, err := stanza.ParseElement(s)
	if err != nil {
		return "", err
	}
	state, _ := StateOf(&stanza.Message{Type: stanza.Chat, Payloads: []stanza.Element{e}})
	return stanza.Payload(state).String(), nil
}

// hintCodec is the Codec of hints, which are four elements.
func hintCodec(s string) (string, error) {
	e, err := stanza.ParseElement(s)
	if err != nil {
		return "", err
	}
	for _, h := range []Hint{NoPermanentStore, NoStore, NoCopy, Store} {
		if h.Has(&stanza.Message{Payloads: []stanza.Element{e}}) {
			return stanza.Payload(h).String(), nil
		}
	}
	return "", nil
}
