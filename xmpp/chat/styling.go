package chat

import (
	"encoding/xml"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/canto-im/canto/stanza"
)

// A Style is what a piece of text looks like (XEP-0393): any of these, added up.
type Style uint8

const (
	Strong       Style = 1 << iota // *so*: heavier
	Emphasis                       // _so_: in italics
	Strike                         // ~so~: with a line through it
	Code                           // `so`: monospaced
	Preformatted                   // a block of lines between lines of ```: monospaced
	Directive                      // the characters that say how it looks, which should look like what they apply to (XEP-0393 §8)
)

// A Span is a piece of a text that looks the same throughout.
type Span struct {
	Text  string
	Style Style
	Quote int // how many quotations it stands in (XEP-0393 §6.1.3)
}

// Unstyled says that a message is to be shown as it stands (XEP-0393 §7): a payload.
type Unstyled struct {
	XMLName xml.Name `xml:"urn:xmpp:styling:0 unstyled"`
}

// StyleOf is Style for the body of m, which may say that it has no style (Unstyled).
func StyleOf(m *stanza.Message) []Span {
	if _, plain := stanza.Find[Unstyled](m); plain && m.Body != "" {
		return []Span{{Text: m.Body}}
	}
	return StyleText(m.Body)
}

// maxQuote is how many quotations within each other are told apart. Further signs are text.
const maxQuote = 64

// StyleText parses text by the rules of XEP-0393. The spans hold all of it, in order, directives and ends of lines included, so that
// whoever shows no styles shows the text as it was. It takes time in proportion to the text.
func StyleText(text string) []Span {
	p := &styler{text: text}
	var lines []styledLine
	for at := 0; at < len(text); {
		end, next := len(text), len(text)
		if n := strings.IndexByte(text[at:], '\n'); n >= 0 {
			end, next = at+n, at+n+1
		}
		lines = append(lines, styledLine{at, at, end, next})
		at = next
	}
	p.blocks(lines, 0)
	return p.spans
}

// A styledLine is where a line stands in the text: from start to next, of which what is before at belongs to the quotations
// around it, and what is after end is the end of the line.
type styledLine struct{ start, at, end, next int }

type styler struct {
	text  string
	spans []Span
}

// put adds a span, to the last one if it looks the same.
func (p *styler) put(from, to int, style Style, quote int) {
	if from == to {
		return
	}
	if n := len(p.spans); n > 0 && p.spans[n-1].Style == style && p.spans[n-1].Quote == quote {
		last := &p.spans[n-1]
		last.Text = p.text[from-len(last.Text) : to]
		return
	}
	p.spans = append(p.spans, Span{p.text[from:to], style, quote})
}

// blocks parses lines that are the children of so many quotations. XEP-0393 §6: blocks first, then what is in them.
func (p *styler) blocks(lines []styledLine, quote int) {
	for len(lines) > 0 {
		n := 1
		switch {
		case p.begins(lines[0], "```"):
			n = p.preformatted(lines, quote)
		case quote < maxQuote && p.begins(lines[0], ">"):
			for n < len(lines) && p.begins(lines[n], ">") {
				n++
			}
			p.quoted(lines[:n], quote)
		default:
			p.plain(lines[0], quote)
		}
		lines = lines[n:]
	}
}

func (p *styler) begins(l styledLine, with string) bool {
	return strings.HasPrefix(p.text[l.at:l.end], with)
}

// preformatted takes the lines up to one of three grave accents alone, or all (XEP-0393 §6.1.2), and returns how many.
func (p *styler) preformatted(lines []styledLine, quote int) int {
	for i, l := range lines {
		p.put(l.start, l.at, Directive, quote)
		fence := i == 0 || p.text[l.at:l.end] == "```"
		if fence {
			p.put(l.at, l.next, Preformatted|Directive, quote)
		} else {
			p.put(l.at, l.next, Preformatted, quote)
		}
		if fence && i > 0 {
			return i + 1
		}
	}
	return len(lines)
}

// quoted takes the sign off the lines, and the first white space after it (XEP-0393 §6.1.3).
func (p *styler) quoted(lines []styledLine, quote int) {
	inner := make([]styledLine, len(lines))
	for i, l := range lines {
		l.at++
		if r, n := utf8.DecodeRuneInString(p.text[l.at:l.end]); n > 0 && isSpace(r) {
			l.at += n
		}
		inner[i] = l
	}
	p.blocks(inner, quote+1)
}

// plain takes a line that is a block of its own (XEP-0393 §6.1.1).
func (p *styler) plain(l styledLine, quote int) {
	p.put(l.start, l.at, Directive, quote)
	p.line(l.at, l.end, 0, quote)
	p.put(l.end, l.next, 0, quote)
}

// directives are the characters around spans, and what they stand for (XEP-0393 §6.2.2 to §6.2.5).
var directives = [utf8.RuneSelf]Style{'*': Strong, '_': Emphasis, '~': Strike, '`': Code}

// line parses spans between from, where an opening directive may stand, and to. No style is within itself, since the first directive
// that can close it does: it's at most four deep.
func (p *styler) line(from, to int, style Style, quote int) {
	var unclosed Style // those that nothing closes from here on: looked for once
	done := from
	for i := from; i < to; {
		c := p.text[i]
		if c >= utf8.RuneSelf || directives[c] == 0 || unclosed&directives[c] != 0 || !p.opens(i, from, to) {
			i++
			continue
		}
		if p.text[i+1] == c { // XEP-0393 §6.2: there must be some text between the two; otherwise neither is valid
			i += 2
			continue
		}
		end := p.closing(i, to)
		if end < 0 {
			unclosed |= directives[c]
			i++
			continue
		}
		within := style | directives[c]
		p.put(done, i, style, quote)
		p.put(i, i+1, within|Directive, quote)
		if c == '`' {
			p.put(i+1, end, within, quote) // XEP-0393 §6.2.5: no spans inside
		} else {
			p.line(i+1, end, within, quote)
		}
		p.put(end, end+1, within|Directive, quote)
		i, done = end+1, end+1
	}
	p.put(done, to, style, quote)
}

// opens reports whether the directive at i may open a span: XEP-0393 §6.2: at the beginning of the block, after white space, or after
// another directive that opens (which is where line begins), and with no white space after it.
func (p *styler) opens(i, from, to int) bool {
	if i > from {
		if r, _ := utf8.DecodeLastRuneInString(p.text[from:i]); !isSpace(r) {
			return false
		}
	}
	r, n := utf8.DecodeRuneInString(p.text[i+1 : to])
	return n > 0 && !isSpace(r)
}

// closing returns where the span that is opened at i is closed; −1: nowhere. XEP-0393 §6.2: lazily, by the first one that has no white
// space before it.
func (p *styler) closing(i, to int) int {
	for j := i + 2; j < to; j++ {
		if p.text[j] != p.text[i] {
			continue
		}
		if r, _ := utf8.DecodeLastRuneInString(p.text[i+1 : j]); !isSpace(r) {
			return j
		}
	}
	return -1
}

// isSpace reports whether r is a whitespace character in the sense of XEP-0393 §4.
func isSpace(r rune) bool { return unicode.Is(unicode.White_Space, r) || unicode.Is(unicode.Z, r) }
