package xmpp_test

import "encoding/xml"

// version is a payload of a program's own (XEP-0092).
type version struct {
	XMLName xml.Name `xml:"jabber:iq:version query"`
	Name    string   `xml:"name,omitempty"`
	Version string   `xml:"version,omitempty"`
}
