package form

import (
	"testing"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/stretchr/testify/require"
)

// all are fields of every type.
func all() Fields {
	return Fields{
		{Var: "bool", Type: Boolean}, {Var: "fixed", Type: Fixed, Values: []string{"heading"}}, {Var: "hidden", Type: Hidden},
		{Var: "jids", Type: JIDMulti}, {Var: "jid", Type: JIDSingle},
		{Var: "some", Type: ListMulti, Options: []Option{{Value: "a"}, {Value: "b"}, {Value: "c"}}},
		{Var: "one", Type: ListSingle, Options: []Option{{Value: "a"}, {Value: "b"}}},
		{Var: "text", Type: TextMulti}, {Var: "secret", Type: TextPrivate}, {Var: "line", Type: TextSingle}, {Var: "odd", Type: "x-odd"},
	}
}

// same sets a value and gets it again.
func same[T Typed](t *testing.T, l Fields, name string, v T, wire ...string) {
	t.Helper()
	require.NoError(t, Set(l, name, v))
	require.Equal(t, wire, l.Field(name).Values)
	got, err := Get[T](l, name)
	require.NoError(t, err)
	require.Equal(t, v, got)
	of := Of(name, v)
	got, err = Get[T](Fields{of}, name)
	require.NoError(t, err)
	require.Equal(t, v, got)
}

func TestSetAndGet(t *testing.T) {
	l := all()
	romeo, juliet := jid.MustParse("romeo@example.net"), jid.MustParse("juliet@example.com/balcony")
	same(t, l, "bool", true, "1")
	same(t, l, "bool", false, "0")
	same(t, l, "jid", romeo, "romeo@example.net")
	same(t, l, "jids", []jid.JID{romeo, juliet}, "romeo@example.net", "juliet@example.com/balcony")
	same(t, l, "one", "b", "b")
	same(t, l, "text", "two\nlines", "two", "lines")
	same(t, l, "secret", "s3cret", "s3cret")
	same(t, l, "line", 17, "17")
	same(t, l, "odd", "17", "17")
	same(t, l, "hidden", []string{"a\n", "b"}, "a\n", "b")
	same(t, l, "line", time.Date(2026, 11, 22, 15, 4, 5, 6e6, time.UTC), "2026-11-22T15:04:05.006Z")

	// XEP-0004 §3.3: in the order of the options; line breaks of every platform.
	require.NoError(t, Set(l, "some", []string{"c", "a"}))
	require.Equal(t, []string{"a", "c"}, l.Field("some").Values)
	require.NoError(t, Set(l, "text", "a\r\nb\rc"))
	require.Equal(t, []string{"a", "b", "c"}, l.Field("text").Values)
	require.NoError(t, Set(l, "jids", []jid.JID{}))
	require.Equal(t, []string{}, l.Field("jids").Values)
}

func TestSetRefuses(t *testing.T) {
	l := all()
	refuses := func(want, err error) {
		t.Helper()
		require.ErrorIs(t, err, want)
		var field *FieldError
		require.ErrorAs(t, err, &field)
		require.NotEmpty(t, field.Var)
	}
	refuses(ErrNoField, Set(l, "nothing", "x"))
	refuses(ErrType, Set(l, "bool", "maybe"))
	refuses(ErrType, Set(l, "jid", "@"))
	refuses(ErrType, Set(l, "jids", []string{"a@b", "@"}))
	refuses(ErrTooMany, Set(l, "jid", []jid.JID{jid.MustParse("a"), jid.MustParse("b")}))
	refuses(ErrOption, Set(l, "one", "c"))
	refuses(ErrTooMany, Set(l, "one", []string{"a", "b"}))
	refuses(ErrOption, Set(l, "some", []string{"a", "d"}))
	refuses(ErrType, Set(l, "line", "two\nlines"))
	refuses(ErrType, Set(l, "odd", "two\nlines"))
	refuses(ErrType, Set(l, "fixed", "text"))
	require.Equal(t, all(), l, "as it was")
}

func TestGetRefuses(t *testing.T) {
	l := Fields{{Var: "empty"}, {Var: "words", Values: []string{"some words"}}, {Var: "list", Values: []string{"a@b", "@"}}}
	failed := func(_ any, err error) error { return err }
	for want, errs := range map[error][]error{
		ErrNoField: {failed(Get[string](l, "nothing")), failed(Get[bool](l, "nothing"))},
		ErrMissing: {failed(Get[int](l, "empty")), failed(Get[jid.JID](l, "empty")), failed(Get[time.Time](l, "empty"))},
		ErrType: {failed(Get[int](l, "words")), failed(Get[bool](l, "words")), failed(Get[jid.JID](l, "words")),
			failed(Get[time.Time](l, "words")), failed(Get[[]jid.JID](l, "list"))},
	} {
		for _, err := range errs {
			require.ErrorIs(t, err, want)
		}
	}
	no, err := Get[bool](l, "empty")
	require.NoError(t, err, "XEP-0004 §3.3: the default is false")
	require.False(t, no)
}

func TestDuplicateAddresses(t *testing.T) {
	l := Fields{{Var: "a", Values: []string{"Romeo@Example.net", "romeo@example.net", " juliet@example.com "}}}
	got, err := Get[[]jid.JID](l, "a")
	require.NoError(t, err)
	require.Equal(t, []jid.JID{jid.MustParse("romeo@example.net"), jid.MustParse("juliet@example.com")}, got)
}

func TestFieldErrorText(t *testing.T) {
	require.Equal(t, `form: field "a\n": it has no value`, (&FieldError{Var: "a\n", Err: ErrMissing}).Error())
	require.Equal(t, `form: field "pw" ("Your \"password\""): it has no value`, (&FieldError{Var: "pw", Label: `Your "password"`, Err: ErrMissing}).Error())
	err := Set(Fields{{Var: "pw", Type: TextPrivate}}, "pw", "s3\ncret")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "s3", "values may be passwords")
}
