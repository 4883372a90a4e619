package stream

import (
	"testing"

	"github.com/canto-im/canto/internal/xmltext"
	"github.com/stretchr/testify/assert"
)

// TestUndefinedTellsMore: every stream error that we make says what is wrong: with a condition that RFC 6120 defines for it, or
// with <undefined-condition/> and a condition of the application (§4.9.3.21).
func TestUndefinedTellsMore(t *testing.T) {
	t.Attr("conformance", "6120-4.9.3.21-1")
	made := []*Error{
		(&AckError{Problem: AckTooHigh, H: 7, Sent: 3}).StreamError(),
		(&AckError{Problem: AckBackwards, H: 1, Acked: 2, Sent: 3}).StreamError(),
		(&ElementError{Element: "resumed", Attr: "h"}).StreamError(),
	}
	for reason := range xmltext.BadFormat + 2 { // with two that there are not
		made = append(made, SyntaxError(&xmltext.SyntaxError{Reason: reason, Limit: "StanzaBytes"}))
	}
	for _, start := range []string{
		"<stream/>", "<x:stream xmlns:x='urn:x'/>", "<s:open xmlns:s='http://etherx.jabber.org/streams'/>",
		"<s:stream xmlns:s='http://etherx.jabber.org/streams'/>", "<s:stream xmlns:s='http://etherx.jabber.org/streams' version='0.9'/>", "<!-- -->", "",
	} {
		_, err := ReadHeader(xmltext.NewBytesDecoder([]byte(start), xmltext.Limits{}))
		if e, ok := err.(*Error); assert.True(t, ok || start == "", "%q: %v", start, err) && ok {
			made = append(made, e)
		}
	}
	undefined := 0
	for _, e := range made {
		assert.True(t, Known(e.Condition), e.Condition)
		if e.Condition == "undefined-condition" {
			undefined++
			assert.NotEmpty(t, e.App, e.Text)
			assert.Contains(t, string(e.Append(nil)), e.App)
		}
	}
	assert.Equal(t, 2, undefined)
}
