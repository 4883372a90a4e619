package specexample

import (
	"encoding/xml"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// An Example is one of a XEP.
type Example struct {
	XEP, Number, Title string
	Elements           []*Node // mostly one
}

// All yields the elements of the example, and those in them.
func (x *Example) All(yield func(*Node) bool) {
	for _, n := range x.Elements {
		if !n.All(yield) {
			return
		}
	}
}

// Find returns the first element of that name in the example, as XML that stands by itself; it fails the test if there is none.
func (x *Example) Find(t testing.TB, space, local string) string {
	t.Helper()
	for n := range x.All {
		if n.Name == (xml.Name{Space: space, Local: local}) {
			return n.String()
		}
	}
	t.Fatalf("XEP-%s example %s has no %q %q", x.XEP, x.Number, space, local)
	return ""
}

// Load reads a file of examples; it fails the test if it can't.
func Load(t testing.TB, file string) []*Example {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	list, err := parseFile(string(b))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return list
}

func parseFile(s string) (list []*Example, err error) {
	root, err := Parse(s, "")
	if err != nil {
		return nil, err
	}
	if len(root) != 1 || root[0].Name.Local != "examples" {
		return nil, fmt.Errorf("specexample: the file is no <examples/>")
	}
	numbers := map[string]bool{}
	for _, n := range root[0].Children {
		x := &Example{XEP: root[0].attr("xep"), Number: n.attr("number"), Title: n.attr("title"), Elements: n.Children}
		switch {
		case n.Name != xml.Name{Space: client, Local: "example"}:
			return nil, fmt.Errorf("specexample: %q stands where an <example xmlns=%q/> should", n.Name.Local, client)
		case x.Number == "" || numbers[x.Number]:
			return nil, fmt.Errorf("specexample: the number %q is none, or it's there twice", x.Number)
		case len(x.Elements) == 0:
			return nil, fmt.Errorf("specexample: example %s is empty", x.Number)
		}
		numbers[x.Number] = true
		list = append(list, x)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("specexample: the file has no example")
	}
	return list, nil
}

func (n *Node) attr(local string) string {
	for _, a := range n.Attrs {
		if a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}

// Get returns the example of that number; it fails the test if there is none.
func Get(t testing.TB, file, number string) *Example {
	t.Helper()
	for _, x := range Load(t, file) {
		if x.Number == number {
			return x
		}
	}
	t.Fatalf("%s has no example %s", file, number)
	return nil
}

// A Codec decodes an element and encodes it again.
type Codec func(xml string) (again string, err error)

// As is the Codec of the type T, by encoding/xml.
func As[T any]() Codec {
	return func(s string) (string, error) {
		var v T
		if err := xml.Unmarshal([]byte(s), &v); err != nil {
			return "", err
		}
		b, err := xml.Marshal(v)
		return string(b), err
	}
}

// Run tests the examples of file with the codecs, which are named by namespace and local name, as in a tag of encoding/xml. none
// says why there is nothing to decode in an example, by its number.
func Run(t *testing.T, file string, codecs map[string]Codec, none map[string]string) {
	t.Helper()
	unused, reasons := maps.Clone(codecs), maps.Clone(none)
	for _, x := range Load(t, file) {
		delete(reasons, x.Number)
		t.Run(fmt.Sprintf("XEP-%s example %s: %s", x.XEP, x.Number, x.Title), func(t *testing.T) {
			problem := x.problem(codecs, none[x.Number], func(name string) { delete(unused, name) })
			if problem != "" {
				t.Error(problem)
			}
		})
	}
	for _, name := range slices.Sorted(maps.Keys(unused)) {
		t.Errorf("%s: no example needs the codec of %q", file, name)
	}
	for _, number := range slices.Sorted(maps.Keys(reasons)) {
		t.Errorf("%s: there is a reason for an example %s, which is not there", file, number)
	}
}

// problem returns what is wrong with an example; "" is nothing.
func (x *Example) problem(codecs map[string]Codec, reason string, used func(name string)) string {
	var found []string
	for n := range x.All {
		name := n.Name.Space + " " + n.Name.Local
		codec := codecs[name]
		if codec == nil {
			continue
		}
		used(name)
		found = append(found, name)
		if p := n.again(codec); p != "" {
			return p
		}
	}
	switch {
	case len(found) == 0 && reason == "":
		return "nothing in this example has a codec, and no reason is given"
	case len(found) > 0 && reason != "":
		return fmt.Sprintf("%q has a codec here, although there is a reason why nothing should: %s", found, reason)
	}
	return ""
}

// again takes n through the codec and returns what went wrong; "" is nothing.
func (n *Node) again(codec Codec) string {
	raw := n.String()
	out, err := codec(raw)
	if err != nil {
		return fmt.Sprintf("%s\ncan't be decoded and encoded: %v", raw, err)
	}
	got, err := Meaning(out)
	if err != nil {
		return fmt.Sprintf("%s\nbecame %q: %v", raw, out, err)
	}
	if want := n.Meaning(); got != want {
		return "the meaning has changed (- as it was, + as it came out):\n" + diff(want, got)
	}
	return ""
}

// diff marks the lines that only one of them has, by the longest beginning and end that they share.
func diff(want, got string) string {
	w, g := strings.SplitAfter(want, "\n"), strings.SplitAfter(got, "\n")
	first := 0
	for first < min(len(w), len(g)) && w[first] == g[first] {
		first++
	}
	last := 0
	for last < min(len(w), len(g))-first && w[len(w)-1-last] == g[len(g)-1-last] {
		last++
	}
	var b strings.Builder
	put := func(sign string, lines []string) {
		for _, l := range lines {
			if l != "" {
				b.WriteString(sign + l)
			}
		}
	}
	put("  ", w[:first])
	put("- ", w[first:len(w)-last])
	put("+ ", g[first:len(g)-last])
	put("  ", w[len(w)-last:])
	return b.String()
}
