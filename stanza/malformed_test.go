package stanza

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
	"github.com/stretchr/testify/require"
)

// malformedTable holds what is no stanza, with what the error says of it.
var malformedTable = []struct {
	name      string
	sent      string
	kind, id  string
	condition Condition
	answered  bool
}{
	{"from is no JID", `<message id='1' from='@'><body>b</body></message>`, KindMessage, "1", JIDMalformed, false},
	{"to is no JID", `<presence id='2' to='a@@b'/>`, KindPresence, "2", JIDMalformed, false},
	{"empty from", `<message from=''/>`, KindMessage, "", JIDMalformed, false},
	{"iq from nobody", `<iq type='get' id='3' from='@'><x xmlns='y'/></iq>`, KindIQ, "3", JIDMalformed, false},
	{"iq to nobody", `<iq type='get' id='4' to='@' from='a@b'><x xmlns='y'/></iq>`, KindIQ, "4", JIDMalformed, true},
	{"6121-4.7.1-4 unknown presence type", `<presence type='available'/>`, KindPresence, "", BadRequest, false},
	{"6120-8.2.3-3 stanza-iq-type unknown iq type", `<iq type='ask' id='5'><x xmlns='y'><z/></x></iq>`, KindIQ, "5", BadRequest, true},
	{"6120-8.2.3-2 stanza-iq-type iq without type", `<iq id='6'><x xmlns='y'/></iq>`, KindIQ, "6", BadRequest, true},
	{"6120-8.2.3-1 stanza-iq-id iq without id", `<iq type='set'><x xmlns='y'/></iq>`, KindIQ, "", BadRequest, true},
	{"result without id", `<iq type='result'/>`, KindIQ, "", BadRequest, false},
	{"6120-8.2.3-7 stanza-iq-child get without child", `<iq type='get' id='7'/>`, KindIQ, "7", BadRequest, true},
	{"6120-8.2.3-7 set with text only", `<iq type='set' id='8'>x</iq>`, KindIQ, "8", BadRequest, true},
	{"6120-8.2.3-7 get with two children", `<iq type='get' id='9'><x xmlns='y'/><x xmlns='z'>t</x></iq>`, KindIQ, "9", BadRequest, true},
	{"6120-8.2.3-8 stanza-iq-child result with two children", `<iq type='result' id='10'><x xmlns='y'/><x xmlns='z'/></iq>`, KindIQ, "10", BadRequest, false},
	{"error from nobody", `<iq type='error' id='11' from='@'><error/></iq>`, KindIQ, "11", JIDMalformed, false},
	{"no stanza", `<query xmlns='jabber:client' id='12'><x/></query>`, "", "12", ServiceUnavailable, false},
	{"a stanza of another namespace", `<iq xmlns='urn:x' type='get' id='13'><x/></iq>`, "", "13", ServiceUnavailable, false},
}

func TestMalformed(t *testing.T) {
	t.Attr("conformance", "6120-8.3.1-4 6120-8.3.1-5 6120-8.3.3.8-2")
	for _, c := range malformedTable {
		t.Run(c.name, func(t *testing.T) {
			t.Attr("conformance", c.name)
			bad := malformed(t, c.sent)
			require.Equal(t, c.kind, bad.Kind)
			require.Equal(t, c.id, bad.ID)
			require.Equal(t, c.condition, bad.Condition)
			require.ErrorIs(t, bad, c.condition)
			require.NotErrorIs(t, bad, Conflict)
			require.NotEmpty(t, bad.Error())

			answer := bad.Answer()
			require.Equal(t, c.answered, answer != nil)
			if answer != nil {
				// RFC 6120 §8.3.1: the id is that of the stanza, or empty.
				require.Equal(t, c.id, answer.ID)
				require.Contains(t, write(t, answer), `id='`+c.id+`'`)
				require.ErrorIs(t, answer.Error, c.condition)
			}
		})
	}
}

// TestMalformedKeepsStep: SECURITY S13, S19: after each stanza that is none, the next one is read right, however the bytes
// arrive.
func TestMalformedKeepsStep(t *testing.T) {
	const next = `<message type='chat' id='next' from='romeo@example.net/orchard'><body>b</body><x xmlns='urn:x'><y/></x></message>`
	want := read[Message](t, next)
	for _, c := range malformedTable {
		for _, split := range []func(io.Reader) io.Reader{asItIs, iotest.OneByteReader, iotest.HalfReader} {
			d, sd := openStream(t, split(strings.NewReader(streamOpen+c.sent+next)))
			start, err := d.ReadToken()
			require.NoError(t, err)
			_, err = sd.Decode(start)
			var bad *MalformedError
			require.ErrorAs(t, err, &bad, c.name)

			start, err = d.ReadToken()
			require.NoError(t, err, c.name)
			require.Equal(t, 2, d.Depth())
			st, err := sd.Decode(start)
			require.NoError(t, err, c.name)
			require.Equal(t, want, st, c.name)
			require.Equal(t, 1, d.Depth())
		}
	}
}

