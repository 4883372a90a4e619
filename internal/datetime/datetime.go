package datetime

import (
	"fmt"
	"strings"
	"time"
)

// Parse reads a DateTime of XEP-0082 §3.2: a date, a "T", a time of day with seconds and perhaps a fraction of them, and a
// zone, which is not optional. Nothing else that looks like one is taken; white space around it is (it's an xs:dateTime). The
// result is in UTC. Fractions are good to the nanosecond. Years after 9999 and leap seconds are not read (XEP-0082 §5).
func Parse(s string) (time.Time, error) {
	text := strings.TrimSpace(s)
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || !isStrict(text) {
		return time.Time{}, fmt.Errorf("datetime: %q is no moment such as \"2002-09-10T23:08:25Z\" (XEP-0082 §3.2)", s)
	}
	return t.UTC(), nil
}

// isStrict finds what package time takes beside: an hour of one digit, a comma before the fraction, and zones that there are not.
func isStrict(s string) bool {
	if s[13] != ':' || s[19] == ',' {
		return false
	}
	zone := s[len(s)-len("+00:00"):]
	return s[len(s)-1] == 'Z' || zone[1:3] < "24" && zone[4:] < "60"
}

// Format writes t as Parse reads it: in UTC, which tells nobody where we are (XEP-0082 §6), with a fraction where there is one.
func Format(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// ParseLegacy reads the form "20020910T23:08:25", which is in UTC, or what Parse reads: those that handle "jabber:x:delay" should
// be liberal (XEP-0082 §4).
func ParseLegacy(s string) (time.Time, error) {
	if t, err := time.Parse("20060102T15:04:05", strings.TrimSpace(s)); err == nil {
		return t, nil
	}
	return Parse(s)
}
