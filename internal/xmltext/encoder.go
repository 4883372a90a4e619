package xmltext

import (
	"fmt"
	"strconv"
)

// EncodeError says what could not be written.
type EncodeError struct {
	Path   string // the open elements, from the root: /message/body
	Offset int    // of the byte at fault in the string given
	Msg    string // what is wrong
}

// Error implements error.
func (e *EncodeError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("xmltext: cannot write %s (byte %d)", e.Msg, e.Offset)
	}
	return fmt.Sprintf("xmltext: cannot write %s (byte %d) in %q", e.Msg, e.Offset, e.Path)
}

// Encoder writes XML by appending to a []byte. Each namespace is declared once, where it is first needed: an element whose
// namespace is not the default in scope makes it the default, an attribute's namespace gets a prefix. Names, characters and
// duplicate attributes are checked; the first error sticks, and Bytes returns it. The zero value is ready, with nothing in
// scope but the prefixes xml and stream. It is for one goroutine at a time.
type Encoder struct {
	buf     []byte
	err     error
	open    []openElem
	binds   []bind
	attrs   []Name // of the start tag being written
	dflt    string // the default namespace in scope
	inTag   bool   // a start tag lacks its >
	bare    bool   // the prefix stream is not in scope
	dups    attrSet
	scratch []Attr
}

// openElem is an element to be closed.
type openElem struct {
	prefix, local string
	dflt          string // the default namespace to be restored
	binds         int    // the number of prefixes to be restored
}

// bind is a prefix in scope. One made for an attribute is not used for elements.
type bind struct {
	prefix, space string
	made          bool
}

// Reset makes the Encoder append to buf, with defaultNS as the default namespace in scope ("" is none). The prefix stream
// is in scope, as it is inside a stream (RFC 6120 §4.8.5).
func (e *Encoder) Reset(buf []byte, defaultNS string) {
	e.buf, e.err, e.dflt = buf, nil, defaultNS
	e.open, e.binds, e.attrs = e.open[:0], e.binds[:0], e.attrs[:0]
	e.inTag, e.bare = false, false
}

// Standalone says, after Reset, that the prefix stream is not in scope: what is written stands outside of a stream, as in
// a WebSocket frame (RFC 7395 §3.3.3).
func (e *Encoder) Standalone() { e.bare = true }

// Bytes returns the buffer with what was written, the start tag closed, or the first error. Elements may be open.
func (e *Encoder) Bytes() ([]byte, error) {
	e.closeTag()
	if e.err != nil {
		return nil, e.err
	}
	return e.buf, nil
}

// Err returns the first error.
func (e *Encoder) Err() error { return e.err }

// Start opens an element and declares its namespace unless it is in scope. A name without Space is in no namespace.
func (e *Encoder) Start(name Name) {
	e.closeTag()
	if e.err != nil {
		return
	}
	if !isNCName(name.Local) {
		e.fail(0, "the element name "+strconv.Quote(name.Local))
		return
	}
	prefix, declare := e.elementPrefix(name.Space)
	e.open = append(e.open, openElem{prefix: prefix, local: name.Local, dflt: e.dflt, binds: len(e.binds)})
	e.inTag, e.attrs = true, e.attrs[:0]
	e.buf = append(e.buf, '<')
	e.name(prefix, name.Local)
	if declare {
		e.declare(prefix, name.Space)
	}
}

// elementPrefix chooses the prefix for an element, and says whether it has to be declared.
func (e *Encoder) elementPrefix(space string) (prefix string, declare bool) {
	if space == e.dflt {
		return "", false
	}
	for i := len(e.binds) - 1; i >= 0; i-- {
		if b := &e.binds[i]; b.space == space && !b.made && e.lookup(b.prefix) == space {
			return b.prefix, false
		}
	}
	switch space {
	case nsXML:
		return "xml", false
	case nsStream:
		return "stream", e.lookup("stream") != nsStream
	}
	return "", true
}

// lookup returns the namespace of a prefix in scope, or "".
func (e *Encoder) lookup(prefix string) string {
	for i := len(e.binds) - 1; i >= 0; i-- {
		if e.binds[i].prefix == prefix {
			return e.binds[i].space
		}
	}
	if prefix == "stream" && !e.bare {
		return nsStream
	}
	return ""
}

