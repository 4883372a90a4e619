package sasl

import (
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf8"
)

// firstMessage is a server-first-message.
type firstMessage struct {
	nonce      string // the client's and the server's part
	salt       []byte
	iterations int // math.MaxInt for all that does not fit
	rawCount   string
	extensions map[byte]string // the optional attributes after the iteration count
}

// count is the iteration count as the server wrote it, fit for an error.
func (m firstMessage) count() string { return quotable(m.rawCount) }

// messageError is what is wrong with a message.
type messageError struct {
	reason Reason
	detail string
}

func (e *messageError) Error() string { return e.detail }

func malformed(detail string) error { return &messageError{ErrMalformed, detail} }

// attribute is attr-val of RFC 5802 section 7.
type attribute struct {
	name  byte
	value string
}

// maxMessage is the size, in bytes, beyond which a message of a SCRAM server is refused. Nonce, salt and signature take a
// few hundred; we send the nonce back.
const maxMessage = 16 << 10

// parseAttributes splits a message of a SCRAM server. Errors are *messageError, or a ServerError for "e=".
func parseAttributes(msg string) ([]attribute, error) {
	if len(msg) > maxMessage {
		return nil, malformed("it is longer than 16 KiB")
	}
	if !utf8.ValidString(msg) || strings.IndexByte(msg, 0) >= 0 {
		return nil, malformed("it is not UTF-8 without NUL")
	}
	var attrs []attribute
	for part := range strings.SplitSeq(msg, ",") {
		if len(part) < 3 || part[1] != '=' || !isAlpha(part[0]) {
			return nil, malformed("an attribute is not a letter, an equals sign and a value")
		}
		a := attribute{part[0], part[2:]}
		switch {
		case a.name == 'm': // RFC 5802 section 5.1: MUST cause authentication failure
			return nil, &messageError{ErrExtension, "the attribute m"}
		case a.name == 'e' && len(attrs) == 0:
			return nil, ServerError(a.value)
		}
		attrs = append(attrs, a)
	}
	return attrs, nil
}

// isAlpha is ALPHA of RFC 5234.
func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// parseServerFirst parses r=…,s=…,i=… and what follows (RFC 5802 section 7, server-first-message).
func parseServerFirst(msg string) (firstMessage, error) {
	attrs, err := parseAttributes(msg)
	if err != nil {
		return firstMessage{}, err
	}
	if len(attrs) < 3 || attrs[0].name != 'r' || attrs[1].name != 's' || attrs[2].name != 'i' {
		return firstMessage{}, malformed("it does not begin with the attributes r, s and i")
	}
	m := firstMessage{nonce: attrs[0].value, rawCount: attrs[2].value}
	if !isPrintable(m.nonce) {
		return firstMessage{}, malformed("the nonce holds characters that are not printable ASCII")
	}
	if m.salt, err = decodeBase64(attrs[1].value); err != nil {
		return firstMessage{}, malformed("the salt is not base64")
	}
	if m.iterations, err = parseCount(m.rawCount); err != nil {
		return firstMessage{}, err
	}
	m.extensions, err = parseExtensions(attrs[3:])
	return m, err
}

// parseExtensions takes the optional attributes; RFC 5802 section 5.1 has unknown ones ignored. What may stand once only
// must not come again, lest two readers see two messages.
func parseExtensions(attrs []attribute) (map[byte]string, error) {
	extensions := make(map[byte]string, len(attrs))
	for _, a := range attrs {
		_, again := extensions[a.name]
		if again || strings.IndexByte("aceinprsv", a.name) >= 0 {
			return nil, malformed("the attribute " + string(rune(a.name)) + " is repeated or out of place")
		}
		extensions[a.name] = a.value
	}
	return extensions, nil
}

// parseServerFinal parses v=… or e=… and what follows (RFC 5802 section 7, server-final-message).
func parseServerFinal(msg string) (signature []byte, err error) {
	attrs, err := parseAttributes(msg)
	if err != nil {
		return nil, err
	}
	if attrs[0].name != 'v' {
		return nil, malformed("it does not begin with the attribute v or e")
	}
	if signature, err = decodeBase64(attrs[0].value); err != nil {
		return nil, malformed("the signature is not base64")
	}
	_, err = parseExtensions(attrs[1:])
	return signature, err
}

// parseCount parses posit-number: no sign, no leading zero. A number beyond all bounds is math.MaxInt, for the caller to
// refuse.
func parseCount(s string) (int, error) {
	if s[0] == '0' || strings.Trim(s, "0123456789") != "" {
		return 0, malformed("the iteration count " + quoted(s) + " is not a positive number")
	}
	n, _ := strconv.Atoi(s) // math.MaxInt when out of range
	return n, nil
}

// isPrintable reports whether s consists of printable characters of RFC 5802 section 7; the comma is gone already.
func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7F {
			return false
		}
	}
	return true
}

// decodeBase64 is strict: the padding is there, and line ends, which encoding/base64 passes over, are not.
func decodeBase64(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, base64.CorruptInputError(0)
	}
	return base64.StdEncoding.Strict().DecodeString(s)
}
