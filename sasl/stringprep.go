package sasl

import (
	"errors"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// rangeList is a sorted list of ranges of code points: first, last, first, last, ….
type rangeList []rune

// contains reports whether r lies in one of the ranges.
func (l rangeList) contains(r rune) bool {
	i := sort.Search(len(l), func(i int) bool { return l[i] >= r })
	return i < len(l) && (l[i] == r || i%2 == 1)
}

// What can be wrong with a string. The messages never hold any of it: it may be a password.
var (
	errNotUTF8    = errors.New("is not valid UTF-8")
	errProhibited = errors.New("holds a character that is prohibited there (RFC 3454)")
	errBidi       = errors.New("mixes right-to-left and left-to-right text in a way that is prohibited (RFC 3454 section 6)")
	errEmpty      = errors.New("is empty")
)

// saslprep prepares a user name or a password as RFC 4013 says, as a query string: code points that Unicode 3.2 does not
// assign stay as they are (RFC 5802 section 5.1, RFC 4616 section 2).
func saslprep(s string) (string, error) {
	if isPlainASCII(s) {
		return s, nil
	}
	if !utf8.ValidString(s) {
		return "", errNotUTF8
	}
	s = normalize32(strings.Map(saslMap, s))
	if err := check(s, prohibitedInSASL); err != nil {
		return "", err
	}
	return s, nil
}

// isPlainASCII reports whether s consists of the ASCII characters that SASLprep leaves alone.
func isPlainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7E {
			return false
		}
	}
	return true
}

// saslMap is the mapping of RFC 4013 section 2.1, in the order in which it stands there: ZERO WIDTH SPACE is in both
// tables and becomes a space.
func saslMap(r rune) rune {
	switch {
	case r < 0x80:
		return r
	case nonASCIISpaces.contains(r):
		return ' '
	case mappedToNothing.contains(r):
		return -1
	}
	return r
}

// normalize32 is the normalization form KC of Unicode 3.2 (RFC 4013 section 2.2). A code point that is unassigned there
// neither decomposes nor composes, while the newer tables at hand may know a mapping for it: so it stands between the
// pieces that are normalized.
func normalize32(s string) string {
	if !strings.ContainsFunc(s, unassigned.contains) {
		return norm.NFKC.String(s)
	}
	var b strings.Builder
	start := 0
	for i, r := range s {
		if unassigned.contains(r) {
			end := i + utf8.RuneLen(r)
			b.WriteString(norm.NFKC.String(s[start:i]))
			b.WriteString(s[i:end])
			start = end
		}
	}
	b.WriteString(norm.NFKC.String(s[start:]))
	return b.String()
}

// check is the last half of a profile: prohibited characters (RFC 3454 section 5), then bidirectional text (section 6).
func check(s string, prohibited rangeList) error {
	if strings.ContainsFunc(s, prohibited.contains) {
		return errProhibited
	}
	if !strings.ContainsFunc(s, randALCat.contains) {
		return nil
	}
	// RFC 3454 section 6, requirements 2 and 3: no LCat beside a RandALCat, which must be first and last.
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	if strings.ContainsFunc(s, lCat.contains) || !randALCat.contains(first) || !randALCat.contains(last) {
		return errBidi
	}
	return nil
}

// prepared is saslprep for what must not be empty afterwards (RFC 5802 section 5.1, RFC 4616 section 2).
func prepared(s string) (string, error) {
	p, err := saslprep(s)
	if err == nil && p == "" {
		err = errEmpty
	}
	return p, err
}

// checkIdentity checks what goes out as it is: an authorization identity or trace information. NUL has no place in
// either (RFC 4616 section 2, RFC 5802 section 7).
func checkIdentity(s string) error {
	switch {
	case !utf8.ValidString(s):
		return errNotUTF8
	case slices.Contains([]byte(s), 0):
		return errProhibited
	}
	return nil
}

// traceprep checks trace information against the profile of RFC 4505 section 3, which changes nothing.
func traceprep(s string) error {
	switch {
	case !utf8.ValidString(s):
		return errNotUTF8
	case utf8.RuneCountInString(s) > 255: // RFC 4505 section 2: the token production
		return errors.New("is longer than 255 characters")
	}
	return check(s, prohibitedInTrace)
}
