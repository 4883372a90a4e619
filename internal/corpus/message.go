package corpus

import "encoding/xml"

// A Message is what encoding/xml needs to hold the same as a stanza.Message: every benchmark's twin.
type Message struct {
	XMLName  xml.Name  `xml:"message"`
	ID       string    `xml:"id,attr"`
	From     string    `xml:"from,attr"`
	To       string    `xml:"to,attr"`
	Type     string    `xml:"type,attr"`
	Lang     string    `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
	Subject  string    `xml:"subject"`
	Body     string    `xml:"body"`
	Thread   string    `xml:"thread"`
	Payloads []Element `xml:",any"`
}

// An Element is any child of a Message: its name, its attributes and what it holds, as it stands.
type Element struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Inner   string     `xml:",innerxml"`
}