// declare writes a declaration and takes it into scope.
func (e *Encoder) declare(prefix, space string) {
	if space == nsXMLNS || (space == nsXML) != (prefix == "xml") {
		e.fail(0, "a declaration of the namespace "+strconv.Quote(space)) // Namespaces in XML 1.0 §3
		return
	}
	e.buf = append(e.buf, " xmlns"...)
	if prefix == "" {
		e.dflt = space
	} else {
		e.buf = append(append(e.buf, ':'), prefix...)
		e.binds = append(e.binds, bind{prefix: prefix, space: space})
	}
	e.value(space)
}

// Declare writes a namespace declaration in the start tag just opened, so that what is inside can use it: of the default
// namespace with the prefix "". It is for stream headers; elements and attributes declare what they need by themselves.
func (e *Encoder) Declare(prefix, space string) {
	if e.err != nil {
		return
	}
	switch top, here := e.top(); {
	case !here:
		e.fail(0, "a declaration outside of a start tag")
	case prefix == "":
		e.declareDefault(top, space)
	case !isNCName(prefix) || prefix == "xmlns" || space == "": // Namespaces in XML 1.0 §3, §6.1
		e.fail(0, "a declaration of the prefix "+strconv.Quote(prefix))
	case !e.declaredHere(prefix, top.binds):
		e.declare(prefix, space)
	case e.lookup(prefix) != space:
		e.fail(0, "a second declaration of the prefix "+strconv.Quote(prefix))
	}
}

// declareDefault declares the default namespace in the start tag of top.
func (e *Encoder) declareDefault(top *openElem, space string) {
	declared := e.dflt != top.dflt
	switch {
	case space == e.dflt && (declared || top.prefix == ""): // it is in scope
	case top.prefix == "":
		e.fail(0, "a default namespace other than that of the element")
	case declared:
		e.fail(0, "a second declaration of the default namespace")
	default:
		e.declare("", space)
	}
}

func (e *Encoder) declaredHere(prefix string, from int) bool {
	for _, b := range e.binds[from:] {
		if b.prefix == prefix {
			return true
		}
	}
	return false
}

// top returns the open element, and whether its start tag is being written.
func (e *Encoder) top() (*openElem, bool) {
	if !e.inTag {
		return nil, false
	}
	return &e.open[len(e.open)-1], true
}

// Attr writes an attribute without namespace. It must follow Start or another attribute.
func (e *Encoder) Attr(local, value string) { e.AttrNS(Name{Local: local}, value) }

// AttrNS writes an attribute; its namespace gets a prefix unless it has one in scope.
func (e *Encoder) AttrNS(name Name, value string) { e.attr(name, view(value)) }

func (e *Encoder) attr(name Name, value []byte) {
	if e.err != nil {
		return
	}
	switch {
	case !e.inTag:
		e.fail(0, "an attribute outside of a start tag")
	case !isNCName(name.Local) || name.Space == "" && name.Local == "xmlns":
		e.fail(0, "the attribute name "+strconv.Quote(name.Local))
	default:
		e.attrs = append(e.attrs, name)
		prefix := e.attrPrefix(name.Space)
		e.buf = append(e.buf, ' ')
		e.name(prefix, name.Local)
		e.valueBytes(value)
	}
}

// attrPrefix returns the prefix for an attribute's namespace, declaring one when there is none.
func (e *Encoder) attrPrefix(space string) string {
	switch space {
	case "":
		return ""
	case nsXML:
		return "xml"
	}
	for i := len(e.binds) - 1; i >= 0; i-- {
		if b := &e.binds[i]; b.space == space && e.lookup(b.prefix) == space {
			return b.prefix
		}
	}
	if space == nsStream && e.lookup("stream") == nsStream {
		return "stream"
	}
	n := len(e.binds) + 1
	prefix := "ns" + strconv.Itoa(n)
	for e.lookup(prefix) != "" {
		n++
		prefix = "ns" + strconv.Itoa(n)
	}
	e.declare(prefix, space)
	if e.err == nil {
		e.binds[len(e.binds)-1].made = true
	}
	return prefix
}

