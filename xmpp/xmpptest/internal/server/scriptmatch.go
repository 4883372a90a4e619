package server

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// snippetStart is where a snippet of a script stands: inside a client's stream.
const snippetStart = "<stream:stream xmlns='" + ns.Client + "' xmlns:stream='" + ns.Stream + "'>"

var headerSnippet = regexp.MustCompile(`^(<\?xml[^>]*\?>\s*)?<stream:stream\b`)

// expect reads what the client says next and compares it.
func (p *player) expect(text string) error {
	text = strings.TrimSpace(text)
	switch {
	case text == closingTag:
		return p.expectEnd()
	case headerSnippet.MatchString(text):
		return p.expectHeader(text)
	}
	want, err := snippet(text)
	if err != nil {
		return fmt.Errorf("the script's own XML: %w", err)
	}
	got, err := p.element()
	if err != nil {
		return fmt.Errorf("expected\n\t%s\ngot %w", text, err)
	}
	if err := p.match(want, got, false); err != nil {
		return fmt.Errorf("expected\n\t%s\ngot\n\t%s\n%w", text, got, err)
	}
	return nil
}

// snippet parses one element as it stands in a client's stream.
func snippet(text string) (*Element, error) {
	d := xmltext.NewDecoder(strings.NewReader(snippetStart+text), xmltext.Limits{})
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	tok, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	return readElement(d, tok)
}

// element reads the next child of the client's stream.
func (p *player) element() (*Element, error) {
	tok, err := p.dec.ReadToken()
	if err != nil {
		return nil, err
	}
	if tok.Kind == xmltext.KindEnd {
		return nil, errors.New("the end of the client's stream")
	}
	return readElement(p.dec, tok)
}

func (p *player) expectEnd() error {
	tok, err := p.dec.ReadToken()
	switch {
	case err != nil:
		return fmt.Errorf("expected %s, got %w", closingTag, err)
	case tok.Kind != xmltext.KindEnd:
		e, err := readElement(p.dec, tok)
		if err != nil {
			return fmt.Errorf("expected %s, got %w", closingTag, err)
		}
		return fmt.Errorf("expected %s, got\n\t%s", closingTag, e)
	}
	return nil
}

// expectHeader reads a stream header, of a new stream on the same connection where one is open.
func (p *player) expectHeader(text string) error {
	if p.dec.Depth() > 0 {
		p.in.restart(p.dec.Buffered())
		p.dec.Reset(p.in)
	}
	tok, err := p.dec.ReadToken()
	if err != nil {
		return fmt.Errorf("expected\n\t%s\ngot %w", text, err)
	}
	got := fromToken(tok)
	p.to = got.attr("to")
	if !strings.Contains(text, "xmlns:stream") {
		text = strings.Replace(text, "<stream:stream", strings.TrimSuffix(snippetStart, ">"), 1)
	}
	d := xmltext.NewDecoder(strings.NewReader(text), xmltext.Limits{})
	if tok, err = d.ReadToken(); err != nil {
		return fmt.Errorf("the script's own XML: %w", err)
	}
	if err := p.match(fromToken(tok), got, true); err != nil {
		return fmt.Errorf("expected\n\t%s\ngot\n\t%s\n%w", text, got, err)
	}
	return nil
}

// match compares by meaning. A loose match, for headers, only compares what both have, but 'to' and 'version', which must be
// there: whether a client says its address before TLS is its own affair.
func (p *player) match(want, got *Element, loose bool) error {
	if want.Name != got.Name {
		return fmt.Errorf("at <%s>: the name is {%s}%s, not {%s}%s", want.Name.Local, got.Name.Space, got.Name.Local, want.Name.Space, want.Name.Local)
	}
	if err := p.matchAttrs(want, got, loose); err != nil {
		return fmt.Errorf("at <%s>: %w", want.Name.Local, err)
	}
	if loose { // a header: its content follows
		return nil
	}
	wantKids, gotKids := meaning(want), meaning(got)
	if len(wantKids) == 1 && wantKids[0].Element == nil && wantKids[0].Text == "*" {
		return nil
	}
	if len(wantKids) == 1 && wantKids[0].Element == nil && len(gotKids) == 0 {
		gotKids = []Node{{}} // an empty text can be taken too
	}
	if len(wantKids) != len(gotKids) {
		return fmt.Errorf("at <%s>: %d pieces of content, not %d", want.Name.Local, len(gotKids), len(wantKids))
	}
	for i, w := range wantKids {
		if err := p.matchNode(w, gotKids[i]); err != nil {
			return err
		}
	}
	return nil
}

func (p *player) matchNode(want, got Node) error {
	switch {
	case want.Element != nil && got.Element != nil:
		return p.match(want.Element, got.Element, false)
	case want.Element != nil:
		return fmt.Errorf("<%s> is missing, there is the text %q", want.Element.Name.Local, got.Text)
	case got.Element != nil:
		return fmt.Errorf("unexpected <%s>", got.Element.Name.Local)
	case !p.same(want.Text, got.Text):
		return fmt.Errorf("the text is %q, not %q", got.Text, want.Text)
	}
	return nil
}

func (p *player) matchAttrs(want, got *Element, loose bool) error {
	for _, a := range want.Attrs {
		g, ok := find(got, a.Name)
		switch {
		case a.Value == "*":
		case !ok && loose && a.Name.Local != "to" && a.Name.Local != "version":
		case !ok:
			return fmt.Errorf("attribute %s is missing", a.Name.Local)
		case !p.same(a.Value, g):
			return fmt.Errorf("attribute %s is %q, not %q", a.Name.Local, g, p.fill(a.Value))
		}
	}
	for _, a := range got.Attrs {
		if _, ok := find(want, a.Name); !ok && !loose {
			return fmt.Errorf("unexpected attribute %s=%q", a.Name.Local, a.Value)
		}
	}
	return nil
}

func find(e *Element, name xmltext.Name) (string, bool) {
	for _, a := range e.Attrs {
		if a.Name == name {
			return a.Value, true
		}
	}
	return "", false
}

// same compares a value; a ${name} that nothing is known of takes it.
func (p *player) same(want, got string) bool {
	if m := scriptVar.FindStringSubmatch(want); m != nil && m[0] == want {
		if known, ok := p.script.Vars[m[1]]; ok {
			return known == got
		}
		p.script.Vars[m[1]] = got
		return true
	}
	return want == "*" || p.fill(want) == got
}

// meaning returns the content without the white space that says nothing: all of it around text, and inside SASL data.
func meaning(e *Element) []Node {
	var list []Node
	for _, n := range e.Children {
		if n.Element == nil {
			n.Text = strings.TrimSpace(n.Text)
			if e.Name.Space == ns.SASL && e.Name.Local != "text" {
				n.Text = spaces.ReplaceAllString(n.Text, "")
			}
			if n.Text == "" {
				continue
			}
		}
		list = append(list, n)
	}
	return list
}

// soleAccount is the credential store of a script.
type soleAccount struct {
	user   string
	secret credential
}

func (s soleAccount) credential(user string) (credential, bool) { return s.secret, user == s.user }
func (s soleAccount) token(string) (string, bool)               { return "", false }
func (s soleAccount) anonymous() string                         { return s.user }
func (s soleAccount) local(address string) (string, bool) {
	user, _, _ := strings.Cut(address, "@")
	return user, user == s.user
}
