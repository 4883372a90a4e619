package jid

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestErrorMessages(t *testing.T) {
	_, escapeErr := Escape(" x")
	_, uriErr := ParseURI("im:a@b")
	tests := []struct {
		err  error
		want string
	}{
		{parseErr(""), `jid: "": domainpart is empty`},
		{parseErr("@h"), `jid: "@h": localpart is empty`},
		{parseErr("foo bar@h"), `jid: "foo bar@h": localpart holds a character that is not allowed there: U+0020 ' ' (Escape writes it as \20)`},
		{parseErr("\u212aelvin@h"), "jid: \"\u212aelvin@h\": localpart holds a character that is not allowed there: U+212A '\u212a'"},
		{parseErr("a@b..c"), `jid: "a@b..c": domainpart has an invalid label: ""`},
		{parseErr("a@b.♥"), `jid: "a@b.♥": domainpart holds a character that is not allowed there: "♥": U+2665 '♥'`},
		{parseErr("a@h/\x1b[2J"), `jid: "a@h/\x1b[2J": resourcepart holds a character that is not allowed there: U+001B`},
		{parseErr("a·b@h"), `jid: "a·b@h": localpart holds a character that is not allowed where it stands: U+00B7 '·'`},
		{parseErr("a·b・c@h"), `jid: "a·b・c@h": localpart holds a character that is not allowed where it stands`},
		{parseErr("a@[x]"), `jid: "a@[x]": domainpart is in brackets but is no IPv6 address`},
		{parseErr(strings.Repeat("x", 5000) + "@h"), `jid: "` + strings.Repeat("x", maxQuoted) + `"…: localpart is too long`},
		{escapeErr, `jid: " x": localpart begins or ends with a space: U+0020 ' '`},
		{uriErr, `jid: "im:a@b": URI does not begin with xmpp:`},
	}
	for _, tt := range tests {
		assert.EqualError(t, tt.err, tt.want)
	}
}

func parseErr(s string) error {
	_, err := Parse(s)
	return err
}

func TestErrorIs(t *testing.T) {
	err := parseErr("a@h/")
	require.ErrorIs(t, err, Empty)
	assert.NotErrorIs(t, err, TooLong)
	assert.EqualError(t, Empty, "is empty")
	var parseError *ParseError
	require.ErrorAs(t, err, &parseError)
	assert.Equal(t, &ParseError{Part: Resourcepart, Reason: Empty, Input: "a@h/"}, parseError)
}
