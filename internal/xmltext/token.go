package xmltext

// Namespaces that the syntax itself knows.
const (
	nsXML    = "http://www.w3.org/XML/1998/namespace" // Namespaces in XML 1.0 §3: the prefix xml
	nsXMLNS  = "http://www.w3.org/2000/xmlns/"        // Namespaces in XML 1.0 §3: the prefix xmlns
	nsStream = "http://etherx.jabber.org/streams"     // RFC 6120 §4.8.1
)

// Kind says what a Token is.
type Kind uint8

// The kinds of token. KindNone is no token: PeekKind returns it at an error and at the end.
const (
	KindNone Kind = iota
	KindStart
	KindEnd
	KindText
)

// String returns the kind as a word.
func (k Kind) String() string {
	switch k {
	case KindStart:
		return "start"
	case KindEnd:
		return "end"
	case KindText:
		return "text"
	}
	return "none"
}

// Name is a name with its namespace resolved. Both strings are interned and may be kept.
type Name struct {
	Space string // the namespace name; "" is no namespace
	Local string
}

// Attr is an attribute of a start tag, its value normalised (XML 1.0 §3.3.3). Namespace declarations are no attributes.
// Value is a view that is valid until the next call of a method of the Decoder.
type Attr struct {
	Name  Name // an attribute without prefix has Space ""
	Value []byte
}

// Token is one start tag, end tag or run of text. It is a view: Attrs and Text are valid until the next call of a method
// of the Decoder that returned it. An empty element tag is a start token followed by an end token.
type Token struct {
	Kind  Kind
	Name  Name   // of a start or end tag
	Attrs []Attr // of a start tag, in the order written
	// Text is all the character data between two tags: references replaced, CDATA sections merged in, line ends
	// normalised. It is never empty.
	Text []byte
}

// Attr returns the value of the attribute without namespace that has this name.
func (t *Token) Attr(local string) ([]byte, bool) { return t.AttrNS("", local) }

// AttrNS returns the value of the attribute that has this name.
func (t *Token) AttrNS(space, local string) ([]byte, bool) {
	for i := range t.Attrs {
		if a := &t.Attrs[i]; a.Name.Local == local && a.Name.Space == space {
			return a.Value, true
		}
	}
	return nil, false
}

// Lang returns the value of xml:lang.
func (t *Token) Lang() ([]byte, bool) { return t.AttrNS(nsXML, "lang") }
