package xmltext

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	PoisonStale()
	os.Exit(m.Run())
}

// dump writes a token in a form that shows all of it.
func dump(b *strings.Builder, t *Token) {
	name := func(n Name) string {
		if n.Space == "" {
			return n.Local
		}
		return "{" + n.Space + "}" + n.Local
	}
	switch t.Kind {
	case KindStart:
		b.WriteString("<" + name(t.Name))
		for _, a := range t.Attrs {
			fmt.Fprintf(b, " %s=[%s]", name(a.Name), a.Value)
		}
		b.WriteString(">")
	case KindEnd:
		b.WriteString("</" + name(t.Name) + ">")
	case KindText:
		fmt.Fprintf(b, "[%s]", t.Text)
	default:
		fmt.Fprintf(b, "?%d?", t.Kind)
	}
}

// drain returns all tokens and the error that ends them.
func drain(d *Decoder) (string, error) {
	var b strings.Builder
	for {
		t, err := d.ReadToken()
		if err != nil {
			return b.String(), err
		}
		dump(&b, t)
	}
}

// chunks is a reader that returns one chunk a call.
type chunks []string

func (c *chunks) Read(p []byte) (int, error) {
	for len(*c) > 0 && (*c)[0] == "" {
		*c = (*c)[1:]
	}
	if len(*c) == 0 {
		return 0, io.EOF
	}
	n := copy(p, (*c)[0])
	(*c)[0] = (*c)[0][n:]
	return n, nil
}

func (r *row) check(t *testing.T, got string, err error, shift int64) {
	t.Helper()
	assert.Equal(t, r.want, got)
	if r.err == "" {
		assert.Equal(t, io.EOF, err)
		return
	}
	require.Error(t, err)
	assert.Contains(t, err.Error()+"|", r.err)
	var se *SyntaxError
	if !errors.As(err, &se) {
		assert.Zero(t, r.why)
		assert.Equal(t, io.ErrUnexpectedEOF, err)
		return
	}
	assert.Equal(t, r.why, se.Reason)
	assert.Equal(t, r.at, se.Offset-shift, "offset")
}

func allRows() []row { return append(append([]row(nil), fragments...), broken...) }

func TestFragments(t *testing.T) {
	for _, r := range allRows() {
		t.Run(r.name, func(t *testing.T) {
			got, err := drain(NewBytesDecoder([]byte(r.in), Limits{}))
			r.check(t, got, err, 0)
		})
	}
}

// newFragmentReader reads a fragment from a reader, as no caller does, so that the chunks of one can be tested.
func newFragmentReader(in io.Reader) *Decoder {
	d := NewDecoder(in, Limits{})
	d.stream, d.floor = false, 0
	return d
}

func TestEverySplit(t *testing.T) {
	for _, r := range allRows() {
		t.Run(r.name, func(t *testing.T) {
			for i := range r.in {
				got, err := drain(newFragmentReader(&chunks{r.in[:i], r.in[i:]}))
				r.check(t, got, err, 0)
			}
			got, err := drain(newFragmentReader(iotest.OneByteReader(strings.NewReader(r.in))))
			r.check(t, got, err, 0)
			got, err = drain(newFragmentReader(iotest.DataErrReader(strings.NewReader(r.in))))
			r.check(t, got, err, 0)
		})
	}
}
