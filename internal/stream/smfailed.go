package stream

import (
	"fmt"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// Failed is the server's refusal of <enable/> or <resume/> (XEP-0198 §6). The stream goes on; after a refused
// resumption a resource may be bound on it (§5).
type Failed struct {
	Condition string // one of RFC 6120 §8.3.3; empty when there is none. "item-not-found": the stream is gone
	Text      string // for people
	Lang      string // xml:lang of Text
	H         uint32 // how many stanzas the server had handled when the stream timed out
	HasH      bool   // it said so; else nothing is known
}

// Error says why the server refuses. What came over the wire is quoted.
func (f *Failed) Error() string {
	s := fmt.Sprintf("stream management: refused with %q", f.Condition)
	if f.Condition == "" {
		s = "stream management: refused without a reason"
	}
	if f.Text != "" {
		s += fmt.Sprintf(": %q", f.Text)
	}
	return s
}

// Append appends <failed/>.
func (f *Failed) Append(dst []byte) ([]byte, error) {
	start := len(dst)
	dst = append(dst, "<failed xmlns='"+ns.SM+"'"...)
	if f.HasH {
		dst = appendNumber(dst, "h", f.H)
	}
	dst = append(dst, '>')
	if f.Condition != "" { // XEP-0198 §6: it must be a condition of a stanza error
		dst = append(dst, '<')
		dst = append(dst, f.Condition...)
		dst = append(dst, " xmlns='"+ns.Stanzas+"'/>"...)
	}
	dst, err := f.appendText(dst)
	if err != nil {
		return dst[:start], err
	}
	return append(dst, "</failed>"...), nil
}

func (f *Failed) appendText(dst []byte) ([]byte, error) {
	if f.Text == "" {
		return dst, nil
	}
	dst = append(dst, "<text xmlns='"+ns.Stanzas+"'"...)
	dst, err := appendString(dst, "xml:lang", f.Lang)
	if err != nil {
		return dst, err
	}
	dst = append(dst, '>')
	dst, err = xmltext.AppendEscapedText(dst, f.Text)
	return append(dst, "</text>"...), err
}

// ReadFailed reads <failed/>. Its error is one of d: a refusal is a refusal, however it is put.
func ReadFailed(d *xmltext.Decoder, t *xmltext.Token) (*Failed, error) {
	f := &Failed{}
	v, _ := t.Attr("h")
	f.H, f.HasH = parseUnsignedInt(v)
	for {
		t, err := d.ReadToken()
		switch {
		case err != nil:
			return nil, err
		case t.Kind == xmltext.KindEnd:
			return f, nil
		case t.Kind != xmltext.KindStart:
			continue
		}
		if err := f.readChild(d, t); err != nil {
			return nil, err
		}
	}
}

// readChild reads a child whose start tag is t; the first condition and the first text count.
func (f *Failed) readChild(d *xmltext.Decoder, t *xmltext.Token) error {
	switch {
	case t.Name.Space != ns.Stanzas:
	case t.Name.Local != "text":
		if f.Condition == "" {
			f.Condition = t.Name.Local
		}
	case f.Text == "":
		lang, _ := t.Lang()
		language := string(lang) // before t is gone
		text, err := d.AppendText(nil)
		if f.Text = string(text); f.Text != "" {
			f.Lang = language
		}
		return err
	}
	return d.SkipElement()
}
