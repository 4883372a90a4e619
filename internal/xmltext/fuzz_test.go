package xmltext

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/canto-im/canto/internal/corpus"
	"github.com/stretchr/testify/require"
)

// addRows seeds a fuzz target with the table and with stanzas as the specifications show them.
func addRows(f *testing.F) {
	for _, r := range append(allRows(), streams...) {
		f.Add([]byte(r.in), uint16(len(r.in)/2))
	}
	for _, kind := range corpus.Kinds() {
		c := corpus.Make(kind, 600)
		f.Add(c, uint16(7))
		f.Add(c[len(corpus.Head):len(c)-len(corpus.Tail)], uint16(9))
	}
}

// cuts reads b in chunks whose sizes a seed decides.
type cuts struct {
	b    []byte
	seed uint32
}

func (c *cuts) Read(p []byte) (int, error) {
	if len(c.b) == 0 {
		return 0, io.EOF
	}
	c.seed = c.seed*1664525 + 1013904223
	n := copy(p[:min(len(p), 1+int(c.seed>>28))], c.b)
	c.b = c.b[n:]
	return n, nil
}

// FuzzDecoder: no panic; the same tokens and the same error however the input is cut; what is accepted can be encoded, and
// reads the same again; a look ahead changes nothing.
func FuzzDecoder(f *testing.F) {
	addRows(f)
	f.Fuzz(func(t *testing.T, in []byte, seed uint16) {
		limits := Limits{StanzaBytes: 600, Depth: 6, Attrs: 8, NameBytes: 40}
		want, wantErr := drain(NewDecoder(strings.NewReader(string(in)), limits))
		got, err := drain(NewDecoder(&cuts{in, uint32(seed)}, limits))
		require.Equal(t, want, got)
		require.Equal(t, wantErr, err)

		d := NewDecoder(&cuts{in, uint32(seed)}, limits)
		var peeked strings.Builder
		for {
			kind := d.PeekKind()
			tok, err := d.ReadToken()
			if err != nil {
				require.Equal(t, KindNone, kind)
				require.Equal(t, wantErr, err)
				break
			}
			require.Equal(t, kind, tok.Kind)
			dump(&peeked, tok)
		}
		require.Equal(t, want, peeked.String())

		want, err = drain(NewBytesDecoder(in, limits))
		if err != io.EOF {
			return
		}
		var e Encoder
		e.Standalone()
		d = NewBytesDecoder(in, limits)
		for tok, err := d.ReadToken(); err == nil; tok, err = d.ReadToken() {
			e.Token(tok)
		}
		out, err := e.Bytes()
		require.NoError(t, err)
		again, err := drain(NewBytesDecoder(out, Limits{}))
		require.Equal(t, io.EOF, err, "%s", out)
		require.Equal(t, want, again, "%s", out)
	})
}

// FuzzElement: an element that was read whole stands alone: read by itself it has the tokens that it had in its place.
func FuzzElement(f *testing.F) {
	addRows(f)
	f.Add([]byte(`<p:a xmlns:q='v'><b q:c='' p:d=''><stream:e xmlns=''/></b></p:a>`), uint16(3))
	f.Fuzz(func(t *testing.T, in []byte, seed uint16) {
		in = slices.Concat([]byte(streamStart), in, []byte("<last/></stream:stream>"))
		tokens := NewDecoder(&cuts{in, uint32(seed)}, Limits{})
		whole := NewDecoder(&cuts{in, ^uint32(seed)}, Limits{})
		for _, d := range []*Decoder{tokens, whole} {
			_, err := d.ReadToken()
			require.NoError(t, err)
		}
		for {
			var want strings.Builder
			var wantErr error
			for first := true; first || tokens.Depth() > 1; first = false {
				var tok *Token
				if tok, wantErr = tokens.ReadToken(); wantErr != nil {
					break
				}
				dump(&want, tok)
			}
			tok, err := whole.ReadToken()
			if err != nil || tok.Kind != KindStart {
				require.Equal(t, wantErr, err)
				return
			}
			elem, err := whole.ReadElement()
			require.Equal(t, wantErr, err)
			if err != nil {
				return
			}
			got, err := drain(NewBytesDecoder(elem, Limits{StanzaBytes: 1 << 21, Attrs: 300}))
			require.Equal(t, io.EOF, err, "%s", elem)
			require.Equal(t, want.String(), got, "%s", elem)
		}
	})
}

