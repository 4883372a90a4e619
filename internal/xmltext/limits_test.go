package xmltext

import (
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// S15: each limit, at its edge and one beyond, whole and byte by byte; the error names the limit.
func TestSecurityS15Limits(t *testing.T) {
	long := strings.Repeat("n", 20)
	for _, c := range []struct {
		name    string
		in      string
		limits  Limits // of in; one less is too little
		less    Limits
		limit   string
		at      int64
		fragOff bool // not as a fragment
	}{
		{"bytes of a stanza", "<s><a>12345</a></s>", Limits{StanzaBytes: 12}, Limits{StanzaBytes: 11}, "stanza bytes", 14, true},
		{"bytes of text", "<s> <a>12345678901234567890</a></s>", Limits{StanzaBytes: 27}, Limits{StanzaBytes: 10}, "stanza bytes", 14, true},
		{"bytes of a tag", "<s><a b='1234567890'/></s>", Limits{StanzaBytes: 19}, Limits{StanzaBytes: 18}, "stanza bytes", 21, true},
		{"bytes of CDATA", "<s><a><![CDATA[12]]></a></s>", Limits{StanzaBytes: 21}, Limits{StanzaBytes: 16}, "stanza bytes", 19, true},
		{"bytes of the root's tag", "<?xml version='1.0'?><s a='1'></s>", Limits{StanzaBytes: 30}, Limits{StanzaBytes: 29}, "stanza bytes", 29, true},
		{"bytes of the root's end", "<s></s      >", Limits{StanzaBytes: 10}, Limits{StanzaBytes: 9}, "stanza bytes", 12, true},
		{"depth", "<s><a><b/></a></s>", Limits{Depth: 3}, Limits{Depth: 2}, "depth", 6, false},
		{"attributes", "<s><a b='1' c='2' xmlns:d='3'/></s>", Limits{Attrs: 3}, Limits{Attrs: 2}, "attributes", 18, false},
		{"name of an element", "<s><" + long + "/></s>", Limits{NameBytes: 20}, Limits{NameBytes: 19}, "name bytes", 23, false},
		{"name of an attribute", "<s><a " + long + "='1'/></s>", Limits{NameBytes: 20}, Limits{NameBytes: 19}, "name bytes", 25, false},
		{"name that is known", "<s><subscription/></s>", Limits{NameBytes: 12}, Limits{NameBytes: 11}, "name bytes", 15, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, in := range []func() io.Reader{
				func() io.Reader { return strings.NewReader(c.in) },
				func() io.Reader { return iotest.OneByteReader(strings.NewReader(c.in)) },
			} {
				_, err := drain(NewDecoder(in(), c.limits))
				assert.Equal(t, io.EOF, err)
				_, err = drain(NewDecoder(in(), c.less))
				requireLimit(t, err, c.limit, c.at)
			}
			if !c.fragOff {
				_, err := drain(NewBytesDecoder([]byte(c.in), c.less))
				requireLimit(t, err, c.limit, c.at)
			}
		})
	}
	_, err := drain(NewBytesDecoder([]byte("<a>1</a>   "), Limits{StanzaBytes: 8}))
	assert.Equal(t, io.EOF, err, "what follows the element does not count")
	_, err = drain(NewBytesDecoder([]byte("<a>1</a>"), Limits{StanzaBytes: 7}))
	requireLimit(t, err, "stanza bytes", 7)
}

func requireLimit(t *testing.T, err error, limit string, at int64) {
	t.Helper()
	var se *SyntaxError
	require.ErrorAs(t, err, &se)
	assert.Equal(t, LimitExceeded, se.Reason)
	assert.Equal(t, limit, se.Limit)
	assert.Equal(t, at, se.Offset)
}

