package stream

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/stretchr/testify/require"
)

// TestOpenFrame: what we send at the beginning of a framed stream, to the letter.
func TestOpenFrame(t *testing.T) {
	h := Header{From: "juliet@im.example.com", To: "im.example.com", Version: "1.0", Lang: "en", ID: "a&b"}
	want := `<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' version='1.0' from='juliet@im.example.com' to='im.example.com' id='a&amp;b' xml:lang='en'/>`
	require.Equal(t, want, string(h.AppendOpen(nil)))
	f, err := ReadFrame(xmltext.NewBytesDecoder(nil, xmltext.Limits{}), []byte(want))
	require.NoError(t, err)
	require.Equal(t, FrameOpen, f.Kind)
	require.Equal(t, h, f.Header)
}

// framed are messages, mostly the examples of RFC 7395, and what they are.
var framed = []struct {
	msg  string
	want Frame
}{
	{ // §3.1, §3.4
		"<open xmlns=\"urn:ietf:params:xml:ns:xmpp-framing\"\n      from=\"example.com\"\n      id=\"++TR84Sm6A3hnt3Q065SnAbbk3Y=\"\n      xml:lang=\"en\"\n      version=\"1.0\" />",
		Frame{Kind: FrameOpen, Header: Header{From: "example.com", ID: "++TR84Sm6A3hnt3Q065SnAbbk3Y=", Lang: "en", Version: "1.0"}},
	},
	{`<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />`, Frame{Kind: FrameClose}}, // §3.6
	{ // §3.6.1
		"<close xmlns=\"urn:ietf:params:xml:ns:xmpp-framing\"\n     see-other-uri=\"wss://otherendpoint.example/xmpp-bind\" />",
		Frame{Kind: FrameClose, SeeOther: "wss://otherendpoint.example/xmpp-bind"},
	},
	{ // §3.3.3
		"<message xmlns=\"jabber:client\" xml:lang=\"en\">\n  <body>Every WebSocket message is parsable by itself.</body>\n</message>",
		Frame{Name: xmltext.Name{Space: ns.Client, Local: "message"}},
	},
	{
		"<stream:features xmlns:stream=\"http://etherx.jabber.org/streams\">\n  <bind xmlns=\"urn:ietf:params:xml:ns:xmpp-bind\"/>\n</stream:features>",
		Frame{Name: xmltext.Name{Space: ns.Stream, Local: "features"}},
	},
	{
		"<error xmlns=\"http://etherx.jabber.org/streams\">\n  <host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\n</error>",
		Frame{Name: xmltext.Name{Space: ns.Stream, Local: "error"}},
	},
	{`<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl" />`, Frame{Name: xmltext.Name{Space: ns.SASL, Local: "success"}}}, // §3.7
	{`<?xml version="1.0"?> <a/> `, Frame{Name: xmltext.Name{Local: "a"}}},                                                // not recommended, and no error
}

func TestReadFrame(t *testing.T) {
	d := xmltext.NewBytesDecoder(nil, xmltext.Limits{})
	for _, c := range framed {
		got, err := ReadFrame(d, []byte(c.msg))
		require.NoError(t, err, c.msg)
		if i := strings.Index(c.msg, "?>"); i > 0 { // it's the element alone
			require.Equal(t, strings.TrimSpace(c.msg[i+2:]), string(got.XML))
		} else {
			require.Equal(t, c.msg, string(got.XML))
		}
		got.XML = nil
		if c.want.Kind != FrameElement {
			got.Name = xmltext.Name{}
		}
		require.Equal(t, c.want, got, c.msg)
	}
}

// TestReadBareError: Prosody 13 does not declare the prefix of its stream errors, and what they say is needed: who does not
// know of a conflict comes back, and fights.
func TestReadBareError(t *testing.T) {
	const msg = "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
	f, err := ReadFrame(xmltext.NewBytesDecoder(nil, xmltext.Limits{}), []byte(msg))
	require.NoError(t, err)
	require.Equal(t, strings.Replace(msg, ">", " xmlns:stream='"+ns.Stream+"'>", 1), string(f.XML))
	_, err = ReadFrame(xmltext.NewBytesDecoder(nil, xmltext.Limits{}), []byte(msg+"<a/>"))
	require.ErrorContains(t, err, "more than one element")
}

