package xmltext

import (
	"errors"
	"fmt"
	"strings"
)

// Reason classes a SyntaxError, so that the stream can answer with the right condition.
type Reason uint8

// The reasons, with the stream error that RFC 6120 §4.9.3 gives for each.
const (
	NotWellFormed Reason = iota + 1 // not XML, or not namespace-well-formed: not-well-formed
	Restricted                      // comment, processing instruction, DTD or foreign entity (RFC 6120 §11.1): restricted-xml
	Encoding                        // not UTF-8 (RFC 6120 §11.6): unsupported-encoding
	LimitExceeded                   // more than Limits allows: policy-violation
	BadFormat                       // XML that a stream may not have here, text between stanzas: bad-format
)

// String returns the reason in words.
func (r Reason) String() string {
	switch r {
	case NotWellFormed:
		return "not well-formed"
	case Restricted:
		return "restricted XML"
	case Encoding:
		return "not UTF-8"
	case LimitExceeded:
		return "limit exceeded"
	case BadFormat:
		return "bad format"
	}
	return "unknown"
}

// SyntaxError says that the input is not the XML that a stream may carry. It is final: the Decoder returns it again from
// then on.
type SyntaxError struct {
	Reason Reason
	Offset int64  // of the byte at fault, from the start of the document
	Path   string // the open elements as written, from the root: /stream:stream/message/body; long ones are cut
	Msg    string // what is wrong; text from the wire is quoted
	Limit  string // the limit that was exceeded, in the words of Limits
}

// Error implements error. It holds nothing from the wire unquoted.
func (e *SyntaxError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "xmltext: %v: %s at offset %d", e.Reason, e.Msg, e.Offset)
	if e.Path != "" {
		fmt.Fprintf(&b, " in %q", e.Path)
	}
	return b.String()
}

// errNotAtStart is the programming error of a call that needs the start tag that ReadToken has just returned.
var errNotAtStart = errors.New("xmltext: ReadElement, AppendText and SkipElement must follow a start token")

// errRootElement is the programming error of asking for a stream's root as one value.
var errRootElement = errors.New("xmltext: the root of a stream is not a value to be read whole")

// fault is what a consume function found. Zero is ok; more asks for more input; all others are errors.
type fault uint8

const (
	ok fault = iota
	more
	ended // the root of a stream is closed
	faultName
	faultColon
	faultEqual
	faultQuote
	faultSpace
	faultTagEnd
	faultLess
	faultChar
	faultAmp
	faultCharRef
	faultCDEnd
	faultMismatch
	faultUnopened
	faultOutside
	faultDecl
	faultMisplaced
	faultPrefix
	faultXMLNSName
	faultBindXML
	faultBindXMLNS
	faultUnbind
	faultDupAttr
	faultDupDecl
	faultRoots
	faultMarkup
	faultComment
	faultPI
	faultDTD
	faultEntity
	faultUTF8
	faultUTF16
	faultEncoding
	faultStreamText
	faultStanzaBytes
	faultDepth
	faultAttrs
	faultNameBytes
	faultRefBytes
)

// faults gives each fault its reason and its words.
var faults = [...]struct {
	reason Reason
	msg    string
	limit  string
}{
	ok:              {},
	more:            {},
	ended:           {},
	faultName:       {reason: NotWellFormed, msg: "not a name"},
	faultColon:      {reason: NotWellFormed, msg: "not a qualified name"},
	faultEqual:      {reason: NotWellFormed, msg: "no = after the name of an attribute"},
	faultQuote:      {reason: NotWellFormed, msg: "attribute value without quotes"},
	faultSpace:      {reason: NotWellFormed, msg: "no white space before an attribute"},
	faultTagEnd:     {reason: NotWellFormed, msg: "a tag that does not end with >"},
	faultLess:       {reason: NotWellFormed, msg: "< in an attribute value"},
	faultChar:       {reason: NotWellFormed, msg: "a character that XML does not allow"},
	faultAmp:        {reason: NotWellFormed, msg: "& that begins no reference"},
	faultCharRef:    {reason: NotWellFormed, msg: "a reference to no XML character"},
	faultCDEnd:      {reason: NotWellFormed, msg: "]]> in text"},
	faultMismatch:   {reason: NotWellFormed, msg: "an end tag that is not that of the open element"},
	faultUnopened:   {reason: NotWellFormed, msg: "an end tag without a start tag"},
	faultOutside:    {reason: NotWellFormed, msg: "text outside the root element"},
	faultDecl:       {reason: NotWellFormed, msg: "a malformed XML declaration"},
	faultMisplaced:  {reason: NotWellFormed, msg: "an XML declaration that is not at the very start"},
	faultPrefix:     {reason: NotWellFormed, msg: "undeclared namespace prefix"},
	faultXMLNSName:  {reason: NotWellFormed, msg: "an element with the prefix xmlns"},
	faultBindXML:    {reason: NotWellFormed, msg: "the prefix xml and its namespace belong to each other"},
	faultBindXMLNS:  {reason: NotWellFormed, msg: "the prefix xmlns and its namespace cannot be declared"},
	faultUnbind:     {reason: NotWellFormed, msg: "a prefix declared as no namespace"},
	faultDupAttr:    {reason: NotWellFormed, msg: "duplicate attribute"},
	faultDupDecl:    {reason: NotWellFormed, msg: "duplicate namespace declaration"},
	faultRoots:      {reason: NotWellFormed, msg: "content after the root element"},
	faultMarkup:     {reason: NotWellFormed, msg: "<! that begins nothing known"},
	faultComment:    {reason: Restricted, msg: "a comment"},
	faultPI:         {reason: Restricted, msg: "a processing instruction"},
	faultDTD:        {reason: Restricted, msg: "a document type declaration"},
	faultEntity:     {reason: Restricted, msg: "a reference to an entity that is not predefined"},
	faultUTF8:       {reason: Encoding, msg: "malformed UTF-8"},
	faultUTF16:      {reason: Encoding, msg: "UTF-16 or UTF-32"},
	faultEncoding:   {reason: Encoding, msg: "a declared encoding other than UTF-8"},
	faultStreamText: {reason: BadFormat, msg: "text between the children of the stream"},

	faultStanzaBytes: {reason: LimitExceeded, msg: "too many bytes", limit: "stanza bytes"},
	faultDepth:       {reason: LimitExceeded, msg: "elements nested too deep", limit: "depth"},
	faultAttrs:       {reason: LimitExceeded, msg: "too many attributes", limit: "attributes"},
	faultNameBytes:   {reason: LimitExceeded, msg: "a name too long", limit: "name bytes"},
	faultRefBytes:    {reason: LimitExceeded, msg: "a character reference too long", limit: "reference bytes"},
}
