package specexample

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A Node is an element: its name, its attributes without declarations of namespaces, its children, and its text if it has none.
type Node struct {
	Name     xml.Name
	Attrs    []xml.Attr
	Children []*Node
	Text     string
}

// Parse reads the elements that s holds side by side. Elements without a namespace are put into space.
func Parse(s, space string) ([]*Node, error) {
	d := xml.NewDecoder(strings.NewReader(s))
	d.DefaultSpace = space
	top := &Node{}
	if err := top.read(d, 0); err != nil {
		return nil, err
	}
	if text := strings.TrimSpace(top.Text); text != "" {
		return nil, fmt.Errorf("specexample: %q stands outside of any element", text)
	}
	return top.Children, nil
}

func (n *Node) read(d *xml.Decoder, depth int) error {
	for {
		tok, err := d.Token()
		if err == io.EOF && depth == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("specexample: %w", err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			child := &Node{Name: tok.Name}
			for _, a := range tok.Attr {
				if a.Name.Local != "xmlns" && a.Name.Space != "xmlns" {
					child.Attrs = append(child.Attrs, a)
				}
			}
			if err := child.read(d, depth+1); err != nil {
				return err
			}
			n.Children = append(n.Children, child)
		case xml.CharData:
			n.Text += string(tok)
		case xml.EndElement:
			return nil
		}
	}
}

// All yields n and the elements in it.
func (n *Node) All(yield func(*Node) bool) bool {
	if !yield(n) {
		return false
	}
	for _, c := range n.Children {
		if !c.All(yield) {
			return false
		}
	}
	return true
}

// String returns n as XML that stands by itself.
func (n *Node) String() string {
	var b strings.Builder
	n.write(&b, "")
	return b.String()
}

func (n *Node) write(b *strings.Builder, space string) {
	fmt.Fprintf(b, "<%s", n.Name.Local)
	if n.Name.Space != space {
		fmt.Fprintf(b, " xmlns=%s", quote(n.Name.Space))
	}
	for i, a := range n.Attrs {
		switch a.Name.Space {
		case "":
			fmt.Fprintf(b, " %s=%s", a.Name.Local, quote(a.Value))
		case "http://www.w3.org/XML/1998/namespace", "xml":
			fmt.Fprintf(b, " xml:%s=%s", a.Name.Local, quote(a.Value))
		default:
			fmt.Fprintf(b, " xmlns:a%d=%s a%d:%s=%s", i, quote(a.Name.Space), i, a.Name.Local, quote(a.Value))
		}
	}
	b.WriteByte('>')
	if len(n.Children) == 0 {
		_ = xml.EscapeText(b, []byte(n.Text)) // a Builder takes all
	}
	for _, c := range n.Children {
		c.write(b, n.Name.Space)
	}
	fmt.Fprintf(b, "</%s>", n.Name.Local)
}

func quote(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes all
	return `"` + b.String() + `"`
}

// Meaning returns what n means, a line for each element, attribute and text.
func (n *Node) Meaning() string {
	var b strings.Builder
	n.mean(&b, "")
	return b.String()
}

func (n *Node) mean(b *strings.Builder, indent string) {
	fmt.Fprintf(b, "%s{%s}%s\n", indent, n.Name.Space, n.Name.Local)
	indent += "  "
	attrs := slices.Clone(n.Attrs)
	slices.SortFunc(attrs, func(x, y xml.Attr) int { return byName(x.Name, y.Name) })
	for _, a := range attrs {
		fmt.Fprintf(b, "%s@{%s}%s=%q\n", indent, a.Name.Space, a.Name.Local, a.Value)
	}
	if text := strings.TrimSpace(n.Text); text != "" && len(n.Children) == 0 {
		fmt.Fprintf(b, "%s%q\n", indent, text)
	}
	children := slices.Clone(n.Children)
	slices.SortStableFunc(children, func(x, y *Node) int { return byName(x.Name, y.Name) })
	for _, c := range children {
		c.mean(b, indent)
	}
}

func byName(x, y xml.Name) int {
	return cmp.Or(strings.Compare(x.Space, y.Space), strings.Compare(x.Local, y.Local))
}

// Meaning returns what the one element in s means; see the package's documentation. An element without a namespace is in
// "jabber:client".
func Meaning(s string) (string, error) {
	list, err := Parse(s, client)
	if err != nil {
		return "", err
	}
	if len(list) != 1 {
		return "", fmt.Errorf("specexample: %d elements in place of one", len(list))
	}
	return list[0].Meaning(), nil
}

// client is the namespace of the stanzas in the examples, which mostly leave it out.
const client = "jabber:client"
