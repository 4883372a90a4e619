package stream

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/stretchr/testify/require"
)

// newDecoder returns a decoder of s.
func newDecoder(s string) *xmltext.Decoder {
	return xmltext.NewDecoder(strings.NewReader(s), xmltext.Limits{})
}

// condition returns the condition of a stream error that we found.
func condition(t testing.TB, err error) string {
	t.Helper()
	var e *Error
	require.ErrorAs(t, err, &e)
	require.NotEmpty(t, e.Error())
	return e.Condition
}

// TestHeaderAppend: what we send at the beginning of a stream, to the letter.
func TestHeaderAppend(t *testing.T) {
	t.Attr("conformance", "stream-attribute-initial-from stream-attribute-initial-to stream-attribute-initial-lang xml-namespace-streams-declaration xml-namespace-streams-prefix 6120-4.7.2-1 6120-4.7.3-3 6120-4.7.4-2 6120-4.7.5-4 6120-4.8.1-1 6120-4.8.2-1 6120-4.8.3-5 6120-4.8.5-3 6120-4.8.5-6 6120-11.5-1 6120-11.5-2 6120-11.5-3 6120-11.6-4 6120-12-2")
	h := Header{From: "juliet@im.example.com", To: "im.example.com", Version: "1.0", Lang: "en"}
	require.Equal(t, `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' `+
		`version='1.0' from='juliet@im.example.com' to='im.example.com' xml:lang='en'>`, string(h.Append(nil)))

	got, err := ReadHeader(newDecoder(string(h.Append(nil))))
	require.NoError(t, err)
	require.Equal(t, h, got)

	h = Header{To: `o'hara&"<>`, ID: "++TR84Sm6A3hnt3Q065SnAbbk3Y=", Version: "1.0", Content: ns.Component}
	require.True(t, strings.HasPrefix(string(h.Append([]byte("x"))), "x<?xml "))
	require.Contains(t, string(h.Append(nil)), `xmlns='jabber:component:accept'`)
	got, err = ReadHeader(newDecoder(string(h.Append(nil))))
	require.NoError(t, err)
	h.Content = ""
	require.Equal(t, h, got)
}

// TestHeaderAppendLeavesOut: what XML cannot carry is not sent.
func TestHeaderAppendLeavesOut(t *testing.T) {
	h := Header{To: "a", Lang: "\x00", ID: "\xff", Version: "1.0"}
	got, err := ReadHeader(newDecoder(string(h.Append(nil))))
	require.NoError(t, err)
	require.Equal(t, Header{To: "a", Version: "1.0"}, got)
}

func TestReadHeader(t *testing.T) {
	const stream = `xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'`
	for name, c := range map[string]struct {
		sent string
		want Header
		fail string
	}{
		"response header of RFC 6120 §4.7.3": {
			sent: `<?xml version='1.0'?><stream:stream from='im.example.com' id='++TR84Sm6A3hnt3Q065SnAbbk3Y=' to='juliet@im.example.com' version='1.0' xml:lang='en' ` + stream + `>`,
			want: Header{From: "im.example.com", ID: "++TR84Sm6A3hnt3Q065SnAbbk3Y=", To: "juliet@im.example.com", Version: "1.0", Lang: "en"},
		},
		"6120-4.7.1-5 6120-4.7.2-6 no addresses": {sent: `<stream:stream version='1.0' ` + stream + `>`, want: Header{Version: "1.0"}},
		"6120-4.8.2-3 stream namespace as default": {
			sent: `<stream xmlns='http://etherx.jabber.org/streams' version='1.0'>`, want: Header{Version: "1.0"},
		},
		"another prefix":                {sent: `<s:stream xmlns:s='http://etherx.jabber.org/streams' version='1.0'>`, want: Header{Version: "1.0"}},
		"6120-4.7.5-1 higher version":   {sent: `<stream:stream version='12.13' ` + stream + `>`, want: Header{Version: "12.13"}},
		"6120-4.7.5-2 leading zeros":    {sent: `<stream:stream version='01.000' ` + stream + `>`, want: Header{Version: "01.000"}},
		"6120-4.7.5-3 minor version":    {sent: `<stream:stream version='1.99999999999999999999' ` + stream + `>`, want: Header{Version: "1.99999999999999999999"}},
		"6120-4.7.5-8 no version":       {sent: `<stream:stream ` + stream + `>`, fail: "unsupported-version"},
		"6120-4.7.5-7 version 0.9":      {sent: `<stream:stream version='0.9' ` + stream + `>`, fail: "unsupported-version"},
		"version of words":              {sent: `<stream:stream version='one.two' ` + stream + `>`, fail: "unsupported-version"},
		"version without minor":         {sent: `<stream:stream version='1' ` + stream + `>`, fail: "unsupported-version"},
		"negative version":              {sent: `<stream:stream version='-1.0' ` + stream + `>`, fail: "unsupported-version"},
		"6120-4.8.1-2 other namespace":  {sent: `<stream:stream version='1.0' xmlns:stream='urn:x'>`, fail: "invalid-namespace"},
		"no namespace":                  {sent: `<stream version='1.0'>`, fail: "invalid-namespace"},
		"other element":                 {sent: `<stream:features ` + stream + `>`, fail: "bad-format"},
		"6120-11.3-2 undeclared prefix": {sent: `<stream:stream version='1.0'>`, fail: "not-well-formed"},
		"HTTP":                          {sent: "HTTP/1.1 400 Bad Request\r\n", fail: "not-well-formed"},
		"6120-11.1-3 DTD":               {sent: `<!DOCTYPE stream><stream:stream version='1.0' ` + stream + `>`, fail: "restricted-xml"},
		"6120-11.6-3 encoding":          {sent: `<?xml version='1.0' encoding='ISO-8859-1'?><stream:stream ` + stream + `>`, fail: "unsupported-encoding"},
		"6120-11.5-4 standalone": {
			sent: `<?xml version='1.0' standalone='no'?><stream:stream version='1.0' ` + stream + `>`, want: Header{Version: "1.0"},
		},
		"6120-11.6-5 U+FEFF is no mark": {sent: "\ufeff<stream:stream version='1.0' " + stream + `>`, fail: "not-well-formed"},
		"no end":                        {sent: `<stream:stream version='1.0' a='` + strings.Repeat("x", 2<<20) + `'>`, fail: "policy-violation"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Attr("conformance", name)
			for _, r := range []io.Reader{strings.NewReader(c.sent), iotest.OneByteReader(strings.NewReader(c.sent))} {
				h, err := ReadHeader(xmltext.NewDecoder(r, xmltext.Limits{}))
				if c.fail != "" {
					require.Equal(t, c.fail, condition(t, err))
					continue
				}
				require.NoError(t, err)
				require.Equal(t, c.want, h)
			}
		})
	}
}

// TestReadHeaderInput: errors of the connection are no stream errors.
func TestReadHeaderInput(t *testing.T) {
	for _, sent := range []string{"", "<?xml version='1.0'?>", "<stream:str"} {
		_, err := ReadHeader(newDecoder(sent))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	}
	_, err := ReadHeader(xmltext.NewDecoder(iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("<stream"))), xmltext.Limits{}))
	require.ErrorIs(t, err, iotest.ErrTimeout)
}
