package stream

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// A Header is the start tag of a stream (RFC 6120 §4.7). An empty field stands for an absent attribute.
type Header struct {
	From, To string // JIDs, as they stood on the wire
	ID       string // of the stream; only the receiving entity sends one
	Lang     string // xml:lang
	Version  string // "1.0"; empty is XMPP 0.9 (RFC 6120 §4.7.5)

	// Content is the content namespace: the default namespace that Append declares, "jabber:client" when it is empty.
	// ReadHeader leaves it empty, because a peer may as well declare it on each stanza (RFC 6120 §4.8.2): the namespace of
	// the stanzas themselves counts.
	Content string
}

// Append appends the XML declaration and the start tag. An attribute whose value XML cannot carry is left out.
func (h Header) Append(dst []byte) []byte {
	content := h.Content
	if content == "" {
		content = ns.Client
	}
	dst = append(dst, `<?xml version='1.0'?><stream:stream`...) // RFC 6120 §11.5: an XML declaration SHOULD come first
	dst = appendAttr(dst, "xmlns", content)                     // RFC 6120 §4.8.2, §4.8.3
	dst = appendAttr(dst, "xmlns:stream", ns.Stream)            // RFC 6120 §4.8.1; §4.8.5: some accept no other prefix
	return append(h.appendAttrs(dst), '>')
}

// appendAttrs appends the attributes that every kind of header has.
func (h Header) appendAttrs(dst []byte) []byte {
	dst = appendAttr(dst, "version", h.Version) // RFC 6120 §4.7.5
	dst = appendAttr(dst, "from", h.From)       // RFC 6120 §4.7.1
	dst = appendAttr(dst, "to", h.To)           // RFC 6120 §4.7.2
	dst = appendAttr(dst, "id", h.ID)           // RFC 6120 §4.7.3
	return appendAttr(dst, "xml:lang", h.Lang)  // RFC 6120 §4.7.4
}

// Close is the end tag of a stream that Append has opened (RFC 6120 §4.4).
const Close = "</stream:stream>"

// appendAttr appends one attribute; nothing when value is empty or cannot be written.
func appendAttr(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	before := len(dst)
	dst = append(dst, ' ')
	dst = append(dst, name...)
	dst = append(dst, `='`...)
	dst, err := xmltext.AppendEscapedAttr(dst, value)
	if err != nil {
		return dst[:before]
	}
	return append(dst, '\'')
}

// ReadHeader reads the start tag of a stream, the first token of d. What breaks a rule is an *Error with the condition that
// RFC 6120 §4.9.3 has for it; the read errors of d come as they are, the end of the input as io.ErrUnexpectedEOF.
func ReadHeader(d *xmltext.Decoder) (Header, error) {
	h, err := readHeader(d)
	if err != nil {
		return h, err
	}
	return h, h.checkVersion()
}

// readHeader is ReadHeader for a header of any version, or none.
func readHeader(d *xmltext.Decoder) (Header, error) {
	t, err := d.ReadToken()
	if err != nil {
		return Header{}, ownError(err)
	}
	switch {
	case t.Name.Space != ns.Stream:
		// RFC 6120 §4.8.1: the root element must be in the stream namespace, else <invalid-namespace/>.
		return Header{}, newError("invalid-namespace", "the root element is in the namespace %q", t.Name.Space)
	case t.Name.Local != "stream":
		return Header{}, newError("bad-format", "the root element is %q", t.Name.Local)
	}
	return headerOf(t), nil
}

// headerOf returns the attributes of a header.
func headerOf(t *xmltext.Token) Header {
	lang, _ := t.Lang()
	return Header{From: attr(t, "from"), To: attr(t, "to"), ID: attr(t, "id"), Version: attr(t, "version"), Lang: string(lang)}
}

// checkVersion returns an error unless the version is 1.0 or later.
func (h Header) checkVersion() error {
	if h.Version == "" {
		// RFC 6120 §4.7.5: without a version it is 0.9, which knows neither features nor SASL.
		return newError("unsupported-version", "no version, which means 0.9; 1.0 is needed")
	}
	major, ok := majorVersion(h.Version)
	if !ok || major < 1 {
		return newError("unsupported-version", "version %q; 1.0 is needed", h.Version)
	}
	return nil
}

// majorVersion returns the first number of a version. RFC 6120 §4.7.5: major and minor are separate integers of any number
// of digits, leading zeros are ignored, the minor number may be higher than ours.
func majorVersion(v string) (n int, ok bool) {
	major, minor, ok := strings.Cut(v, ".")
	if !ok || !isDigits(major) || !isDigits(minor) {
		return 0, false
	}
	for _, c := range []byte(major) {
		n = min(n*10+int(c-'0'), 1<<20)
	}
	return n, true
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// attr returns an attribute without namespace; "" when it is absent.
func attr(t *xmltext.Token, local string) string {
	v, _ := t.Attr(local)
	return string(v)
}

// ownError turns what d says is wrong with the peer's XML into the stream error for it, and the end of the input where
// something had to come into io.ErrUnexpectedEOF. Others it returns as they are.
func ownError(err error) error {
	var syntax *xmltext.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return SyntaxError(syntax)
	case err == io.EOF:
		return io.ErrUnexpectedEOF
	}
	return err
}

// newError returns an error that we found.
func newError(condition, format string, args ...any) *Error {
	return &Error{Condition: condition, Text: fmt.Sprintf(format, args...)}
}