// TestAllow holds that the one child that is allowed more may have exactly that, and that its neighbours may not.
func TestAllow(t *testing.T) {
	const limit, allowed = 100, 1000
	child := func(n int) string { return "<b>" + strings.Repeat("x", n-len("<b></b>")) + "</b>" }
	for name, c := range map[string]struct {
		children []string
		allow    []int // for the child with that number
		fails    int   // the number of the child that is too long; 0: none
	}{
		"no more":             {[]string{child(limit), child(limit + 1)}, []int{0, 0}, 2},
		"just so much":        {[]string{child(limit), child(allowed), child(limit)}, []int{0, allowed, 0}, 0},
		"and not one more":    {[]string{child(limit), child(allowed + 1)}, []int{0, allowed}, 2},
		"the next is limited": {[]string{child(allowed), child(limit + 1)}, []int{allowed, 0}, 2},
		"less is no less":     {[]string{child(limit), child(limit)}, []int{1, -1}, 0},
	} {
		for way, reader := range map[string]func(io.Reader) io.Reader{" whole": iotest.DataErrReader, " byte by byte": iotest.OneByteReader} {
			t.Run(name+way, func(t *testing.T) {
				in := "<s>" + strings.Join(c.children, " ") + "</s>"
				d := NewDecoder(reader(strings.NewReader(in)), Limits{StanzaBytes: limit})
				_, err := d.ReadToken()
				require.NoError(t, err)
				d.Allow(allowed) // the root is no child
				for i := range c.children {
					if _, err = d.ReadToken(); err == nil {
						d.Allow(c.allow[i])
						d.Allow(c.allow[i]) // twice is once
						err = d.SkipElement()
					}
					if i+1 == c.fails {
						var se *SyntaxError
						require.ErrorAs(t, err, &se)
						assert.Equal(t, "stanza bytes", se.Limit)
						return
					}
					require.NoError(t, err)
				}
			})
		}
	}
}

func TestDefaultLimits(t *testing.T) {
	assert.Equal(t, Limits{1 << 20, 64, 256, 1024}, Limits{}.withDefaults())
	assert.Equal(t, Limits{1 << 20, 64, 256, 1024}, Limits{-1, -1, -1, -1}.withDefaults())
	assert.Equal(t, Limits{5, 6, 7, 8}, Limits{5, 6, 7, 8}.withDefaults())
}

// endless repeats a string for ever.
type endless struct {
	s string
	i int
}

func (e *endless) Read(p []byte) (int, error) {
	for n := range p {
		p[n] = e.s[e.i]
		e.i = (e.i + 1) % len(e.s)
	}
	return len(p), nil
}

// S15: whatever has no end is refused, and the memory taken till then is bounded.
func TestSecurityS15Endless(t *testing.T) {
	for name, c := range map[string]struct{ begin, repeat, limit string }{
		"text":                  {"<s><a>", "x", "stanza bytes"},
		"references":            {"<s><a>", "&amp;", "stanza bytes"},
		"CDATA":                 {"<s><a>", "<![CDATA[]]>", "stanza bytes"},
		"CDATA, inside":         {"<s><a><![CDATA[", "]", "stanza bytes"},
		"value":                 {"<s><a b='", "x", "stanza bytes"},
		"value, escaped":        {"<s><a b='", "\t", "stanza bytes"},
		"space in a tag":        {"<s><a", " ", "stanza bytes"},
		"space in an end tag":   {"<s><a></a", "\n", "stanza bytes"},
		"space before the root": {"", " ", "stanza bytes"},
		"children":              {"<s><a>", "<b/>", "stanza bytes"},
		"attributes":            {"<s><a", " b='1'", "attributes"},
		"declarations":          {"<s><a", " xmlns:b='1'", "attributes"},
		"depth":                 {"<s>", "<a>", "depth"},
		"name":                  {"<s><", "n", "name bytes"},
		"attribute name":        {"<s><a ", "n", "name bytes"},
		"entity":                {"<s><a>&", "n", ""},
		"zeros":                 {"<s><a>&#", "0", "reference bytes"},
		"declaration":           {"<?xml", " ", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := NewDecoder(io.MultiReader(strings.NewReader(c.begin), &endless{s: c.repeat}), Limits{StanzaBytes: 1 << 16})
			err := countTokens(d)
			var se *SyntaxError
			require.ErrorAs(t, err, &se)
			assert.Equal(t, c.limit, se.Limit)
			assert.LessOrEqual(t, cap(d.b)+cap(d.text), 4<<16)
		})
	}
}

// numbered writes the lines for 0 to n-1.
func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// bulks are inputs that grow with n, one for each way in which a step could be quadratic.
var bulks = map[string]func(n int) string{
	"attributes":   func(n int) string { return "<a" + numbered(n, " a%d=''") + "/>" },
	"declarations": func(n int) string { return "<a" + numbered(n, " xmlns:a%d='u'") + "/>" },
	"prefixes in use": func(n int) string {
		return "<a" + numbered(n, " xmlns:a%d='u'") + ">" + numbered(n, "<a%d:b/>") + "</a>"
	},
	"prefixes anew": func(n int) string { return "<a>" + numbered(n, "<a%d:b xmlns:a%[1]d='u'/>") + "</a>" },
	"depth":         func(n int) string { return strings.Repeat("<a>", n) + strings.Repeat("</a>", n) },
	"depth, declaring": func(n int) string {
		return strings.Repeat("<p:a xmlns:p='u' xmlns='v'>", n) + strings.Repeat("</p:a>", n)
	},
	"names":      func(n int) string { return "<a>" + numbered(n, "<b%d/>") + "</a>" },
	"references": func(n int) string { return "<a>" + strings.Repeat("&amp;", n) + "</a>" },
	"CDATA":      func(n int) string { return "<a>" + strings.Repeat("<![CDATA[]]>", n) + "</a>" },
	"brackets":   func(n int) string { return "<a><![CDATA[" + strings.Repeat("]", n) + "]]></a>" },
	"long name":  func(n int) string { return "<" + strings.Repeat("n", n) + "/>" },
	"space":      func(n int) string { return "<a" + strings.Repeat(" ", n) + "b" + strings.Repeat(" ", n) + "=''/>" },
	"line ends":  func(n int) string { return "<a b='" + strings.Repeat("\r\n", n) + "'/>" },
}

