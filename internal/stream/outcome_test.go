package stream

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// meaning is what a piece of XML says, whatever its quotes and prefixes are, with encoding/xml for a second opinion.
func meaning(t testing.TB, s string) string {
	t.Helper()
	var b strings.Builder
	d := xml.NewDecoder(strings.NewReader(s))
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return b.String()
		}
		require.NoError(t, err, s)
		switch tok := tok.(type) {
		case xml.StartElement:
			b.WriteString("<" + tok.Name.Space + " " + tok.Name.Local)
			for _, a := range tok.Attr {
				if a.Name.Local != "xmlns" {
					b.WriteString(" " + a.Name.Local + "=" + a.Value)
				}
			}
			b.WriteString(">")
		case xml.EndElement:
			b.WriteString("</>")
		case xml.CharData:
			b.Write(tok)
		}
	}
}

const (
	bare = `<authorization-identifier>user@example.org</authorization-identifier>`
	full = `<authorization-identifier>user@example.com/AwesomeXMPP.4232f4d4</authorization-identifier>`
)

var successes = map[string]struct {
	sent string
	want Success
}{
	"XEP-0388 example 7": {
		"<success xmlns='urn:xmpp:sasl:2'>\n  <additional-data>\n    dj1tc1ZIcy9CeklPSERxWGVWSDdFbW1EdTlpZDg9\n  </additional-data>\n  " + bare + "\n</success>",
		Success{Data: []byte("v=msVHs/BzIOHDqXeVH7EmmDu9id8="), Authorization: "user@example.org"},
	},
	"XEP-0388 example 13, nothing but who it is": {
		`<success xmlns='urn:xmpp:sasl:2'>` + bare + `</success>`, Success{Authorization: "user@example.org"},
	},
	"data of no bytes": {
		`<success xmlns='urn:xmpp:sasl:2'><additional-data/>` + bare + `</success>`, Success{Data: []byte{}, Authorization: "user@example.org"},
	},
	"resumed, XEP-0388 example 9": {
		`<success xmlns='urn:xmpp:sasl:2'><additional-data>SGFk</additional-data>` + bare + `<resumed xmlns='urn:xmpp:sm:3' h='345' previd='124'/></success>`,
		Success{Data: []byte("Had"), Authorization: "user@example.org", Resumed: &Resumption{H: 345, PrevID: "124"}},
	},
	"bound, XEP-0386 example 4": {
		`<success xmlns='urn:xmpp:sasl:2'>` + full + `<bound xmlns='urn:xmpp:bind:0'><metadata xmlns='urn:xmpp:mam:2'>` +
			`<start id='YWxwaGEg' timestamp='2008-08-22T21:09:04Z'/></metadata></bound></success>`,
		Success{Authorization: "user@example.com/AwesomeXMPP.4232f4d4", Bound: &Bound{}},
	},
	"bound and managed": {
		`<success xmlns='urn:xmpp:sasl:2'>` + full + `<bound xmlns='urn:xmpp:bind:0'><enabled xmlns='urn:xmpp:sm:3' id='i' resume='1' max='300'/></bound></success>`,
		Success{Authorization: "user@example.com/AwesomeXMPP.4232f4d4", Bound: &Bound{Enabled: &Enabled{ID: "i", Resume: true, Max: 300}}},
	},
	"neither resumed nor managed, XEP-0198 example 31": {
		`<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>user@example.com/resource</authorization-identifier>` +
			`<failed xmlns='urn:xmpp:sm:3' h='9'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>` +
			`<bound xmlns='urn:xmpp:bind:0'><failed xmlns='urn:xmpp:sm:3'><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>` +
			`<latest-id>0312a1b8</latest-id></bound></success>`,
		Success{Authorization: "user@example.com/resource", Refused: &Failed{Condition: "item-not-found", H: 9, HasH: true},
			Bound: &Bound{Refused: &Failed{Condition: "internal-server-error"}}},
	},
	"a token, XEP-0484 example 3": {
		`<success xmlns='urn:xmpp:sasl:2'>` + full + `<bound xmlns='urn:xmpp:bind:0'/>` +
			`<token xmlns='urn:xmpp:fast:0' expiry='2020-03-12T14:36:15Z' token='WXZzciBwYmFmdmZnZiBqdmd1IGp2eXFhcmZm'/></success>`,
		Success{Authorization: "user@example.com/AwesomeXMPP.4232f4d4", Bound: &Bound{},
			Token: &Token{Secret: "WXZzciBwYmFmdmZnZiBqdmd1IGp2eXFhcmZm", Expiry: "2020-03-12T14:36:15Z"}},
	},
	"the first of each": {
		`<success xmlns='urn:xmpp:sasl:2'><additional-data>YQ==</additional-data><additional-data>Yg==</additional-data>` + bare +
			`<authorization-identifier>mallory@example.org</authorization-identifier></success>`,
		Success{Data: []byte("a"), Authorization: "user@example.org"},
	},
	"what is not known, and known names elsewhere": {
		`<success xmlns='urn:xmpp:sasl:2'><x xmlns='y'><additional-data xmlns='urn:xmpp:sasl:2'>*</additional-data></x>` + bare +
			`<resumed h='1' previd='x'/><bound/><token token='t'/></success>`,
		Success{Authorization: "user@example.org"},
	},
}

