package stream

import (
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// readSM reads one element with the function for its name, and checks that the decoder stands behind it.
func readSM(t *testing.T, xml string) (any, error) {
	t.Helper()
	d := xmltext.NewBytesDecoder([]byte(xml), xmltext.Limits{})
	start, err := d.ReadToken()
	require.NoError(t, err)
	require.Equal(t, ns.SM, start.Name.Space)
	v, err := readByName(d, start)
	_, end := d.ReadToken()
	require.Equal(t, io.EOF, end, "the element must be read to its end")
	return v, err
}

func readByName(d *xmltext.Decoder, start *xmltext.Token) (any, error) {
	switch start.Name.Local {
	case "enable":
		return ReadEnable(d, start)
	case "enabled":
		return ReadEnabled(d, start)
	case "a":
		return ReadAck(d, start)
	case "resume", "resumed":
		return ReadResumption(d, start)
	case "failed":
		return ReadFailed(d, start)
	}
	return nil, d.SkipElement()
}

// appendSM writes what readSM returned for an element of that name.
func appendSM(name string, v any) ([]byte, error) {
	switch v := v.(type) {
	case Enable:
		return v.Append(nil), nil
	case Enabled:
		return v.Append(nil)
	case uint32:
		return AppendAck(nil, v), nil
	case Resumption:
		if name == "resume" {
			return v.AppendResume(nil)
		}
		return v.AppendResumed(nil)
	case *Failed:
		return v.Append(nil)
	}
	return []byte(Request), nil
}

// Every element of XEP-0198 as its examples have it (the placeholders for numbers are numbers here), and as we write it.
var smExamples = []struct {
	name    string // number of the examples
	xml     string
	element string
	want    any
	written string // empty: as in the example
}{
	{"2, 7, 18", `<enable xmlns='urn:xmpp:sm:3'/>`, "enable", Enable{}, ""},
	{"3, 7, 19", `<enabled xmlns='urn:xmpp:sm:3'/>`, "enabled", Enabled{}, ""},
	{"4, 9", `<enabled xmlns='urn:xmpp:sm:3' id='some-long-sm-id' resume='true'/>`, "enabled",
		Enabled{ID: "some-long-sm-id", Resume: true}, ""},
	{"5, 6, 16", "<failed xmlns='urn:xmpp:sm:3'>\n  <unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\n</failed>", "failed",
		&Failed{Condition: "unexpected-request"},
		`<failed xmlns='urn:xmpp:sm:3'><unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`},
	{"7, 20, 22, 24", `<r xmlns='urn:xmpp:sm:3'/>`, "r", nil, ""},
	{"7, 21, 22", `<a xmlns='urn:xmpp:sm:3' h='1'/>`, "a", uint32(1), ""},
	{"8", `<enable xmlns='urn:xmpp:sm:3' resume='true'/>`, "enable", Enable{Resume: true}, ""},
	{"10", `<enabled xmlns='urn:xmpp:sm:3' id='some-long-sm-id'/>`, "enabled", Enabled{ID: "some-long-sm-id"}, ""},
	{"11", "<enabled xmlns='urn:xmpp:sm:3'\n            id='some-long-sm-id'\n            location='[2001:41D0:1:A49b::1]:9222'\n            resume='true'/>", "enabled",
		Enabled{ID: "some-long-sm-id", Location: "[2001:41D0:1:A49b::1]:9222", Resume: true},
		`<enabled xmlns='urn:xmpp:sm:3' id='some-long-sm-id' location='[2001:41D0:1:A49b::1]:9222' resume='true'/>`},
	{"12", "<resume xmlns='urn:xmpp:sm:3'\n        h='42'\n        previd='some-long-sm-id'/>", "resume",
		Resumption{H: 42, PrevID: "some-long-sm-id"},
		`<resume xmlns='urn:xmpp:sm:3' h='42' previd='some-long-sm-id'/>`},
	{"13", "<resumed xmlns='urn:xmpp:sm:3'\n         h='43'\n         previd='some-long-sm-id'/>", "resumed",
		Resumption{H: 43, PrevID: "some-long-sm-id"},
		`<resumed xmlns='urn:xmpp:sm:3' h='43' previd='some-long-sm-id'/>`},
	{"14, 30, 31", "<failed xmlns='urn:xmpp:sm:3'\n        h='43'>\n  <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\n</failed>", "failed",
		&Failed{Condition: "item-not-found", H: 43, HasH: true},
		`<failed xmlns='urn:xmpp:sm:3' h='43'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`},
	{"23, 24", `<a xmlns='urn:xmpp:sm:3' h='2'/>`, "a", uint32(2), ""},
	{"25", `<a xmlns='urn:xmpp:sm:3' h='3'/>`, "a", uint32(3), ""},
	{"26", `<a xmlns='urn:xmpp:sm:3' h='10'/>`, "a", uint32(10), ""},
	{"28", `<resume xmlns="urn:xmpp:sm:3" h="7" previd="some-long-sm-id"/>`, "resume", Resumption{H: 7, PrevID: "some-long-sm-id"},
		`<resume xmlns='urn:xmpp:sm:3' h='7' previd='some-long-sm-id'/>`},
	{"29, 31", "<failed xmlns='urn:xmpp:sm:3'>\n            <internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\n        </failed>", "failed",
		&Failed{Condition: "internal-server-error"},
		`<failed xmlns='urn:xmpp:sm:3'><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`},
}

func TestSMExamples(t *testing.T) {
	for _, tt := range smExamples {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readSM(t, tt.xml)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)

			b, err := appendSM(tt.element, tt.want)
			require.NoError(t, err)
			want := tt.written
			if want == "" {
				want = tt.xml
			}
			assert.Equal(t, want, string(b))
		})
	}
}