func TestReadFrameRefuses(t *testing.T) {
	const framing = " xmlns='urn:ietf:params:xml:ns:xmpp-framing'"
	for _, c := range []struct{ msg, condition string }{
		{"", "not-well-formed"},
		{"  ", "not-well-formed"},
		{"<a>", "not-well-formed"},
		{"<a/><b/>", "not-well-formed"},
		{"<a/>text", "not-well-formed"},
		{"<a/><!-- c -->", "not-well-formed"},
		{"text", "not-well-formed"},
		{"<stream:features/>", "not-well-formed"}, // §3.3.3: the prefix has to be declared
		{"<a><b></a></b>", "not-well-formed"},
		{"<!DOCTYPE a><a/>", "restricted-xml"},
		{"<a><!-- c --></a>", "restricted-xml"},
		{"\xff\xfe<\x00", "unsupported-encoding"},
		{strings.Repeat("<a>", 100), "policy-violation"},
		{"<open/>", "invalid-namespace"}, // §3.3.2
		{"<open xmlns='jabber:client'/>", "invalid-namespace"},
		{"<close xmlns='jabber:client'/>", "invalid-namespace"},
		{"<stream:stream xmlns:stream='http://etherx.jabber.org/streams'/>", "invalid-namespace"},
		{"<start" + framing + "/>", "bad-format"},
	} {
		_, err := ReadFrame(xmltext.NewBytesDecoder(nil, xmltext.Limits{}), []byte(c.msg))
		var syntax *xmltext.SyntaxError
		if errors.As(err, &syntax) {
			err = SyntaxError(syntax)
		}
		require.Equal(t, c.condition, condition(t, err), c.msg)
	}
}

// A cutting is what is written to a stream in one piece, and the documents that it comes to.
type cutting struct {
	name, written string
	want          []string
}

var cuttings = []cutting{
	{"stanza", `<message to='a'><body>b</body></message>`, []string{`<message xmlns='jabber:client' to='a'><body>b</body></message>`}},
	{"several", "<iq id='1'/>\n <r xmlns='urn:xmpp:sm:3'/><presence/>", []string{`<iq xmlns='jabber:client' id='1'/>`, `<r xmlns='urn:xmpp:sm:3'/>`, `<presence xmlns='jabber:client'/>`}},
	{"payload", `<iq><query xmlns='jabber:iq:roster'><item xmlns='' /></query></iq>`, []string{`<iq xmlns='jabber:client'><query xmlns='jabber:iq:roster'><item xmlns='' /></query></iq>`}},
	{"prefixes", `<a:x xmlns:a='urn:a'><body/></a:x>`, []string{`<a:x xmlns='jabber:client' xmlns:a='urn:a'><body/></a:x>`}},
	{"error and end", `<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`, []string{
		`<stream:error xmlns:stream='http://etherx.jabber.org/streams'><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`, CloseFrame,
	}},
	{"white space", " \n", nil},
	{"nothing", "", nil},
}

// frames cuts what is written, and puts it as it goes out.
func frames(f *Framer, written string) (docs []string, err error) {
	for frame, err := range f.Frames([]byte(written)) {
		if err != nil {
			return docs, err
		}
		switch frame.Kind {
		case FrameOpen:
			docs = append(docs, string(frame.Header.AppendOpen(nil)))
		case FrameClose:
			docs = append(docs, CloseFrame)
		default:
			docs = append(docs, string(frame.XML))
		}
	}
	return docs, nil
}

