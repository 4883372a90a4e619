package form

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/canto-im/canto/internal/datetime"
	"github.com/canto-im/canto/jid"
)

// Typed is what a field can be read as and filled in with. A string is the whole text, its lines parted by "\n"; a time.Time
// is a moment of XEP-0082.
type Typed interface {
	string | bool | int | jid.JID | time.Time | []string | []jid.JID
}

// Get returns the value of the field of that name. The error is a *FieldError: ErrNoField, ErrMissing, or ErrType if the value
// is no T. A string, a list and a bool are never missing: a boolean without a value is false (XEP-0004 §3.3). Addresses that
// are there twice are given once.
func Get[T Typed](l Fields, name string) (T, error) {
	var v T
	f := l.Field(name)
	if f == nil {
		return v, &FieldError{Var: name, Err: ErrNoField}
	}
	var err error
	switch p := any(&v).(type) {
	case *string:
		*p = f.Text()
	case *[]string:
		*p = slices.Clone(f.Values)
	case *[]jid.JID:
		*p, err = addresses(f.Values)
	case *bool:
		if len(f.Values) > 0 {
			*p, err = truth(f.Text())
		}
	case *int:
		*p, err = one(f, strconv.Atoi)
	case *jid.JID:
		*p, err = one(f, jid.Parse)
	case *time.Time:
		*p, err = one(f, datetime.Parse)
	}
	if err != nil {
		return v, f.fail(err)
	}
	return v, nil
}

// one reads a value with parse.
func one[T any](f *Field, parse func(string) (T, error)) (T, error) {
	var zero T
	s := strings.TrimSpace(f.Text())
	if s == "" {
		return zero, ErrMissing
	}
	v, err := parse(s)
	if err != nil {
		return zero, ErrType
	}
	return v, nil
}

// truth reads an xs:boolean (XEP-0004 §3.3).
func truth(s string) (bool, error) {
	switch strings.TrimSpace(s) {
	case "1", "true":
		return true, nil
	case "0", "false":
		return false, nil
	}
	return false, ErrType
}

// addresses reads those of a jid-multi. XEP-0004 §3.3: duplicates must be ignored.
func addresses(values []string) (list []jid.JID, err error) {
	seen := make(map[jid.JID]bool, len(values))
	for _, s := range values {
		j, err := jid.Parse(strings.TrimSpace(s))
		if err != nil {
			return nil, ErrType
		}
		if !seen[j] {
			seen[j] = true
			list = append(list, j)
		}
	}
	return list, nil
}

// Of returns a field with that value: for a form of one's own, where the reader knows what the name means. Its type is the one
// that goes with the value: TextSingle or TextMulti for a string, ListMulti for strings, and so on.
func Of[T Typed](name string, v T) Field {
	f := Field{Var: name}
	switch v := any(v).(type) {
	case string:
		f.Type = TextSingle
		if f.Values = lines(v); len(f.Values) > 1 {
			f.Type = TextMulti
		}
		return f
	case bool:
		f.Type = Boolean
	case jid.JID:
		f.Type = JIDSingle
	case []jid.JID:
		f.Type = JIDMulti
	case []string:
		f.Type = ListMulti
	default:
		f.Type = TextSingle
	}
	f.Values = values(v)
	return f
}

// Set fills the field of that name in. What the form says of its values is held to: their type, the options, how many there
// may be, and the rules of XEP-0122. The error is a *FieldError, and the field is then as it was. Choices of a list are put
// into the order of its options. An empty string is an empty value, an empty list takes all away.
func Set[T Typed](l Fields, name string, v T) error {
	f := l.Field(name)
	if f == nil {
		return &FieldError{Var: name, Err: ErrNoField}
	}
	given := values(v)
	switch s, isText := any(v).(string); {
	case isText && f.Type == TextMulti:
		given = lines(s)
	case f.Type == ListMulti:
		given = f.inOrder(given)
	}
	if err := f.check(given); err != nil {
		return f.fail(err)
	}
	f.Values = given
	return nil
}

// values writes v as a field has it: never nil.
func values[T Typed](v T) []string {
	switch v := any(v).(type) {
	case string:
		return []string{v}
	case bool:
		if v {
			return []string{"1"}
		}
		return []string{"0"}
	case []string:
		return append([]string{}, v...)
	case []jid.JID:
		list := make([]string, len(v))
		for i, j := range v {
			list[i] = j.String()
		}
		return list
	case time.Time:
		return []string{datetime.Format(v)}
	}
	return []string{fmt.Sprint(v)} // an int or an address
}

// lines cuts a text as XEP-0004 §3.3 wants it: no value has a line break in it.
func lines(s string) []string {
	return strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s), "\n")
}

// inOrder puts choices into the order of the options, and what is none of them behind. XEP-0004 §3.3: the order must not be
// modified.
func (f *Field) inOrder(given []string) []string {
	place := func(s string) int {
		if i := slices.IndexFunc(f.Options, func(o Option) bool { return o.Value == s }); i >= 0 {
			return i
		}
		return len(f.Options)
	}
	slices.SortStableFunc(given, func(a, b string) int { return place(a) - place(b) })
	return given
}
