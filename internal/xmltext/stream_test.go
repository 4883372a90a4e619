package xmltext

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/canto-im/canto/internal/corpus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const streamStart = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' xmlns:p='urn:p' version='1.0'>`

// streams are read with NewDecoder, whole and in every split.
var streams = []row{
	{name: "white space between stanzas", in: " \n<s> \t<a/>\r\n<b>x</b> </s> ignored", want: `<s><a></a><b>[x]</b></s>`},
	{name: "nothing between stanzas", in: "<s><a/><b/></s>", want: `<s><a></a><b></b></s>`},
	{name: "empty root", in: "<s/>", want: `<s></s>`},
	{name: "what comes after the root is not read", in: "<s></s><<<\x00", want: `<s></s>`},
	{name: "white space inside a stanza counts", in: "<s><a> <b/>\n</a></s>", want: "<s><a>[ ]<b></b>[\n]</a></s>"},
	{name: "text between stanzas", in: "<s><a/> x<b/></s>", want: `<s><a></a>`, err: "text between the children of the stream", why: BadFormat, at: 8},
	{name: "wide text between stanzas", in: "<s>é</s>", want: `<s>`, err: "text between the children of the stream", why: BadFormat, at: 3},
	{name: "U+FEFF between stanzas", in: "<s>\ufeff</s>", want: `<s>`, err: "text between the children of the stream", why: BadFormat, at: 3},
	{name: "reference between stanzas", in: "<s>&#32;</s>", want: `<s>`, err: "text between the children of the stream", why: BadFormat, at: 3},
	{name: "CDATA between stanzas", in: "<s><![CDATA[ ]]></s>", want: `<s>`, err: "text between the children of the stream", why: BadFormat, at: 3},
	{name: "NUL between stanzas", in: "<s>\x00</s>", want: `<s>`, err: "a character that XML does not allow", why: NotWellFormed, at: 3},
	{name: "bad UTF-8 between stanzas", in: "<s>\xff</s>", want: `<s>`, err: "malformed UTF-8", why: Encoding, at: 3},
	{name: "comment between stanzas", in: "<s><!-- --></s>", want: `<s>`, err: "a comment", why: Restricted, at: 3},
	{name: "instruction between stanzas", in: "<s><?a?></s>", want: `<s>`, err: "a processing instruction", why: Restricted, at: 3},
	{name: "declaration between stanzas", in: "<s><?xml version='1.0'?></s>", want: `<s>`, err: "not at the very start", why: NotWellFormed, at: 3},
	{name: "DTD between stanzas", in: "<s><!DOCTYPE a></s>", want: `<s>`, err: "a document type declaration", why: Restricted, at: 3},
	{name: "wrong end of the root", in: "<s></t>", want: `<s>`, err: `not that of the open element "s"`, why: NotWellFormed, at: 5},
	{name: "cut between stanzas", in: "<s><a/>", want: `<s><a></a>`, err: "unexpected EOF"},
	{name: "cut before the root", in: "<?xml version='1.0'?>\n", err: "unexpected EOF"},
	{name: "prefix of the root", in: streamStart + `<p:a p:b='1'/><stream:error/></stream:stream>`,
		want: `<{http://etherx.jabber.org/streams}stream version=[1.0]><{urn:p}a {urn:p}b=[1]></{urn:p}a>` +
			`<{http://etherx.jabber.org/streams}error></{http://etherx.jabber.org/streams}error></{http://etherx.jabber.org/streams}stream>`},
	{name: "prefix stream rebound in a stanza", in: streamStart + `<stream:a xmlns:stream='u'/><stream:b/></stream:stream>`,
		want: `<{http://etherx.jabber.org/streams}stream version=[1.0]><{u}a></{u}a>` +
			`<{http://etherx.jabber.org/streams}b></{http://etherx.jabber.org/streams}b></{http://etherx.jabber.org/streams}stream>`},
}

func TestStreams(t *testing.T) {
	for _, r := range streams {
		t.Run(r.name, func(t *testing.T) {
			for i := range r.in {
				got, err := drain(NewDecoder(&chunks{r.in[:i], r.in[i:]}, Limits{}))
				r.check(t, got, err, 0)
			}
			got, err := drain(NewDecoder(iotest.OneByteReader(strings.NewReader(r.in)), Limits{}))
			r.check(t, got, err, 0)
		})
	}
}

