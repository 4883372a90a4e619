package chat

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/assert"
)

// marked writes spans as text that shows what was found: <*strong>, >quote, ```block.
func marked(spans []Span) string {
	var b strings.Builder
	names := []string{"*", "_", "~", "`", "P", "!"}
	for _, s := range spans {
		tag := strings.Repeat(">", s.Quote)
		for i, n := range names {
			if s.Style&(1<<i) != 0 {
				tag += n
			}
		}
		if tag == "" {
			b.WriteString(s.Text)
			continue
		}
		fmt.Fprintf(&b, "{%s %s}", tag, s.Text)
	}
	return strings.ReplaceAll(b.String(), "\n", "⏎")
}

// The rules and examples of XEP-0393 §6, in its order.
var styleTable = []struct{ text, want string }{
	{"", ""},
	{"There are three blocks in this body, one per line,\nbut there is no *formatting\nas spans* may not escape blocks.",
		"There are three blocks in this body, one per line,⏎but there is no *formatting⏎as spans* may not escape blocks."},
	{"```ignored\n(println \"Hello, world!\")\n```\nThis should show up as monospace, preformatted text ⤴",
		"{P! ```ignored⏎}{P (println \"Hello, world!\")⏎}{P! ```⏎}This should show up as monospace, preformatted text ⤴"},
	{"> ```\n> (println \"Hello, world!\")\nThe entire blockquote is a preformatted text block, but this line\nis plaintext!",
		"{>! > }{>P! ```⏎}{>! > }{>P (println \"Hello, world!\")⏎}The entire blockquote is a preformatted text block, but this line⏎is plaintext!"},
	{"> That that is, is.\nSaid the old hermit of Prague.", "{>! > }{> That that is, is.⏎}Said the old hermit of Prague."},
	{">> That that is, is.\n> Said the old hermit of Prague.\nWho?",
		"{>>! >> }{>> That that is, is.⏎}{>! > }{> Said the old hermit of Prague.⏎}Who?"},
	// §6.2: styled
	{"plain span", "plain span"},
	{"*strong span*", "{*! *}{* strong span}{*! *}"},
	{"plain *_emphasis_* plain", "plain {*! *}{*_! _}{*_ emphasis}{*_! _}{*! *} plain"},
	{"`pre` plain *strong*", "{`! `}{` pre}{`! `} plain {*! *}{* strong}{*! *}"},
	{"*strong*plain*", "{*! *}{* strong}{*! *}plain*"},
	{"* plain *strong*", "* plain {*! *}{* strong}{*! *}"},
	// and not
	{"not strong*", "not strong*"},
	{"*not strong", "*not strong"},
	{"*not \n strong*", "*not ⏎ strong*"},
	{"*not *strong", "*not *strong"},
	{"**", "**"},
	{"***", "***"},
	{"****", "****"},
	// §6.2.1 to §6.2.5
	{"Two spans, both *alike in dignity*", "Two spans, both {*! *}{* alike in dignity}{*! *}"},
	{"The full title is _Twelfth Night, or What You Will_ but\n_most_ people shorten it.",
		"The full title is {_! _}{_ Twelfth Night, or What You Will}{_! _} but⏎{_! _}{_ most}{_! _} people shorten it."},
	{"The full title is \"Twelfth Night, or What You Will\" but\n*most* people shorten it.",
		"The full title is \"Twelfth Night, or What You Will\" but⏎{*! *}{* most}{*! *} people shorten it."},
	{"Everyone ~dis~likes cake.", "Everyone {~! ~}{~ dis}{~! ~}likes cake."},
	{"This is `monospace`", "This is {`! `}{` monospace}{`! `}"},
	{"This is `*monospace*`", "This is {`! `}{` *monospace*}{`! `}"},
	{"This is *`monospace and bold`*", "This is {*! *}{*`! `}{*` monospace and bold}{*`! `}{*! *}"},
	{"Wow, I can write in `monospace`!", "Wow, I can write in {`! `}{` monospace}{`! `}!"},
	{"> _ <", "{>! > }{> _ <}"},
	// what follows from the rules
	{"a*b*", "a*b*"},
	{"*a *", "*a *"},
	{"*a *b*", "{*! *}{* a *b}{*! *}"},
	{"*a _b* c_", "{*! *}{* a _b}{*! *} c_"},
	{"*a `b*c`", "{*! *}{* a `b}{*! *}c`"},
	{"**a**", "**a**"},
	{"*\u3000a*", "*\u3000a*"},
	{"\u3000*a*", "\u3000{*! *}{* a}{*! *}"},
	{"*a\u2003*", "*a\u2003*"},
	{"*é*", "{*! *}{* é}{*! *}"},
	{"é*a*", "é*a*"},
	{"_*~`a`~*_", "{_! _}{*_! *}{*_~! ~}{*_~`! `}{*_~` a}{*_~`! `}{*_~! ~}{*_! *}{_! _}"},
	{"*_a*_", "{*! *}{* _a}{*! *}_"},
	{">", "{>! >}"},
	{">\u3000 a", "{>! >\u3000}{>  a}"},
	{" > a", " > a"},
	{"> a\n>> b\nc", "{>! > }{> a⏎}{>>! >> }{>> b⏎}c"},
	{"> a\n\n> b", "{>! > }{> a⏎}⏎{>! > }{> b}"},
	{"> *a\n> b*", "{>! > }{> *a⏎}{>! > }{> b*}"},
	{"> *a*", "{>! > }{>*! *}{>* a}{>*! *}"},
	{"```\n> a\n*b*\n```x\n```", "{P! ```⏎}{P > a⏎*b*⏎```x⏎}{P! ```}"},
	{"```", "{P! ```}"},
	{"```\n``` \nx", "{P! ```⏎}{P ``` ⏎x}"},
	{" ```\nx", " ```⏎x"},
	{"````\nx\n```\ny", "{P! ````⏎}{P x⏎}{P! ```⏎}y"},
	{"> ```\n> a\n> ```\n> *b*", "{>! > }{>P! ```⏎}{>! > }{>P a⏎}{>! > }{>P! ```⏎}{>! > }{>*! *}{>* b}{>*! *}"},
	{"\n", "⏎"},
	{"*\xff*", "{*! *}{* \xff}{*! *}"},
}

