package form

import (
	"testing"

	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/require"
)

// The example of XEP-0004 §5.1, from the form to what it comes to.
func TestSubmit(t *testing.T) {
	f := find(t, "0004 Example 2")
	_, err := f.Submit()
	require.ErrorIs(t, err, ErrMissing)
	require.ErrorContains(t, err, `"public"`)
	require.NotContains(t, err.Error(), "botname", "it is not required")

	require.NoError(t, Set(f.Fields, "botname", "The Jabber Google Bot"))
	require.NoError(t, Set(f.Fields, "description", "This bot enables you to send requests to\nGoogle and receive the search results right\n"+
		"in your Jabber client. It' really cool!\nIt even supports Google News!"))
	require.NoError(t, Set(f.Fields, "public", false))
	require.NoError(t, Set(f.Fields, "password", "v3r0na"))
	require.NoError(t, Set(f.Fields, "maxsubs", "50"))
	require.NoError(t, Set(f.Fields, "invitelist", []string{"juliet@capulet.com", "benvolio@montague.net"}))
	got, err := f.Submit()
	require.NoError(t, err)
	want := find(t, "0004 Example 3")
	want.XMLName = got.XMLName
	require.Equal(t, want, got)
	require.Equal(t, Asking, f.Type, "f itself stays")
}

// XEP-0004 §3.6: a value that is taken away is submitted as such, one that was never there isn't submitted.
func TestSubmitNothing(t *testing.T) {
	f := New(Asking, "", Field{Var: "never"}, Field{Var: "away", Type: JIDMulti, Values: []string{"a@b"}}, Field{Values: []string{"a heading"}, Type: Fixed})
	require.NoError(t, Set(f.Fields, "away", []string{}))
	got, err := f.Submit()
	require.NoError(t, err)
	require.Equal(t, Fields{{Var: "away", Type: JIDMulti, Values: []string{}}}, got.Fields)
	require.Equal(t, "<x xmlns='jabber:x:data' type='submit'><field var='away' type='jid-multi'/></x>", stanza.Payload(got).String())
}

func TestFill(t *testing.T) {
	ours := New(Asking, "urn:ours",
		Field{Var: "name", Required: true}, Field{Var: "kept", Values: []string{"as it was"}}, Field{Var: "heading", Type: Fixed, Values: []string{"Heading"}},
		Field{Var: "one", Type: ListSingle, Options: []Option{{Value: "a"}}})
	got, err := ours.Fill(New(Answer, "urn:ours", Of("name", "Romeo"), Of("heading", "Other"), Of("unknown", "x"), Field{Var: "one"}))
	require.NoError(t, err)
	require.Equal(t, "Romeo", got.Value("name"))
	require.Equal(t, "as it was", got.Value("kept"))
	require.Equal(t, "Heading", got.Value("heading"))
	require.Nil(t, got.Field("unknown"))
	require.Empty(t, ours.Value("name"), "ours stays as it is")

	for name, submitted := range map[string]*Form{
		"nothing that is required": New(Answer, "urn:ours"),
		"no option":                New(Answer, "", Of("name", "Romeo"), Of("one", "b")),
		"another form":             New(Answer, "urn:theirs", Of("name", "Romeo")),
		"no form":                  nil,
		"not submitted":            New(Asking, "urn:ours", Of("name", "Romeo")),
	} {
		_, err := ours.Fill(submitted)
		require.ErrorIs(t, err, stanza.NotAcceptable, name)
	}
	_, err = ours.Fill(New(Answer, "", Of("name", ""), Of("one", "b")))
	require.ErrorIs(t, err, ErrMissing)
	require.ErrorIs(t, err, ErrOption, "all that is wrong is said at once")
	_, err = ours.Fill(Cancel())
	require.ErrorIs(t, err, ErrDeclined)
}