// Every fragment that is one element is the same as a stanza; what is wrong inside the element is wrong there too.
func TestRowsAsStanzas(t *testing.T) {
	for _, r := range allRows() {
		if strings.HasPrefix(r.in, "<?xml") || r.err != "" && !strings.HasPrefix(r.want, "<") || strings.HasPrefix(r.name, "cut") ||
			strings.HasPrefix(r.name, "second") || strings.HasSuffix(r.name, "after") || strings.Contains(r.name, "root") {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			got, err := drain(NewDecoder(iotest.OneByteReader(strings.NewReader("<s>"+r.in+"</s>")), Limits{}))
			if r.want = "<s>" + r.want; r.err == "" {
				r.want += "</s>"
			}
			r.check(t, got, err, 3)
		})
	}
}

// waiting fails the test when it is read past what it has.
type waiting struct {
	t *testing.T
	r io.Reader
}

func (w waiting) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err == io.EOF {
		w.t.Error("read when all was there")
	}
	return n, err
}

func TestNoReadAhead(t *testing.T) {
	in := "<s><a>x</a><b/></s>"
	d := NewDecoder(waiting{t, strings.NewReader(in)}, Limits{})
	got := ""
	for range 7 {
		tok, err := d.ReadToken()
		require.NoError(t, err)
		got += tok.Kind.String() + " "
	}
	assert.Equal(t, "start start text end start end end ", got)
	_, err := d.ReadToken()
	assert.Equal(t, io.EOF, err)
}

var errTimeout = errors.New("timeout")

// flaky returns an error before each byte.
type flaky struct {
	in   io.Reader
	give bool
}

func (f *flaky) Read(p []byte) (int, error) {
	if f.give = !f.give; f.give {
		return 0, errTimeout
	}
	return f.in.Read(p[:1])
}

func TestReadErrorsDisturbNothing(t *testing.T) {
	for _, r := range append(allRows(), streams...) {
		t.Run(r.name, func(t *testing.T) {
			whole, wholeErr := drain(NewDecoder(strings.NewReader(r.in), Limits{}))
			d := NewDecoder(&flaky{in: strings.NewReader(r.in)}, Limits{})
			var got strings.Builder
			for i := 0; ; i++ {
				if i%2 == 0 {
					d.PeekKind()
				}
				tok, err := d.ReadToken()
				if err == errTimeout {
					continue
				}
				if err != nil {
					assert.Equal(t, wholeErr, err)
					break
				}
				dump(&got, tok)
			}
			assert.Equal(t, whole, got.String())
		})
	}
}

// dataErr returns an error together with the data.
type dataErr struct{ parts chunks }

func (r *dataErr) Read(p []byte) (int, error) {
	n, err := r.parts.Read(p)
	if err == nil {
		err = errTimeout
	}
	return n, err
}

func TestReadErrorWithData(t *testing.T) {
	d := NewDecoder(&dataErr{chunks{"<s><a/>", "<b/></s>"}}, Limits{})
	var kinds []string
	for {
		tok, err := d.ReadToken()
		if err == io.EOF {
			break
		}
		if err != nil {
			assert.Equal(t, errTimeout, err)
			kinds = append(kinds, "timeout")
			continue
		}
		kinds = append(kinds, tok.Kind.String())
	}
	assert.Equal(t, []string{"start", "start", "end", "timeout", "start", "end", "end"}, kinds)
}

func TestNoProgress(t *testing.T) {
	_, err := NewDecoder(readNothing{}, Limits{}).ReadToken()
	assert.Equal(t, io.ErrNoProgress, err)
}

type readNothing struct{}

func (readNothing) Read([]byte) (int, error) { return 0, nil }

func TestSyntaxErrorsAreSticky(t *testing.T) {
	d := NewDecoder(strings.NewReader(streamStart+"<a><b>&x;</b></a>"), Limits{})
	_, first := drain(d)
	var se *SyntaxError
	require.ErrorAs(t, first, &se)
	assert.Equal(t, "/stream:stream/a/b", se.Path)
	assert.Equal(t, int64(len(streamStart)+6), se.Offset)
	_, again := d.ReadToken()
	assert.Same(t, first, again)
	assert.Equal(t, KindNone, d.PeekKind())
	assert.Same(t, first, d.SkipElementError(t))
}

// SkipElementError is what a reading of an element returns on a Decoder that failed.
func (d *Decoder) SkipElementError(t *testing.T) error {
	t.Helper()
	assert.ErrorIs(t, d.SkipElement(), errNotAtStart)
	_, err := d.ReadToken()
	return err
}

