package datetime

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestParse(t *testing.T) {
	moon := time.Date(1969, 7, 21, 2, 56, 15, 0, time.UTC)
	for s, want := range map[string]time.Time{
		"1969-07-21T02:56:15Z":                 moon, // XEP-0082 examples 2 and 3
		"1969-07-20T21:56:15-05:00":            moon,
		" 1969-07-21T02:56:15Z\n":              moon,
		"1969-07-21T02:56:15.000Z":             moon,
		"1969-07-21T02:56:15.5Z":               moon.Add(time.Second / 2),
		"1969-07-21T02:56:15.123456789123456Z": moon.Add(123456789),
		"0001-01-01T00:00:00Z":                 {},
	} {
		got, err := Parse(s)
		assert.NoError(t, err, s)
		assert.Equal(t, want, got, s)
	}
	for _, s := range []string{
		"", "now", "1776-07-04", "16:00:00", "1969-07-21T02:56:15", "1969-07-21 02:56:15Z", "1969-07-21T2:56:15Z", "1969-07-21T02:56:15,5Z",
		"1969-07-21T02:56Z", "1969-02-30T02:56:15Z", "1969-07-21T25:56:15Z", "1969-07-21T02:56:15+99:00", "-0044-03-15T00:00:00Z", "19690721T02:56:15",
		"99999999999999999999-01-01T00:00:00Z", "1969-07-21T02:56:15Z\x00", "1969-07-21t02:56:15z",
	} {
		got, err := Parse(s)
		assert.Error(t, err, s)
		assert.Zero(t, got, s)
	}
}

func TestParseLegacy(t *testing.T) {
	want := time.Date(2002, 9, 10, 23, 8, 25, 0, time.UTC)
	for _, s := range []string{"20020910T23:08:25", " 20020910T23:08:25 ", "2002-09-10T23:08:25Z", "2002-09-11T00:08:25+01:00"} {
		got, err := ParseLegacy(s)
		assert.NoError(t, err, s)
		assert.Equal(t, want, got, s)
	}
	_, err := ParseLegacy("20021310T23:08:25")
	assert.Error(t, err)
}

func TestFormat(t *testing.T) {
	houston := time.FixedZone("", -5*3600)
	assert.Equal(t, "1969-07-21T02:56:15Z", Format(time.Date(1969, 7, 20, 21, 56, 15, 0, houston)))
	assert.Equal(t, "1969-07-21T02:56:15.00025Z", Format(time.Date(1969, 7, 20, 21, 56, 15, 250000, houston)))
}

// FuzzParse: what is read is the same moment when it was written and read again.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"1969-07-21T02:56:15Z", "1969-07-20T21:56:15-05:00", "20020910T23:08:25", "1969-07-21T02:56:15.123456789Z", "0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseLegacy(s)
		if err != nil {
			return
		}
		if y := got.Year(); y < 0 || y > 9999 {
			return // a zone has moved it out of what can be written
		}
		again, err := Parse(Format(got))
		if err != nil || !again.Equal(got) {
			t.Fatalf("%q is %v, then %v, %v", s, got, again, err)
		}
	})
}