func TestReadSuccess(t *testing.T) {
	for name, c := range successes {
		t.Run(name, func(t *testing.T) {
			d := inStream(t, c.sent+"<next/>", iotest.OneByteReader)
			got, err := ReadSuccess(d)
			require.NoError(t, err)
			require.Equal(t, &c.want, got)
			tok, err := d.ReadToken()
			require.NoError(t, err)
			require.Equal(t, "next", tok.Name.Local, "the decoder stands behind it")
		})
	}
}

func TestReadSuccessErrors(t *testing.T) {
	for name, c := range map[string]struct{ sent, condition string }{
		"no base64":         {`<additional-data>*</additional-data>`, "bad-format"},
		"base64 with holes": {"<additional-data>YWFh\nYWFh</additional-data>", "bad-format"},
		"bits left over":    {`<additional-data>YR==</additional-data>`, "bad-format"},
		"no end":            {`<x>`, ""},
		"broken XML":        {`<x></y>`, "not-well-formed"},
		"without an h":      {`<resumed xmlns='urn:xmpp:sm:3' previd='x'/>`, "h"},
		"endless":           {strings.Repeat("<x/>", 129), "policy-violation"},
	} {
		_, err := ReadSuccess(inStream(t, `<success xmlns='urn:xmpp:sasl:2'>`+c.sent))
		var broken *Error
		var element *ElementError
		switch {
		case errors.As(err, &broken):
			require.Equal(t, c.condition, broken.Condition, name)
		case errors.As(err, &element):
			require.Equal(t, c.condition, element.Attr, name)
		default:
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, name)
			require.Empty(t, c.condition, name)
		}
	}
}

var continues = map[string]struct {
	sent string
	want Continue
}{
	"XEP-0388 example 11": {
		"<continue xmlns='urn:xmpp:sasl:2'>\n <additional-data>\n SSdtIGJvcmVkIG5vdy4=\n </additional-data>\n <tasks>\n <task>HOTP-EXAMPLE</task> <task>TOTP-EXAMPLE</task></tasks>" +
			"<text>This account requires 2FA</text></continue>",
		Continue{Data: []byte("I'm bored now."), Tasks: []string{"HOTP-EXAMPLE", "TOTP-EXAMPLE"}, Text: "This account requires 2FA"},
	},
	"without data": {
		`<continue xmlns='urn:xmpp:sasl:2'><tasks><task>X</task><y/></tasks><z xmlns='a'/></continue>`, Continue{Tasks: []string{"X"}},
	},
	"without anything": {`<continue xmlns='urn:xmpp:sasl:2'/>`, Continue{}},
}

func TestReadContinue(t *testing.T) {
	for name, c := range continues {
		got, err := ReadContinue(inStream(t, c.sent, iotest.HalfReader))
		require.NoError(t, err, name)
		require.Equal(t, &c.want, got, name)
	}
	_, err := ReadContinue(inStream(t, `<continue xmlns='urn:xmpp:sasl:2'><additional-data>*</additional-data></continue>`))
	require.Error(t, err)
}

// FuzzReadSuccess: what is read does not depend on how it arrives, and leaves the decoder in step.
func FuzzReadSuccess(f *testing.F) {
	inside := func(sent string) string { return sent[strings.Index(sent, ">")+1:] }
	for _, c := range successes {
		f.Add(inside(c.sent))
	}
	for _, c := range continues {
		f.Add(inside(c.sent))
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.NewReplacer("</success>", "", "</continue>", "").Replace(s)
		d := inStream(t, "<success>"+s+"</success><next/>")
		once, err := ReadSuccess(d)
		again, err2 := ReadSuccess(inStream(t, "<success>"+s+"</success>", iotest.OneByteReader))
		require.Equal(t, err == nil, err2 == nil, "%v, %v", err, err2)
		require.Equal(t, once, again)
		if err != nil {
			return
		}
		require.Equal(t, 1, d.Depth())
		if more, err := ReadContinue(inStream(t, "<continue>"+s+"</continue>")); err == nil {
			require.Equal(t, once.Data, more.Data)
		}
	})
}
