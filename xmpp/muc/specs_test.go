package muc

import (
	"testing"

	"github.com/canto-im/canto/internal/specexample"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/form"
)

// Each example stanza of these XEPs decodes into our types and means the same when it's sent on.
func TestExamplesOfTheXEPs(t *testing.T) {
	codecs := map[string]specexample.Codec{
		"jabber:client message":                      specexample.As[stanza.Message](),
		"jabber:client presence":                     specexample.As[stanza.Presence](),
		"jabber:client iq":                           specexample.As[stanza.IQ](),
		"http://jabber.org/protocol/muc x":           specexample.As[joinX](),
		"http://jabber.org/protocol/muc#user x":      specexample.As[userX](),
		"http://jabber.org/protocol/muc#admin query": specexample.As[adminQuery](),
		"http://jabber.org/protocol/muc#owner query": specexample.As[ownerQuery](),
		"jabber:iq:register query":                   specexample.As[registerQuery](),
		"jabber:x:conference x":                      specexample.As[conferenceX](),
		"jabber:x:data x":                            specexample.As[form.Form](),
		"urn:xmpp:ping ping":                         specexample.As[pingX](),
		"urn:xmpp:hats:0 hats":                       specexample.As[hatsX](),
		"urn:xmpp:occupant-id:0 occupant-id":         specexample.As[occupantIDX](),
		"urn:xmpp:message-moderate:1 moderate":       specexample.As[moderateX](),
		"urn:xmpp:message-retract:1 retract":         specexample.As[retractX](),
	}
	for file, names := range map[string][]string{
		"0045": {"jabber:client message", "jabber:client presence", "jabber:client iq", "http://jabber.org/protocol/muc x", "http://jabber.org/protocol/muc#user x", "http://jabber.org/protocol/muc#admin query",
			"http://jabber.org/protocol/muc#owner query", "jabber:iq:register query", "jabber:x:data x"},
		"0249": {"jabber:client message", "jabber:client iq", "jabber:x:conference x"},
		"0317": {"jabber:client message", "jabber:client presence", "jabber:client iq", "urn:xmpp:hats:0 hats", "jabber:x:data x"},
		"0410": {"jabber:client iq", "urn:xmpp:ping ping"},
		"0421": {"jabber:client message", "jabber:client presence", "jabber:client iq", "urn:xmpp:occupant-id:0 occupant-id"},
		"0425": {"jabber:client message", "jabber:client iq", "urn:xmpp:message-moderate:1 moderate", "urn:xmpp:message-retract:1 retract"},
	} {
		t.Run(file, func(t *testing.T) {
			some := map[string]specexample.Codec{}
			for _, name := range names {
				some[name] = codecs[name]
			}
			specexample.Run(t, "testdata/xep"+file+".xml", some, nil)
		})
	}
}
