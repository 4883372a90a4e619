package xmltext

import (
	"bytes"
	"strings"
)

// scanOutside reads where character data is not allowed: before and after the root, and between the children of a
// stream's root. White space there is consumed at once.
func (d *Decoder) scanOutside(w []byte) (int, fault) {
	if d.state == afterRoot && d.stream {
		return 0, ended // what comes after the root is not ours, and may never come
	}
	if d.state == atBeginning {
		if n, f := d.scanBeginning(w); f != ok {
			return n, f
		}
		w = d.window()
	}
	if n := skipSpace(w, 0); n > 0 {
		d.consumed(n)
		w = w[n:]
	}
	if len(w) == 0 {
		return 0, more
	}
	if w[0] != '<' {
		return d.textOutside(w)
	}
	if d.state == inRoot { // a stanza begins
		d.within()
		w = d.window()
	}
	if len(w) < 2 {
		return 0, more
	}
	switch c := w[1]; {
	case c == '!' || c == '?':
		return d.scanRestricted(w)
	case c == '/' && d.state == inRoot:
		return d.scanEnd(w)
	case d.state == afterRoot:
		return 0, faultRoots
	case c == '/':
		return 0, faultUnopened
	}
	return d.startTag(w)
}

// textOutside decides what is wrong with the text that w begins with.
func (d *Decoder) textOutside(w []byte) (int, fault) {
	if class[w[0]]&isName != 0 && w[0] >= 0x80 {
		if _, f := wideRune(w); f != ok {
			return 0, f
		}
	}
	switch {
	case w[0] < 0x20:
		return 0, faultChar
	case d.state == inRoot: // RFC 6120 §11.7: between stanzas, white space only
		return 0, faultStreamText
	case d.state == afterRoot:
		return 0, faultRoots
	}
	return 0, faultOutside
}

// scanRestricted decides what is wrong with <! or <? at the start of w.
func (d *Decoder) scanRestricted(w []byte) (int, fault) {
	for _, m := range [...]struct {
		begin string
		fault fault
	}{
		{"<?xml", faultMisplaced}, {"<!--", faultComment}, {"<!DOCTYPE", faultDTD}, {cdataOpen, faultOutside},
	} {
		switch {
		case len(w) <= len(m.begin) && strings.HasPrefix(m.begin, string(w)):
			return 0, more
		case !bytes.HasPrefix(w, view(m.begin)):
		case m.fault == faultMisplaced && class[w[len(m.begin)]]&isName != 0: // <?xml-stylesheet
		case m.fault == faultOutside:
			return d.textOutside(w)
		default:
			return 0, m.fault
		}
	}
	if w[1] == '?' {
		return 0, faultPI
	}
	return 0, faultMarkup
}

// maxDecl bounds the XML declaration, so that looking again at an unfinished one costs a constant.
const maxDecl = 256

// scanBeginning reads what may stand at the very start only: the marks of other encodings and the XML declaration.
func (d *Decoder) scanBeginning(w []byte) (int, fault) {
	const open = "<?xml"
	switch {
	case len(w) == 0:
		return 0, more
	case w[0] == 0xfe || w[0] == 0xff || w[0] == 0, w[0] == '<' && len(w) > 1 && w[1] == 0:
		return 0, faultUTF16 // XML 1.0 appendix F; RFC 6120 §11.6: UTF-8 and nothing else
	case len(w) <= len(open) && strings.HasPrefix(open, string(w)):
		return 0, more
	}
	d.state = inProlog
	if !bytes.HasPrefix(w, view(open)) || class[w[len(open)]]&isName != 0 {
		return 0, ok
	}
	d.state = atBeginning
	w = w[:min(len(w), maxDecl)]
	end := bytes.Index(w, view("?>"))
	if end < 0 {
		if len(w) == maxDecl {
			return 0, faultDecl
		}
		return 0, more
	}
	if f := checkDecl(string(w[len(open):end])); f != ok {
		return 0, f
	}
	d.state = inProlog
	d.consumed(end + len("?>"))
	return 0, ok
}

// checkDecl checks the inside of an XML declaration (XML 1.0 §2.8: XMLDecl).
func checkDecl(s string) fault {
	version, s, f := pseudoAttr(s, "version")
	if minor, is := strings.CutPrefix(version, "1."); f != ok || !is || minor == "" || strings.Trim(minor, "0123456789") != "" {
		return faultDecl
	}
	encoding, s, f := pseudoAttr(s, "encoding")
	if f != ok {
		return f
	}
	// RFC 6120 §11.5: a standalone document declaration has no meaning here and may be ignored.
	standalone, s, f := pseudoAttr(s, "standalone")
	if f != ok || standalone != "" && standalone != "yes" && standalone != "no" || trimSpace(s) != "" {
		return faultDecl
	}
	if encoding != "" && !strings.EqualFold(encoding, "UTF-8") { // XML 1.0 §4.3.3: in any case of letters
		return faultEncoding
	}
	return ok
}

// pseudoAttr takes name="value" off s. The value is empty when something else stands there.
func pseudoAttr(s, name string) (value, rest string, f fault) {
	t := trimSpace(s)
	if t == s || !strings.HasPrefix(t, name) {
		return "", s, ok
	}
	t, is := strings.CutPrefix(trimSpace(t[len(name):]), "=")
	t = trimSpace(t)
	if !is || t == "" || t[0] != '"' && t[0] != '\'' {
		return "", s, faultDecl
	}
	value, rest, is = strings.Cut(t[1:], t[:1])
	if !is || value == "" {
		return "", s, faultDecl
	}
	return value, rest, ok
}

func trimSpace(s string) string { return strings.TrimLeft(s, " \t\r\n") }
