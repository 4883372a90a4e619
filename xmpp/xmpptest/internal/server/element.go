package server

import (
	"iter"
	"slices"
	"strings"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// An Element is a tree of XML. It is never changed once it is built or parsed, so that routing, storing and remembering it
// share one copy; the methods that change something return another one.
type Element struct {
	Name     xmltext.Name
	Attrs    []Attr
	Children []Node
}

// An Attr is one attribute; Name.Space is empty for an unprefixed one.
type Attr struct {
	Name  xmltext.Name
	Value string
}

// A Node is a child element, or text where Element is nil.
type Node struct {
	Element *Element
	Text    string
}

// el builds an element in a namespace; the pairs are the names and values of unqualified attributes.
func el(space, local string, pairs ...string) *Element {
	e := &Element{Name: xmltext.Name{Space: space, Local: local}}
	for i := 0; i+1 < len(pairs); i += 2 {
		e.Attrs = append(e.Attrs, Attr{Name: xmltext.Name{Local: pairs[i]}, Value: pairs[i+1]})
	}
	return e
}

// with returns a copy with children added at the end; nil ones are left out.
func (e *Element) with(children ...*Element) *Element {
	c := *e
	c.Children = slices.Clip(c.Children)
	for _, child := range children {
		if child != nil {
			c.Children = append(c.Children, Node{Element: child})
		}
	}
	return &c
}

// withText returns a copy with text added at the end.
func (e *Element) withText(s string) *Element {
	c := *e
	c.Children = append(slices.Clip(c.Children), Node{Text: s})
	return &c
}

// withAttr returns a copy with an unqualified attribute set, or removed when the value is empty.
func (e *Element) withAttr(local, value string) *Element {
	c := *e
	c.Attrs = slices.DeleteFunc(slices.Clone(e.Attrs), func(a Attr) bool { return a.Name.Space == "" && a.Name.Local == local })
	if value != "" {
		c.Attrs = append(c.Attrs, Attr{Name: xmltext.Name{Local: local}, Value: value})
	}
	return &c
}

// is reports whether the element has this name.
func (e *Element) is(space, local string) bool {
	return e != nil && e.Name.Space == space && e.Name.Local == local
}

// attr returns the value of an unqualified attribute, "" when there is none.
func (e *Element) attr(local string) string { return e.attrNS("", local) }

func (e *Element) attrNS(space, local string) string {
	for _, a := range e.Attrs {
		if a.Name.Local == local && a.Name.Space == space {
			return a.Value
		}
	}
	return ""
}

// elements yields the child elements.
func (e *Element) elements() iter.Seq[*Element] {
	return func(yield func(*Element) bool) {
		for _, n := range e.Children {
			if n.Element != nil && !yield(n.Element) {
				return
			}
		}
	}
}

// child returns the first child element of that name, nil when there is none.
func (e *Element) child(space, local string) *Element {
	for c := range e.elements() {
		if c.is(space, local) {
			return c
		}
	}
	return nil
}

// first returns the first child element, nil when there is none.
func (e *Element) first() *Element {
	for c := range e.elements() {
		return c
	}
	return nil
}

// text returns the character data of the element itself.
func (e *Element) text() string {
	if len(e.Children) == 1 {
		return e.Children[0].Text
	}
	var b strings.Builder
	for _, n := range e.Children {
		if n.Element == nil {
			b.WriteString(n.Text)
		}
	}
	return b.String()
}

// encode writes the element.
func (e *Element) encode(enc *xmltext.Encoder) {
	enc.Start(e.Name)
	for _, a := range e.Attrs {
		if a.Name.Space == "" {
			enc.Attr(a.Name.Local, a.Value)
		} else {
			enc.AttrNS(a.Name, a.Value)
		}
	}
	for _, n := range e.Children {
		if n.Element != nil {
			n.Element.encode(enc)
		} else {
			enc.Text(n.Text)
		}
	}
	enc.End()
}

// append adds the element's XML to dst, for a place where space is the default namespace and stream: is declared. An
// element that came over the wire or was built here always encodes; should one not, dst comes back as it was, with the error.
func (e *Element) append(dst []byte, space string) ([]byte, error) {
	var enc xmltext.Encoder
	enc.Reset(dst, space)
	e.encode(&enc)
	b, err := enc.Bytes()
	if err != nil {
		return dst, err
	}
	return b, nil
}

// String returns the element as it stands in a client's stream: jabber:client is the default namespace.
func (e *Element) String() string {
	b, err := e.append(nil, ns.Client)
	if err != nil {
		return "<!-- " + err.Error() + " -->"
	}
	return string(b)
}

// readElement reads the rest of the element whose start tag is tok.
func readElement(d *xmltext.Decoder, tok *xmltext.Token) (*Element, error) {
	root := fromToken(tok)
	stack := []*Element{root}
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		t, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		switch t.Kind {
		case xmltext.KindStart:
			c := fromToken(t)
			top.Children = append(top.Children, Node{Element: c})
			stack = append(stack, c)
		case xmltext.KindEnd:
			stack = stack[:len(stack)-1]
		case xmltext.KindText:
			top.Children = append(top.Children, Node{Text: string(t.Text)})
		}
	}
	return root, nil
}

func fromToken(t *xmltext.Token) *Element {
	e := &Element{Name: t.Name}
	if len(t.Attrs) > 0 {
		e.Attrs = make([]Attr, len(t.Attrs))
		for i, a := range t.Attrs {
			e.Attrs[i] = Attr{Name: a.Name, Value: string(a.Value)}
		}
	}
	return e
}