// FuzzEncoder: what the Encoder writes reads back as what it was told, or it says what it cannot write.
func FuzzEncoder(f *testing.F) {
	f.Add([]byte("<abc\x00text&<>'\"\x00/"))
	for _, r := range allRows() {
		f.Add([]byte(r.in))
	}
	spaces := []string{"", "u", "v", nsXML, nsStream, "jabber:client", "u&'\"<>\t\r\n"}
	f.Fuzz(func(t *testing.T, program []byte) {
		var e Encoder
		e.Reset(nil, "")
		e.Standalone()
		var want []Token
		next := func() byte {
			if len(program) == 0 {
				return 0
			}
			c := program[0]
			program = program[1:]
			return c
		}
		word := func() string {
			n := min(int(next()%16), len(program))
			s := string(program[:n])
			program = program[n:]
			return s
		}
		depth := 0
		e.Start(Name{"root", "root"})
		want = append(want, Token{Kind: KindStart, Name: Name{"root", "root"}})
		for len(program) > 0 && e.Err() == nil {
			switch c := next(); c % 4 {
			case 0:
				n := Name{spaces[int(next())%len(spaces)], word()}
				if n.Local == "" {
					n.Local = "a"
				}
				e.Start(n)
				depth++
				want = append(want, Token{Kind: KindStart, Name: n})
			case 1:
				if last := &want[len(want)-1]; last.Kind == KindStart {
					n, v := Name{spaces[int(next())%len(spaces)], "b" + string('a'+rune(next()%26))}, word()
					e.AttrNS(n, v)
					last.Attrs = append(last.Attrs, Attr{n, []byte(v)})
				}
			case 2:
				s := word()
				e.Text(s)
				if last := &want[len(want)-1]; last.Kind == KindText {
					last.Text = append(last.Text, s...)
				} else if s != "" {
					want = append(want, Token{Kind: KindText, Text: []byte(s)})
				}
			case 3:
				if depth > 0 {
					depth--
					e.End()
					want = append(want, Token{Kind: KindEnd})
				}
			}
		}
		for ; depth >= 0; depth-- {
			e.End()
			want = append(want, Token{Kind: KindEnd})
		}
		out, err := e.Bytes()
		if err != nil {
			var ee *EncodeError
			require.ErrorAs(t, err, &ee)
			require.True(t, utf8.ValidString(ee.Error()))
			return
		}
		d := NewBytesDecoder(out, Limits{Depth: 1 << 20, Attrs: 1 << 20})
		for _, w := range want {
			tok, err := d.ReadToken()
			require.NoError(t, err, "%s", out)
			require.Equal(t, w.Kind, tok.Kind, "%s", out)
			require.Equal(t, string(w.Text), string(tok.Text))
			require.Len(t, tok.Attrs, len(w.Attrs))
			for i, a := range w.Attrs {
				require.Equal(t, a.Name, tok.Attrs[i].Name)
				require.Equal(t, string(a.Value), string(tok.Attrs[i].Value))
			}
			if w.Kind == KindStart {
				require.Equal(t, w.Name, tok.Name)
			}
		}
		_, err = d.ReadToken()
		require.Equal(t, io.EOF, err)
	})
}

// stricter are the faults that encoding/xml does not see, or sees in other places: see Departures in doc.go.
var stricter = []fault{
	faultName, faultColon, faultSpace, faultCharRef, faultOutside, faultDecl, faultMisplaced, faultPrefix, faultXMLNSName,
	faultBindXML, faultBindXMLNS, faultUnbind, faultDupAttr, faultDupDecl, faultRoots, faultComment, faultPI, faultDTD,
	faultMarkup, faultEncoding, faultStreamText, faultStanzaBytes, faultDepth, faultAttrs, faultNameBytes, faultRefBytes,
}

// FuzzDifferential: what we accept, encoding/xml accepts, with the same tokens; what we refuse for a reason that it knows,
// it refuses.
func FuzzDifferential(f *testing.F) {
	addRows(f)
	f.Fuzz(func(t *testing.T, in []byte, _ uint16) {
		ours, err := drainLoose(NewBytesDecoder(in, Limits{}))
		std, stdErr := drainStd(string(in))
		var se *SyntaxError
		switch {
		case err == io.EOF:
			if isASCII(in) && !strings.Contains(string(in), "<?xml") {
				require.Equal(t, io.EOF, stdErr)
			}
			if stdErr == io.EOF {
				require.Equal(t, ours, std)
			}
		case err == io.ErrUnexpectedEOF:
			if len(ours) > 0 {
				require.NotEqual(t, io.EOF, stdErr)
			}
		case errors.As(err, &se):
			for _, s := range stricter {
				if strings.HasPrefix(se.Msg, faults[s].msg) {
					return
				}
			}
			require.NotEqual(t, io.EOF, stdErr, "we: %v", err)
		default:
			t.Fatal(err)
		}
	})
}

// blank makes white space in attribute values, and so in namespaces, alike: encoding/xml does not normalise it.
var blank = strings.NewReplacer("\t", " ", "\r", " ", "\n", " ")

func loose(n xml.Name) Name { return Name{blank.Replace(n.Space), n.Local} }

func drainLoose(d *Decoder) (string, error) {
	var b strings.Builder
	for {
		tok, err := d.ReadToken()
		if err != nil {
			return b.String(), err
		}
		tok.Name = loose(xml.Name(tok.Name))
		for i := range tok.Attrs {
			tok.Attrs[i].Name = loose(xml.Name(tok.Attrs[i].Name))
			tok.Attrs[i].Value = []byte(blank.Replace(string(tok.Attrs[i].Value)))
		}
		dump(&b, tok)
	}
}

// drainStd is drainLoose with encoding/xml: text merged, declarations left out.
func drainStd(in string) (string, error) {
	var b strings.Builder
	var text []byte
	flush := func() {
		if len(text) > 0 {
			dump(&b, &Token{Kind: KindText, Text: text})
			text = text[:0]
		}
	}
	d := xml.NewDecoder(strings.NewReader(in))
	depth := 0
	for {
		tok, err := d.Token()
		if err != nil {
			return b.String(), err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			flush()
			s := Token{Kind: KindStart, Name: loose(tok.Name)}
			for _, a := range tok.Attr {
				if a.Name.Space != "xmlns" && (a.Name.Space != "" || a.Name.Local != "xmlns") {
					s.Attrs = append(s.Attrs, Attr{loose(a.Name), []byte(blank.Replace(a.Value))})
				}
			}
			dump(&b, &s)
			depth++
		case xml.EndElement:
			flush()
			dump(&b, &Token{Kind: KindEnd, Name: loose(tok.Name)})
			depth--
		case xml.CharData:
			if depth > 0 {
				text = append(text, tok...)
			}
		}
	}
}

func isASCII(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c >= utf8.RuneSelf })
}
