package sasl

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestError(t *testing.T) {
	t.Attr("conformance", "6120-6.5-3")
	tests := []struct {
		err  *Error
		want string
	}{
		{&Error{Condition: NotAuthorized}, "sasl: the server refused the authentication: not-authorized"},
		{&Error{Condition: AccountDisabled, Text: "Call 212-555-1212 for assistance.", Lang: "en"},
			`sasl: the server refused the authentication: account-disabled: "Call 212-555-1212 for assistance."`},
		{&Error{Condition: "x\x1b[2J", Text: "a\nb"}, `sasl: the server refused the authentication: "x\x1b[2J": "a\nb"`},
		{&Error{}, `sasl: the server refused the authentication: ""`},
		{&Error{Condition: Aborted, Text: strings.Repeat("x", 201)},
			`sasl: the server refused the authentication: aborted: "` + strings.Repeat("x", 200) + `"…`},
	}
	for _, tt := range tests {
		assert.EqualError(t, tt.err, tt.want)
		assert.ErrorIs(t, tt.err, tt.err.Condition)
	}
	assert.NotErrorIs(t, &Error{Condition: NotAuthorized}, Aborted)
	assert.NotErrorIs(t, &Error{Condition: Aborted}, NotAuthorized)
	assert.ErrorIs(t, &Error{Condition: "too-tired"}, NotAuthorized, "a condition that is not known is a failure of no special kind")
	assert.EqualError(t, NotAuthorized, "sasl: not-authorized")
	assert.EqualError(t, ErrDowngrade, "sasl: what the server offers was tampered with")
	assert.EqualError(t, InvalidProof, "sasl: the server says invalid-proof")
	assert.NotErrorIs(t, OtherError, NotAuthorized)
}

func TestTasksError(t *testing.T) {
	assert.EqualError(t, &TasksError{Tasks: []string{"HOTP-EXAMPLE", "TOTP\x1b"}, Text: "This account\nrequires 2FA"},
		`sasl: the authentication is not enough, the server wants one of these tasks done: "HOTP-EXAMPLE TOTP\x1b": "This account\nrequires 2FA"`)
}
