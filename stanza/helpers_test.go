package stanza

import (
	"errors"
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
	"github.com/stretchr/testify/require"
)

// wire gives a stanza that is written without its namespace the one of a client stream.
func wire(s string) string {
	for _, kind := range []string{"message", "presence", "iq", "error"} {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(s), "<"+kind); ok && !strings.Contains(strings.SplitN(rest, ">", 2)[0], "xmlns=") {
			return "<" + kind + " xmlns='jabber:client'" + rest
		}
	}
	return s
}

// read parses one stanza of kind T.
func read[T any](t testing.TB, s string) *T {
	t.Helper()
	st, err := Parse([]byte(wire(s)))
	require.NoError(t, err)
	got, ok := any(st).(*T)
	require.True(t, ok, "%T", st)
	return got
}

// write returns the stanza as it goes over a client stream: its own namespace is in scope.
func write(t testing.TB, st Stanza) string {
	t.Helper()
	s, err := writeIn(st, ns.Client, "")
	require.NoError(t, err)
	return s
}

func writeIn(st Stanza, space, id string) (string, error) {
	var e xmltext.Encoder
	e.Reset(nil, space)
	if err := AppendTo(&e, st, EncodeOptions{Namespace: space, ID: id}); err != nil {
		return "", err
	}
	b, err := e.Bytes()
	return string(b), err
}

// malformed parses what is no stanza.
func malformed(t testing.TB, s string) *MalformedError {
	t.Helper()
	st, err := Parse([]byte(wire(s)))
	require.Nil(t, st)
	var bad *MalformedError
	require.True(t, errors.As(err, &bad), "%v", err)
	return bad
}

// element returns an element of the source.
func element(t testing.TB, s string) Element {
	t.Helper()
	e, err := ParseElement(s)
	require.NoError(t, err)
	return e
}

var (
	romeo   = jid.MustParse("romeo@example.net/orchard")
	juliet  = jid.MustParse("juliet@im.example.com/balcony")
	roomie  = jid.MustParse("chat@rooms.example.org/nurse")
	example = jid.MustParse("im.example.com")
)

func nameLocal(local string) xmltext.Name { return xmltext.Name{Local: local} }