func TestSMReads(t *testing.T) {
	tests := []struct {
		name string
		xml  string
		want any
	}{
		{"resume of ejabberd and of Prosody", `<enabled xmlns='urn:xmpp:sm:3' resume='1' id='x' max='300'/>`, Enabled{ID: "x", Max: 300, Resume: true}},
		{"resume false", `<enabled xmlns='urn:xmpp:sm:3' resume='false' id='x'/>`, Enabled{ID: "x"}},
		{"resume 0", `<enabled xmlns='urn:xmpp:sm:3' resume='0' id='x'/>`, Enabled{ID: "x"}},
		{"resume with spaces around", `<enable xmlns='urn:xmpp:sm:3' resume=' true '/>`, Enable{Resume: true}},
		{"resume that is no boolean", `<enable xmlns='urn:xmpp:sm:3' resume='TRUE' max='1'/>`, Enable{Max: 1}},
		{"max with a sign and zeros", `<enable xmlns='urn:xmpp:sm:3' max=' +0060'/>`, Enable{Max: 60}},
		{"max without end", `<enable xmlns='urn:xmpp:sm:3' max='99999999999999999999999999'/>`, Enable{Max: math.MaxUint32}},
		{"max that is no number", `<enable xmlns='urn:xmpp:sm:3' max='PT5M'/>`, Enable{}},
		{"max below one", `<enable xmlns='urn:xmpp:sm:3' max='-1'/>`, Enable{}},
		{"an attribute of another namespace", `<enable xmlns='urn:xmpp:sm:3' xmlns:x='urn:x' x:resume='true'/>`, Enable{}},
		{"an id with references", `<enabled xmlns='urn:xmpp:sm:3' id='&lt;&apos;&#9;&amp;'/>`, Enabled{ID: "<'\t&"}},
		{"content", `<a xmlns='urn:xmpp:sm:3' h='5' x='y'>text<b><a h='7'/></b></a>`, uint32(5)},
		{"h zero", `<a xmlns='urn:xmpp:sm:3' h='0'/>`, uint32(0)},
		{"h largest", `<a xmlns='urn:xmpp:sm:3' h='4294967295'/>`, uint32(math.MaxUint32)},
		{"h with spaces and zeros", "<a xmlns='urn:xmpp:sm:3' h=' &#9;&#10;&#13;0000000000000000000000012 '/>", uint32(12)},
		{"an empty previd", `<resumed xmlns='urn:xmpp:sm:3' h='1' previd=''/>`, Resumption{H: 1}},
		{"an empty text has no language", `<failed xmlns='urn:xmpp:sm:3'><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'/></failed>`, &Failed{}},
		{"nothing said", `<failed xmlns='urn:xmpp:sm:3'/>`, &Failed{}},
		{"an h that is none", `<failed xmlns='urn:xmpp:sm:3' h='-1'/>`, &Failed{}},
		{"h zero is one", `<failed xmlns='urn:xmpp:sm:3' h='0'/>`, &Failed{HasH: true}},
		{"with text", `<failed xmlns='urn:xmpp:sm:3'><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>go <b/>away</text>` +
			`<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'><x/></item-not-found></failed>`,
			&Failed{Condition: "item-not-found", Text: "go away", Lang: "en"}},
		{"the first counts", `<failed xmlns='urn:xmpp:sm:3'><conflict xmlns='urn:x'/><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>` +
			`<conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='de'>eins</text>` +
			`<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>two</text></failed>`,
			&Failed{Condition: "gone", Text: "eins", Lang: "de"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readSM(t, tt.xml)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestSMRefusesCounts(t *testing.T) {
	bad := []string{"", " ", "-1", "+1", "-0", "4294967296", "18446744073709551616", "99999999999999999999999", "1.0", "1e3", "0x10",
		"1 2", "\u00a01", "\u0661", "NaN", "some-sequence-number"}
	for _, element := range []string{"a", "resume", "resumed"} {
		for _, h := range bad {
			_, err := readSM(t, "<"+element+" xmlns='urn:xmpp:sm:3' previd='x' h='"+h+"'><b/></"+element+">")
			assert.Equal(t, &ElementError{Element: element, Attr: "h", Value: h}, err)
		}
		_, err := readSM(t, "<"+element+" xmlns='urn:xmpp:sm:3' xmlns:x='urn:x' x:h='1' previd='x'/>")
		assert.Equal(t, &ElementError{Element: element, Attr: "h", Missing: true}, err)
	}
	got, err := readSM(t, `<resumed xmlns='urn:xmpp:sm:3' h='1'/>`)
	assert.Equal(t, &ElementError{Element: "resumed", Attr: "previd", Missing: true}, err)
	assert.Equal(t, Resumption{}, got)
}

func TestElementErrorSpeaks(t *testing.T) {
	missing := &ElementError{Element: "a", Attr: "h", Missing: true}
	assert.Equal(t, "stream management: <a/> lacks its attribute h; end the stream with bad-format", missing.Error())
	odd := &ElementError{Element: "resumed", Attr: "h", Value: "\x1b[2J-1"}
	assert.Equal(t, `stream management: <resumed/> has h="\x1b[2J-1", want a decimal number from 0 to 4294967295; `+
		`end the stream with bad-format`, odd.Error())
	assert.ErrorIs(t, odd.StreamError(), odd)
	assert.Equal(t, "<stream:error><bad-format xmlns='urn:ietf:params:xml:ns:xmpp-streams'></bad-format>"+
		"<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>&lt;resumed/&gt; has no usable h.</text></stream:error>",
		string(odd.StreamError().Append(nil)))
}

func TestFailedSpeaks(t *testing.T) {
	assert.Equal(t, "stream management: refused without a reason", (&Failed{}).Error())
	assert.Equal(t, `stream management: refused with "item-not-found": "\x1bgone"`,
		(&Failed{Condition: "item-not-found", Text: "\x1bgone"}).Error())
}

// The end of the input, and errors of syntax, come as the decoder reports them.
func TestSMCutShort(t *testing.T) {
	for _, tt := range smExamples {
		for n := range tt.xml {
			d := xmltext.NewBytesDecoder([]byte(tt.xml[:n]), xmltext.Limits{})
			start, err := d.ReadToken()
			if err != nil {
				continue
			}
			_, err = readByName(d, start)
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("%q: %v", tt.xml[:n], err)
			}
		}
	}
	for _, xml := range []string{
		`<failed xmlns='urn:xmpp:sm:3'><a></b></failed>`, `<a xmlns='urn:xmpp:sm:3'><!-- --></a>`,
		`<resumed xmlns='urn:xmpp:sm:3'></b>`, `<failed xmlns='urn:xmpp:sm:3'><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>&x;</text></failed>`,
	} {
		d := xmltext.NewBytesDecoder([]byte(xml), xmltext.Limits{})
		start, err := d.ReadToken()
		require.NoError(t, err)
		_, err = readByName(d, start)
		var syntax *xmltext.SyntaxError
		assert.ErrorAs(t, err, &syntax, xml)
	}
}

func TestSMWrites(t *testing.T) {
	b, err := (&Enabled{ID: `<&'">`, Location: "h:1", Max: 5}).Append(nil)
	require.NoError(t, err)
	got, err := readSM(t, string(b))
	require.NoError(t, err)
	assert.Equal(t, Enabled{ID: `<&'">`, Location: "h:1", Max: 5}, got)

	assert.Equal(t, "x<enable xmlns='urn:xmpp:sm:3' max='60' resume='true'/>", string(Enable{Resume: true, Max: 60}.Append([]byte("x"))))

	f := &Failed{Condition: "gone", Text: "a < b", Lang: "en", H: 0, HasH: true}
	b, err = f.Append(nil)
	require.NoError(t, err)
	got, err = readSM(t, string(b))
	require.NoError(t, err)
	assert.Equal(t, f, got)

	for _, write := range []func(dst []byte) ([]byte, error){
		(&Enabled{ID: "\x00"}).Append, (&Enabled{Location: "\x00"}).Append, (&Resumption{PrevID: "\x01"}).AppendResume,
		(&Resumption{PrevID: "\xff"}).AppendResumed, (&Failed{Text: "\x00"}).Append, (&Failed{Text: "x", Lang: "\x00"}).Append,
	} {
		b, err := write([]byte("before"))
		assert.Error(t, err)
		assert.Equal(t, "before", string(b))
	}
}

func TestEnabledResumable(t *testing.T) {
	assert.True(t, (&Enabled{ID: "x", Resume: true}).Resumable())
	assert.False(t, (&Enabled{ID: "x"}).Resumable())      // XEP-0198 example 10
	assert.False(t, (&Enabled{Resume: true}).Resumable()) // XEP-0198 §5: it must have an id
	assert.True(t, (&Enabled{ID: string(make([]byte, MaxIDBytes)), Resume: true}).Resumable())
	assert.False(t, (&Enabled{ID: string(make([]byte, MaxIDBytes+1)), Resume: true}).Resumable())
}

func TestAcksAllocateNothing(t *testing.T) {
	acks := strings.Repeat("<r xmlns='urn:xmpp:sm:3'/><a xmlns='urn:xmpp:sm:3' h='4294967295'/>", 400)
	d := xmltext.NewBytesDecoder([]byte("<s>"+acks+"</s>"), xmltext.Limits{})
	_, err := d.ReadToken()
	require.NoError(t, err)
	var dst []byte
	round := func() {
		for range 2 {
			start, err := d.ReadToken()
			if err != nil {
				t.Fatal(err)
			}
			if start.Name.Local == "r" {
				if err := d.SkipElement(); err != nil {
					t.Fatal(err)
				}
				continue
			}
			h, err := ReadAck(d, start)
			if err != nil {
				t.Fatal(err)
			}
			dst = AppendAck(append(dst[:0], Request...), h)
		}
	}
	round()
	assert.Zero(t, testing.AllocsPerRun(300, round))
	assert.Equal(t, "<r xmlns='urn:xmpp:sm:3'/><a xmlns='urn:xmpp:sm:3' h='4294967295'/>", string(dst))
}

func FuzzReadSM(f *testing.F) {
	for _, tt := range smExamples {
		f.Add([]byte(tt.xml))
	}
	f.Add([]byte(`<a xmlns='urn:xmpp:sm:3' h='4294967296'/>`))
	f.Add([]byte(`<resume h='0' previd=''/>`)) // was written without previd
	f.Add([]byte(`<failed xmlns='urn:xmpp:sm:3'><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'/></failed>`))
	f.Add([]byte(`<failed xmlns='urn:xmpp:sm:3' h='1'><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>x</text></failed>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d := xmltext.NewBytesDecoder(b, xmltext.Limits{})
		start, err := d.ReadToken()
		if err != nil {
			return
		}
		name := start.Name.Local
		v, err := readByName(d, start)
		var bad *ElementError
		if err != nil {
			if errors.As(err, &bad) {
				require.NotEmpty(t, bad.Error())
				require.Zero(t, d.Depth(), "the decoder must be in step")
			}
			return
		}
		again, err := appendSM(name, v)
		require.NoError(t, err, "what came over the wire can be written to it")
		second, err := readSM(t, string(again))
		require.NoError(t, err)
		require.Equal(t, v, second)
	})
}
