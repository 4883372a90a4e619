package entity

import (
	"testing"

	"github.com/canto-im/canto/internal/specexample"
	"github.com/canto-im/canto/stanza"
)

// TestExamplesOfTheXEPs holds that each example decodes and means the same when it's encoded again.
func TestExamplesOfTheXEPs(t *testing.T) {
	iq := specexample.As[stanza.IQ]()
	specexample.Run(t, "testdata/xep0199.xml", map[string]specexample.Codec{
		"jabber:client iq":   iq,
		"urn:xmpp:ping ping": specexample.As[ping](),
	}, nil)
	typeless := "an iq without a type, which is none (RFC 6120 §8.2.3); its query is package disco's"
	specexample.Run(t, "testdata/xep0092.xml", map[string]specexample.Codec{
		"jabber:iq:version query": software,
	}, map[string]string{"3": typeless, "4": typeless})
	specexample.Run(t, "testdata/xep0202.xml", map[string]specexample.Codec{
		"jabber:client iq":   iq,
		"urn:xmpp:time time": specexample.As[clock](),
	}, nil)
	specexample.Run(t, "testdata/xep0012.xml", map[string]specexample.Codec{
		"jabber:client iq":     iq,
		"jabber:iq:last query": specexample.As[lastQuery](),
	}, nil)
}

// software is the codec of both the question and the answer, which share a name.
func software(s string) (string, error) {
	if e, err := stanza.ParseElement(s); err == nil && e.Child("", "name").IsZero() {
		return specexample.As[softwareQuery]()(s)
	}
	return specexample.As[Software]()(s)
}
