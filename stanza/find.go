package stanza

import (
	"encoding/xml"
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// Find returns the first payload of st that has the name of T and can be decoded into a T; ok is false when there is none.
// The name of T is what the tag of its field XMLName says, as in
//
//	XMLName xml.Name `xml:"urn:xmpp:delay delay"`
//
// where the space before the local name parts it from the namespace; a tag without namespace matches any. Find panics
// when T has no such field: that is a mistake in the program, not in the stanza.
func Find[T any](st Stanza) (T, bool) {
	name := NameOf[T]()
	for e := range st.payloads().all {
		if e.name.Local != name.Local || name.Space != "" && e.name.Space != name.Space {
			continue
		}
		var v T
		if e.Decode(&v) == nil {
			return v, true
		}
	}
	var zero T
	return zero, false
}

// NameOf returns the element name that the tag of T's field XMLName gives, where T is a struct or a pointer to one. It
// panics when there is none.
func NameOf[T any]() xml.Name {
	t := reflect.TypeFor[T]()
	if n, ok := names.Load(t); ok {
		return n.(xml.Name)
	}
	n := nameOfType(t)
	names.Store(t, n)
	return n
}

// names holds what nameOfType has found: reflect.Type → xml.Name. It grows with the types of the program alone.
var names sync.Map

// nameOfType reads the tag of the XMLName field of t.
func nameOfType(t reflect.Type) xml.Name {
	s := t
	if s.Kind() == reflect.Pointer {
		s = s.Elem()
	}
	if s.Kind() == reflect.Struct {
		if f, ok := s.FieldByName("XMLName"); ok {
			tag, _, _ := strings.Cut(f.Tag.Get("xml"), ",")
			space, local, found := strings.Cut(tag, " ")
			if !found {
				space, local = "", tag
			}
			if local != "" {
				return xml.Name{Space: space, Local: local}
			}
		}
	}
	panic(fmt.Sprintf("stanza: %v has no field XMLName with a tag that names its element, such as "+
		"XMLName xml.Name `xml:\"urn:example:ns query\"`", t))
}