func TestResetBeginsAnew(t *testing.T) {
	t.Attr("conformance", "6120-4.8.5-5")
	d := NewDecoder(strings.NewReader("<?xml version='1.0'?>"+streamStart+"<p:a><b"), Limits{})
	for range 2 {
		_, err := d.ReadToken()
		require.NoError(t, err)
	}
	_, err := d.ReadToken()
	require.Equal(t, io.ErrUnexpectedEOF, err)
	assert.Equal(t, 2, d.Depth())
	assert.Equal(t, 2, d.Buffered())

	d.Reset(strings.NewReader("<?xml version='1.0'?><s><p:a/></s>"))
	assert.Zero(t, d.Depth())
	assert.Zero(t, d.Buffered())
	assert.Zero(t, d.InputOffset())
	got, err := drain(d)
	assert.Equal(t, "<s>", got)
	assert.ErrorContains(t, err, `undeclared namespace prefix "p"`)

	d.Reset(strings.NewReader("<s><a/></s>"))
	got, err = drain(d)
	assert.Equal(t, "<s><a></a></s>", got)
	assert.Equal(t, io.EOF, err)

	d.ResetBytes([]byte("<a>b</a>"))
	got, err = drain(d)
	assert.Equal(t, "<a>[b]</a>", got)
	assert.Equal(t, io.EOF, err)
}

func TestPositions(t *testing.T) {
	in := " <s>\n<a x='1'>yz</a> <b/>"
	d := NewDecoder(strings.NewReader(in), Limits{})
	for _, at := range []struct {
		offset, depth int
		kind          Kind
	}{{4, 1, KindStart}, {14, 2, KindStart}, {16, 2, KindText}, {20, 1, KindEnd}, {25, 2, KindStart}, {25, 1, KindEnd}} {
		was, depth := d.InputOffset(), d.Depth()
		assert.Equal(t, at.kind, d.PeekKind())
		assert.Equal(t, depth, d.Depth(), "a look ahead does not change the depth")
		assert.GreaterOrEqual(t, d.InputOffset(), was)
		assert.LessOrEqual(t, d.InputOffset(), was+1, "a look ahead consumes white space at most")
		tok, err := d.ReadToken()
		require.NoError(t, err)
		assert.Equal(t, at.kind, tok.Kind)
		assert.Equal(t, int64(at.offset), d.InputOffset())
		assert.Equal(t, at.depth, d.Depth())
		assert.Equal(t, len(in)-at.offset, d.Buffered())
	}
}

// S9: what a peer sends behind <proceed/> is seen before TLS begins.
func TestBufferedShowsPipelinedBytes(t *testing.T) {
	for _, behind := range []string{"", " ", "<a/>", "<"} {
		d := NewDecoder(strings.NewReader("<s><proceed/>"+behind), Limits{})
		for range 2 {
			_, err := d.ReadToken()
			require.NoError(t, err)
		}
		require.NoError(t, d.SkipElement())
		assert.Equal(t, len(behind), d.Buffered())
	}
}

func TestWhiteSpaceIsNotHeld(t *testing.T) {
	d := NewDecoder(io.MultiReader(strings.NewReader("<s>"), &blanks{n: 16 << 20}, strings.NewReader("</s>")), Limits{StanzaBytes: 64})
	got, err := drain(d)
	assert.Equal(t, "<s></s>", got)
	assert.Equal(t, io.EOF, err)
	assert.LessOrEqual(t, cap(d.b), bigBuf)
}

type blanks struct{ n int }

func (s *blanks) Read(p []byte) (int, error) {
	if s.n == 0 {
		return 0, io.EOF
	}
	n := min(len(p), s.n)
	s.n -= n
	copy(p, bytes.Repeat([]byte{' '}, n))
	return n, nil
}

// counted counts what it is asked.
type counted struct {
	io.Reader
	reads int
}

func (c *counted) Read(p []byte) (int, error) {
	c.reads++
	return c.Reader.Read(p)
}

// A stream that has more to give is read in large pieces, wherever in a stanza a piece ends.
func TestLongStreamsAreReadInLargePieces(t *testing.T) {
	for _, kind := range corpus.Kinds() {
		data := corpus.Make(kind, 100*bigBuf)
		in := counted{Reader: io.MultiReader(bytes.NewReader(data[:700]), bytes.NewReader(data[700:]))}
		tokenize(t, NewDecoder(&in, Limits{}), &in)
		assert.Less(t, in.reads, 120, kind)
	}
}

// What goes back to the pool is overwritten under test: see TestMain.
func TestBuffersThatAreFreedArePoisoned(t *testing.T) {
	f := buffer{r: strings.NewReader("")}
	b := append(f.get(bigBuf), "<message/>"...)
	putBuf(b)
	assert.Equal(t, strings.Repeat(string([]byte{poisonByte}), 10), string(b))
}