// readings are the ways to read a bulk.
var readings = map[string]func(in string) error{
	"whole": func(in string) error { return countTokens(NewDecoder(strings.NewReader(in), noLimits)) },
	"byte by byte": func(in string) error {
		return countTokens(NewDecoder(iotest.OneByteReader(strings.NewReader(in)), noLimits))
	},
	"element": func(in string) error {
		d := NewDecoder(iotest.OneByteReader(strings.NewReader(in)), noLimits)
		d.stale, d.special = nil, 0
		d.ReadToken()
		d.ReadToken()
		_, err := d.ReadElement()
		return err
	},
}

var noLimits = Limits{StanzaBytes: 1 << 30, Depth: 1 << 20, Attrs: 1 << 20, NameBytes: 1 << 20}

// TestLinear compares the time for n with that for 16 n: a step that is quadratic makes it 256 times as long. The shortest
// times of each are compared, and taken until they look good or have had every chance to: what else the machine does only
// makes them longer. A byte costs more where memory is no longer in the cache, hence the room.
func TestLinear(t *testing.T) {
	const n, times, most, tries = 500, 16, 16 * 4, 100
	for how, read := range readings {
		for what, bulk := range bulks {
			t.Run(how+"/"+what, func(t *testing.T) {
				small, large := "<s>"+bulk(n)+"</s>", "<s>"+bulk(n*times)+"</s>"
				least := [2]time.Duration{math.MaxInt64 / most, math.MaxInt64}
				for i := 0; i < tries && least[1] > most*least[0]; i++ {
					for k, in := range []string{small, large} {
						began := time.Now()
						require.NoError(t, read(in))
						least[k] = min(least[k], time.Since(began))
					}
				}
				assert.LessOrEqual(t, least[1], most*least[0])
			})
		}
	}
}

func countTokens(d *Decoder) error {
	d.stale, d.special = nil, 0
	for {
		if _, err := d.ReadToken(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// A stream of any length takes no more memory than its largest stanza: names and namespaces are forgotten.
func TestSecurityS15InternTablesAreBounded(t *testing.T) {
	var in strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&in, "<n%d a%d='' xmlns='urn:%d'/>", i, i, i)
	}
	d := NewDecoder(io.MultiReader(strings.NewReader("<s>"), strings.NewReader(in.String()), strings.NewReader("</s>")), Limits{})
	require.NoError(t, countTokens(d))
	held := 0
	for _, set := range d.intern.names {
		for _, s := range set {
			if s.q != nil {
				held++
			}
		}
	}
	assert.LessOrEqual(t, held, 128)
	assert.LessOrEqual(t, cap(d.scope.stack), indexAbove)
}

func TestIdleMemory(t *testing.T) {
	in := "<s><a " + strings.Repeat("b", 100) + "='1'" + numbered(100, " c%d='&lt;'") + ">" + strings.Repeat("&lt;", 5000) + "</a>"
	d := NewDecoder(strings.NewReader(in), Limits{})
	require.Equal(t, io.ErrUnexpectedEOF, countTokens(d))
	held := cap(d.b) + cap(d.text) + cap(d.elem) + 64*(cap(d.attrs)+cap(d.tag.raw)+cap(d.frames)+cap(d.scope.stack))
	assert.LessOrEqual(t, held, 8<<10)
	d.Release()
	held = cap(d.b) + cap(d.text) + cap(d.elem) + 64*(cap(d.attrs)+cap(d.tag.raw)+cap(d.frames)+cap(d.scope.stack))
	assert.LessOrEqual(t, held, 256)
	d.r = strings.NewReader("<c/></s>")
	got, err := drain(d)
	assert.Equal(t, "<c></c></s>", got)
	assert.Equal(t, io.EOF, err)
}