func TestStyleText(t *testing.T) {
	for _, c := range styleTable {
		assert.Equal(t, c.want, marked(StyleText(c.text)), "%q", c.text)
	}
}

func TestStyleOf(t *testing.T) {
	m := &stanza.Message{Body: "> _ <"}
	assert.Equal(t, "{>! > }{> _ <}", marked(StyleOf(m)))
	m.Payloads = []stanza.Element{stanza.Payload(Unstyled{})}
	assert.Equal(t, []Span{{Text: "> _ <"}}, StyleOf(m))
	m.Body = ""
	assert.Empty(t, StyleOf(m))
}

// TestStyleTakesNoTime holds that hostile text is parsed in time in proportion to its length.
func TestStyleTakesNoTime(t *testing.T) {
	const n = 200_000
	for _, piece := range []string{"*a ", " *", ">", "> ", "*_~`", "` ", " *a_ ~b` ", "```\n", "*\n", " _*~"} {
		text := strings.Repeat(piece, n/len(piece))
		begun := time.Now()
		spans := StyleText(text)
		assert.Less(t, time.Since(begun), 5*time.Second, "%q", piece)
		assert.NotEmpty(t, spans)
	}
	assert.Equal(t, maxQuote, StyleText(strings.Repeat(">", n))[0].Quote)
}

// FuzzStyleText holds that the spans are the text, that no two that look the same stand side by side, and that what was styled in one
// line is styled there alone.
func FuzzStyleText(f *testing.F) {
	for _, c := range styleTable {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var b strings.Builder
		var last Span
		for _, s := range StyleText(text) {
			if s.Text == "" || last.Text != "" && last.Style == s.Style && last.Quote == s.Quote {
				t.Fatalf("%q: %+v follows upon %+v", text, s, last)
			}
			if s.Style&^(Directive|Preformatted) != 0 && strings.Contains(s.Text, "\n") {
				t.Fatalf("%q: %+v escapes its line", text, s)
			}
			b.WriteString(s.Text)
			last = s
		}
		if b.String() != text {
			t.Fatalf("%q became %q", text, b.String())
		}
	})
}

// XEP-0245 examples 1 and 4.
func TestMe(t *testing.T) {
	t.Attr("conformance", "0479-me")
	action, ok := Me("/me shrugs in disgust")
	assert.True(t, ok)
	assert.Equal(t, "shrugs in disgust", action)
	for _, body := range []string{"", "/me", "/meshrugs in disgust", "/me's disgusted", " /me shrugs in disgust", `"/me shrugs in disgust"`,
		"* Atlas shrugs in disgust", `Why did Atlas say "/me shrugs in disgust"?`, "/ME shrugs"} {
		_, ok := Me(body)
		assert.False(t, ok, body)
	}
}