func TestFramer(t *testing.T) {
	for _, c := range cuttings {
		t.Run(c.name, func(t *testing.T) {
			var f Framer
			got, err := frames(&f, c.written)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

// TestFramerHeaders: a header with what follows it at once, and a restart (RFC 7395 §3.7), which is one more <open/>.
func TestFramerHeaders(t *testing.T) {
	var f Framer
	h := Header{To: "example.com", Version: "1.0", Lang: "de"}
	header, open := string(h.Append(nil)), string(h.AppendOpen(nil))
	got, err := frames(&f, header+"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>x</auth>"+header+"<iq id='1'/><iq xml:lang='fr'/>")
	require.NoError(t, err)
	require.Equal(t, []string{
		open, `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>x</auth>`,
		open, `<iq xml:lang='de' xmlns='jabber:client' id='1'/>`, `<iq xmlns='jabber:client' xml:lang='fr'/>`,
	}, got)

	got, err = frames(&f, "<message/></stream:stream>")
	require.NoError(t, err)
	require.Equal(t, []string{`<message xml:lang='de' xmlns='jabber:client'/>`, CloseFrame}, got, "the language is the stream's, whenever it's said")
}

func TestFramerRefuses(t *testing.T) {
	for _, written := range []string{"<a", "<a>", "<a></b>", "text", "<?xml version='1.0'?><a/>", "<!-- c -->", "</a>", "<a/><b>"} {
		_, err := frames(new(Framer), written)
		require.Error(t, err, written)
	}
}

// TestFramerStops: who does not want more frames gets none.
func TestFramerStops(t *testing.T) {
	n := 0
	for range new(Framer).Frames([]byte("<a xmlns='x'/><b xmlns='x'/>")) {
		n++
		break
	}
	require.Equal(t, 1, n)
}

// FuzzReadFrame: what is accepted is one document, and means the same inside a stream.
func FuzzReadFrame(f *testing.F) {
	for _, c := range framed {
		f.Add([]byte(c.msg))
	}
	for _, s := range []string{"<a/><b/>", "<a>", "<?xml version='1.0'?><a/>", "\xef\xbb\xbf<a/>", "<x:a/>", "<a>&amp;&lt;<![CDATA[<]]></a>"} {
		f.Add([]byte(s))
	}
	d := xmltext.NewBytesDecoder(nil, xmltext.Limits{})
	f.Fuzz(func(t *testing.T, msg []byte) {
		frame, err := ReadFrame(d, msg)
		if err != nil {
			return
		}
		xml := slices.Clone(frame.XML)
		require.True(t, bytes.HasPrefix(xml, []byte("<")))
		in := xmltext.NewDecoder(io.MultiReader(strings.NewReader(streamRoot), bytes.NewReader(xml)), xmltext.Limits{})
		_, err = in.ReadToken()
		require.NoError(t, err)
		tok, err := in.ReadToken()
		require.NoError(t, err)
		if frame.Kind == FrameElement && frame.Name.Space != "" { // what is in no namespace takes that of the stream
			require.Equal(t, frame.Name, tok.Name)
		}
		require.NoError(t, in.SkipElement())
		require.EqualValues(t, len(streamRoot)+len(xml), in.InputOffset())
	})
}

// FuzzFramer: every frame of what can be cut is one that ReadFrame takes.
func FuzzFramer(f *testing.F) {
	for _, c := range cuttings {
		f.Add([]byte(c.written))
	}
	f.Add(Header{To: "a", Version: "1.0", Lang: "en"}.Append(nil))
	f.Fuzz(func(t *testing.T, written []byte) {
		var framer Framer
		d := xmltext.NewBytesDecoder(nil, xmltext.Limits{StanzaBytes: 1 << 24, Depth: 1 << 20, Attrs: 1 << 20, NameBytes: 1 << 20})
		for frame, err := range framer.Frames(written) {
			if err != nil {
				return
			}
			if frame.Kind != FrameElement || frame.Name.Space == ns.Framing || frame.Name.Local == "open" || frame.Name.Local == "close" {
				continue // we never write such
			}
			got, err := ReadFrame(d, slices.Clone(frame.XML))
			require.NoError(t, err, "%q", frame.XML)
			require.Equal(t, frame.Name, got.Name)
		}
	})
}
