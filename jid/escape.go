package jid

import "strings"

// escaped holds the characters that XEP-0106 §3.2 escapes; each is written as a backslash and its code in two lower-case
// hexadecimal digits.
const escaped = " \"&'/:<>@\\"

const lowerHex = "0123456789abcdef"

// escapeLen is the length of an escape sequence, such as \20.
const escapeLen = len(`\20`)

// Escape writes text of a user, such as "d'artagnan" or a mail address, as a localpart, with the characters that a
// localpart cannot carry escaped (XEP-0106). Give the result to [New]; [Unescape] is the way back. Only localparts are
// escaped, never domains or resources.
//
// Text that begins or ends with a space cannot be escaped: the error is a [*ParseError] with the reason [OuterSpace].
func Escape(text string) (string, error) {
	// XEP-0106 §3.2, §4.1 rule 6: \20 is neither first nor last.
	if strings.HasPrefix(text, " ") || strings.HasSuffix(text, " ") {
		return "", &ParseError{Part: Localpart, Reason: OuterSpace, Rune: ' ', Input: text}
	}
	if !strings.ContainsAny(text, escaped) {
		return text, nil
	}
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; mustEscape(text, i) {
			b.WriteString(escapeOf(rune(c)))
		} else {
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

// Unescape gives a localpart as it is shown to a user (XEP-0106 §3.3). Sequences that Escape does not make stay as they
// are, \20 at either end among them. The result is for display and for other systems: never compare or send it (§4.1).
func Unescape(local string) string {
	if !strings.Contains(local, `\`) {
		return local
	}
	var b strings.Builder
	for i := 0; i < len(local); {
		c, ok := unescapeAt(local, i)
		if !ok {
			b.WriteByte(local[i])
			i++
			continue
		}
		b.WriteByte(c)
		i += escapeLen
	}
	return b.String()
}

// mustEscape reports whether text[i] is escaped: always, save for the backslash, which is only where it would begin an
// escape sequence (XEP-0106 §4.1 rule 7). \5C would too, once the localpart is mapped to lower case.
func mustEscape(text string, i int) bool {
	if text[i] == '\\' {
		_, ok := decodeEscape(strings.ToLower(text[i:min(i+escapeLen, len(text))]))
		return ok
	}
	return strings.IndexByte(escaped, text[i]) >= 0
}

// unescapeAt returns the character that the escape sequence at local[i] stands for.
func unescapeAt(local string, i int) (c byte, ok bool) {
	end := i + escapeLen
	if end > len(local) {
		return 0, false
	}
	c, ok = decodeEscape(local[i:end])
	if c == ' ' && (i == 0 || end == len(local)) {
		return 0, false
	}
	return c, ok
}

// decodeEscape returns the character that a sequence stands for. Case is significant, XEP-0106 §3.1.
func decodeEscape(sequence string) (c byte, ok bool) {
	if len(sequence) != escapeLen || sequence[0] != '\\' {
		return 0, false
	}
	hi, lo := strings.IndexByte(lowerHex, sequence[1]), strings.IndexByte(lowerHex, sequence[2])
	if hi < 0 || lo < 0 {
		return 0, false
	}
	c = byte(hi<<4 | lo)
	return c, strings.IndexByte(escaped, c) >= 0
}

// escapeOf returns the sequence of a character that is escaped, "" for any other.
func escapeOf(r rune) string {
	if r <= 0 || !strings.ContainsRune(escaped, r) {
		return ""
	}
	return string([]byte{'\\', lowerHex[r>>4], lowerHex[r&15]})
}
