package disco

import (
	"testing"

	"github.com/canto-im/canto/internal/specexample"
	"github.com/canto-im/canto/stanza"
)

// TestExamplesOfTheXEPs holds that each example decodes and means the same when it's encoded again.
func TestExamplesOfTheXEPs(t *testing.T) {
	iq, presence, info, items := specexample.As[stanza.IQ](), specexample.As[stanza.Presence](), specexample.As[query](), specexample.As[itemsQuery]()
	specexample.Run(t, "testdata/xep0030.xml", map[string]specexample.Codec{
		"jabber:client iq": func(s string) (string, error) {
			if e, err := stanza.ParseElement(s); err == nil && e.Attr("id") == "" {
				return s, nil // what a URI stands for gets an id when it's sent: its query is looked at alone
			}
			return iq(s)
		},
		"http://jabber.org/protocol/disco#info query":  info,
		"http://jabber.org/protocol/disco#items query": items,
	}, map[string]string{"25": "a URI: package jid's", "27": "a URI: package jid's"})
	specexample.Run(t, "testdata/xep0115.xml", map[string]specexample.Codec{
		"jabber:client iq":                            iq,
		"jabber:client presence":                      presence,
		"http://jabber.org/protocol/disco#info query": info,
		"http://jabber.org/protocol/caps c":           specexample.As[caps](),
	}, nil)
	specexample.Run(t, "testdata/xep0390.xml", map[string]specexample.Codec{
		"jabber:client iq":                            iq,
		"jabber:client presence":                      presence,
		"http://jabber.org/protocol/disco#info query": info,
		"urn:xmpp:caps c":                             specexample.As[caps2](),
	}, nil)
	specexample.Run(t, "testdata/xep0128.xml", map[string]specexample.Codec{
		"jabber:client iq": iq,
		"http://jabber.org/protocol/disco#info query": info,
	}, nil)
}
