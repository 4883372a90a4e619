package stanza_test

import (
	"fmt"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/assert"
)

func TestChoose(t *testing.T) {
	texts := []stanza.Text{{Lang: "en", Value: "en"}, {Value: "own"}, {Lang: "de-CH", Value: "de-CH"}, {Lang: "zh-Hant", Value: "zh-Hant"}}
	for _, c := range []struct {
		own       string
		languages []string
		want      string
	}{
		{"cs", nil, "own"},
		{"cs", []string{"fr"}, "own"},
		{"cs", []string{"cs-CZ"}, "own"},
		{"", []string{"cs"}, "own"},
		{"cs", []string{"fr", "en-GB", "de-CH"}, "en"},
		{"cs", []string{"DE-ch-1996"}, "de-CH"},
		{"cs", []string{"de"}, "own"}, // RFC 4647 §3.4: a tag that says more than is wanted does not match
		{"cs", []string{"zh-Hant-a-x-CN"}, "zh-Hant"},
		{"cs", []string{"", "-", "x-y-z", "en-"}, "en"},
	} {
		assert.Equal(t, c.want, texts[stanza.Choose(texts, c.own, c.languages...)].Value, "%q", c.languages)
	}
	// RFC 4647 §3.4: a single letter goes with what follows it: after zh-Hant-CN-x-private1 comes zh-Hant-CN
	single := []stanza.Text{{Lang: "zh-Hant-CN-x"}, {Lang: "zh-Hant-CN"}}
	assert.Equal(t, 1, stanza.Choose(single, "en", "zh-Hant-CN-x-private1-private2"))
	assert.Equal(t, 0, stanza.Choose(single, "en", "zh-Hant-CN-x"), "unless it is what is wanted")
	assert.Equal(t, -1, stanza.Choose(nil, "en", "en"))
	assert.Zero(t, stanza.Choose(texts[:1], "", "fr"), "better one in a foreign language than none")
}

func TestTextsIn(t *testing.T) {
	m := &stanza.Message{Lang: "en", Body: "hello", Bodies: []stanza.Text{{Lang: "de", Value: "hallo"}}, Subject: "s"}
	assert.Equal(t, "hallo", m.BodyIn("de-AT", "en"))
	assert.Equal(t, "hello", m.BodyIn("en", "de"))
	assert.Equal(t, "hello", m.BodyIn())
	assert.Equal(t, "s", m.SubjectIn("de"))
	assert.Empty(t, (&stanza.Message{}).BodyIn("de"), "a message may have no body")
	p := &stanza.Presence{Status: "weg", Statuses: []stanza.Text{{Lang: "en", Value: "away"}, {Lang: "de", Value: "weg"}}}
	assert.Equal(t, "away", p.StatusIn("en-US"))
}

func ExampleMessage_BodyIn() {
	st, _ := stanza.Parse([]byte(`<message xmlns='jabber:client' xml:lang='en'>
		<body>Wherefore art thou, Romeo?</body><body xml:lang='cs'>Proč jsi ty, Romeo?</body></message>`))
	m := st.(*stanza.Message)
	fmt.Println(m.BodyIn("cs-CZ", "en"))
	fmt.Println(m.BodyIn("fr", "en"))
	// Output:
	// Proč jsi ty, Romeo?
	// Wherefore art thou, Romeo?
}

func TestAnswers(t *testing.T) {
	to := jid.MustParse("romeo@example.net/orchard")
	sent := &stanza.Message{ID: "m1", To: to}
	for _, c := range []struct {
		m    stanza.Message
		want bool
	}{
		{stanza.Message{ID: "m1", From: to, Type: stanza.MessageError}, true},
		{stanza.Message{ID: "m1", From: to.Bare(), Type: stanza.MessageError}, true},
		{stanza.Message{ID: "m1", From: to.Domain(), Type: stanza.MessageError}, true},
		{stanza.Message{ID: "m1", From: jid.MustParse("romeo@evil.example/orchard"), Type: stanza.MessageError}, false},
		{stanza.Message{ID: "m2", From: to, Type: stanza.MessageError}, false},
		{stanza.Message{ID: "m1", From: to, Type: stanza.Chat}, false},
	} {
		assert.Equal(t, c.want, c.m.Answers(sent), "%+v", c.m)
	}
	failed := sent.Fail(stanza.Gone)
	assert.True(t, failed.Answers(sent), "what the recipient makes of it")
	assert.False(t, (&stanza.Message{From: to, Type: stanza.MessageError}).Answers(&stanza.Message{To: to}), "without an id nothing is known")
}