// TestDecodeResumes: a read error that passes, such as a timeout, loses nothing, wherever it comes.
func TestDecodeResumes(t *testing.T) {
	for _, c := range decodeTable {
		d, sd := openStream(t, &stutter{r: strings.NewReader(streamOpen + c.sent)})
		var start *xmltext.Token
		patient(t, func() (err error) { start, err = d.ReadToken(); return err })
		var st Stanza
		patient(t, func() (err error) {
			st, err = sd.Decode(start)
			start = nil
			return err
		})
		require.Equal(t, c.read, st, c.name)
	}
}

// TestDecodeBounded: SECURITY S15: a stanza within the limits of its bytes does not become many times as much in memory.
func TestDecodeBounded(t *testing.T) {
	long := strings.Repeat("x", 50_000)
	for name, sent := range map[string]string{
		"many children":                  `<message id='1'>` + strings.Repeat(`<a/>`, maxChildren+1) + `</message>`,
		"many bodies":                    `<message id='1'>` + strings.Repeat(`<body/>`, maxChildren+1) + `</message>`,
		"a long namespace for many":      `<message id='1' xmlns:p='urn:` + long + `'>` + strings.Repeat(`<p:a/>`, 100) + `</message>`,
		"a long namespace inside a body": `<message id='1' xmlns:p='urn:` + long + `'><body>` + strings.Repeat(`<p:a/>t`, 100) + `</body></message>`,
		"text after it":                  `<message id='1'>` + strings.Repeat(`<a/>`, maxChildren+1) + `<body>b<i/>c</body><thread>t</thread></message>`,
	} {
		t.Run(name, func(t *testing.T) {
			d, sd := openStream(t, &stutter{r: strings.NewReader(streamOpen + sent + `<presence id='2'/>`)})
			for i, want := range []string{"1", "2"} {
				var start *xmltext.Token
				patient(t, func() (err error) { start, err = d.ReadToken(); return err })
				var st Stanza
				var bad *MalformedError
				patient(t, func() (err error) {
					st, err = sd.Decode(start)
					if start = nil; errors.As(err, &bad) {
						return nil
					}
					return err
				})
				if i == 0 {
					require.Equal(t, want, bad.ID)
					require.ErrorIs(t, bad, PolicyViolation)
					continue
				}
				require.Equal(t, &Presence{ID: want}, st)
			}
		})
	}
	ordinary := `<message xmlns:p='urn:` + long[:200] + `'>` + strings.Repeat(`<p:a/>`, 50) + strings.Repeat(`<a xmlns='urn:a'/>`, maxChildren-50) + `</message>`
	require.Len(t, read[Message](t, ordinary).Payloads, maxChildren)
}

func TestDecodeNothing(t *testing.T) {
	_, err := NewDecoder(xmltext.NewBytesDecoder(nil, xmltext.Limits{})).Decode(nil)
	require.Error(t, err)
}

// TestDecodeFatal: an error of the stream itself is no MalformedError.
func TestDecodeFatal(t *testing.T) {
	for _, c := range []struct {
		sent string
		want any
	}{
		{`<message><body>b</message>`, new(*xmltext.SyntaxError)},
		{`<iq id='1' type='get'><a xmlns='b'><!-- --></a>`, new(*xmltext.SyntaxError)},
		{`<presence from='@'><a></b>`, new(*xmltext.SyntaxError)},
		{`<message><body>b`, nil},
	} {
		d, sd := openStream(t, strings.NewReader(streamOpen+c.sent))
		start, err := d.ReadToken()
		require.NoError(t, err)
		st, err := sd.Decode(start)
		require.Nil(t, st)
		if c.want == nil {
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			continue
		}
		require.ErrorAs(t, err, c.want)
	}
}

// TestMalformedQuotes: SECURITY S21: what came over the wire is quoted.
func TestMalformedQuotes(t *testing.T) {
	bad := malformed(t, "<iq id='a&#10;b' type='\x7f&#9;x' from='a@b'><x xmlns='y'/></iq>")
	require.NotContains(t, bad.Error(), "\n")
	require.NotContains(t, bad.Error(), "\t")
	require.Equal(t, jid.MustParse("a@b"), bad.From)
}

const streamOpen = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>`

// openStream returns decoders that stand behind the stream header.
func openStream(t testing.TB, r io.Reader) (*xmltext.Decoder, *Decoder) {
	t.Helper()
	d := xmltext.NewDecoder(r, xmltext.Limits{})
	patient(t, func() error { _, err := d.ReadToken(); return err })
	return d, NewDecoder(d)
}

func asItIs(r io.Reader) io.Reader { return r }

// stutter reads one byte at a time, with a timeout before each.
type stutter struct {
	r    io.Reader
	late bool
}

func (s *stutter) Read(p []byte) (int, error) {
	if s.late = !s.late; s.late {
		return 0, iotest.ErrTimeout
	}
	return s.r.Read(p[:min(len(p), 1)])
}

// patient calls f until it gives something other than a timeout.
func patient(t testing.TB, f func() error) {
	t.Helper()
	err := iotest.ErrTimeout
	for err == iotest.ErrTimeout {
		err = f()
	}
	require.NoError(t, err)
}