// Text writes character data, escaped.
func (e *Encoder) Text(s string) { e.TextBytes(view(s)) }

// TextBytes is Text for a []byte.
func (e *Encoder) TextBytes(s []byte) {
	if len(s) == 0 || e.err != nil {
		return
	}
	e.closeTag()
	out, n, f := appendEscapedText(e.buf, s)
	if f != ok {
		e.fail(n, faults[f].msg)
		return
	}
	e.buf = out
}

// End closes the open element; one without content becomes an empty element tag.
func (e *Encoder) End() {
	if e.err != nil {
		return
	}
	if len(e.open) == 0 {
		e.fail(0, "an end tag without a start tag")
		return
	}
	top := &e.open[len(e.open)-1]
	if e.inTag {
		e.checkAttrs()
		e.inTag = false
		e.buf = append(e.buf, '/', '>')
	} else {
		e.buf = append(e.buf, '<', '/')
		e.name(top.prefix, top.local)
		e.buf = append(e.buf, '>')
	}
	e.dflt, e.binds = top.dflt, e.binds[:top.binds]
	e.open = e.open[:len(e.open)-1]
}

// Empty writes an element without attributes and content.
func (e *Encoder) Empty(name Name) {
	e.Start(name)
	e.End()
}

// Element writes an element that has text only.
func (e *Encoder) Element(name Name, text string) {
	e.Start(name)
	e.Text(text)
	e.End()
}

// Raw writes an element that stands alone, as ReadElement returns it, as it is. It is not checked again.
func (e *Encoder) Raw(xml string) { e.RawBytes(view(xml)) }

// RawBytes is Raw for a []byte.
func (e *Encoder) RawBytes(xml []byte) {
	e.closeTag()
	if e.err == nil {
		e.buf = append(e.buf, xml...)
	}
}

// Token writes a token of a Decoder.
func (e *Encoder) Token(t *Token) {
	switch t.Kind {
	case KindStart:
		e.Start(t.Name)
		for i := range t.Attrs {
			e.attr(t.Attrs[i].Name, t.Attrs[i].Value)
		}
	case KindEnd:
		e.End()
	case KindText:
		e.TextBytes(t.Text)
	}
}

func (e *Encoder) name(prefix, local string) {
	if prefix != "" {
		e.buf = append(append(e.buf, prefix...), ':')
	}
	e.buf = append(e.buf, local...)
}

func (e *Encoder) value(s string) { e.valueBytes(view(s)) }

func (e *Encoder) valueBytes(s []byte) {
	if e.err != nil {
		return
	}
	e.buf = append(e.buf, '=', '\'')
	out, n, f := appendEscapedValue(e.buf, s)
	if f != ok {
		e.fail(n, faults[f].msg)
		return
	}
	e.buf = append(out, '\'')
}

func (e *Encoder) closeTag() {
	if e.inTag && e.err == nil {
		e.checkAttrs()
		e.inTag = false
		e.buf = append(e.buf, '>')
	}
}

// checkAttrs looks for duplicates among the attributes of the start tag (XML 1.0 §3.1).
func (e *Encoder) checkAttrs() {
	dup := -1
	if len(e.attrs) > pairwise {
		e.scratch = e.scratch[:0]
		for _, n := range e.attrs {
			e.scratch = append(e.scratch, Attr{Name: n})
		}
		dup = e.dups.duplicate(e.scratch)
	} else {
		dup = duplicateNames(e.attrs)
	}
	if dup >= 0 {
		e.fail(0, "a second attribute "+strconv.Quote(e.attrs[dup].Local))
	}
}

func duplicateNames(names []Name) int {
	for i := range names {
		for j := range i {
			if names[i] == names[j] {
				return i
			}
		}
	}
	return -1
}

func (e *Encoder) fail(n int, msg string) {
	if e.err == nil {
		e.err = &EncodeError{Path: e.path(), Offset: n, Msg: msg}
	}
}

func (e *Encoder) path() string {
	var b []byte
	for i := range e.open {
		if len(b) > maxPath {
			return string(append(b, "/…"...))
		}
		b = append(append(b, '/'), clip(e.open[i].local)...)
	}
	return string(b)
}
