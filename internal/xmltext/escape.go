package xmltext

import "unicode/utf8"

// AppendEscapedText appends s as character data: <, > and & as references, and CR, which would not survive as it is
// (XML 1.0 §2.11). The error, an *EncodeError, is for what XML cannot carry; dst is then returned as it was.
func AppendEscapedText(dst []byte, s string) ([]byte, error) {
	out, n, f := appendEscapedText(dst, view(s))
	if f != ok {
		return dst, &EncodeError{Offset: n, Msg: faults[f].msg}
	}
	return out, nil
}

// AppendEscapedAttr appends s as an attribute value, without quotes and fit for either kind of them: &, <, ", ', tab, CR
// and LF as references, so that normalisation (XML 1.0 §3.3.3) gives s back. The error, an *EncodeError, is for what XML
// cannot carry; dst is then returned as it was.
func AppendEscapedAttr(dst []byte, s string) ([]byte, error) {
	out, n, f := appendEscapedValue(dst, view(s))
	if f != ok {
		return dst, &EncodeError{Offset: n, Msg: faults[f].msg}
	}
	return out, nil
}

// appendEscapedText is AppendEscapedText; n is the index of the byte at fault.
func appendEscapedText(dst, s []byte) (out []byte, n int, f fault) {
	done := 0
	for i := 0; ; {
		if i = plain(s, i, '>'); i == len(s) {
			return append(dst, s[done:]...), 0, ok
		}
		c := s[i]
		if c >= utf8.RuneSelf {
			if i, f = consumeWide(s, i); f != ok {
				return dst, i, outgoing(f)
			}
			continue
		}
		ref := escapes[c]
		switch {
		case c == '\t' || c == '\n':
			i++
		case ref == "":
			return dst, i, faultChar
		default:
			dst = append(append(dst, s[done:i]...), ref...)
			i++
			done = i
		}
	}
}

// appendEscapedValue is AppendEscapedAttr; n is the index of the byte at fault.
func appendEscapedValue(dst, s []byte) (out []byte, n int, f fault) {
	done := 0
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf:
			if i, f = consumeWide(s, i); f != ok {
				return dst, i, outgoing(f)
			}
		case c != '>' && escapes[c] != "":
			dst = append(append(dst, s[done:i]...), escapes[c]...)
			i++
			done = i
		case c < 0x20:
			return dst, i, faultChar
		default:
			i++
		}
	}
	return append(dst, s[done:]...), 0, ok
}

// outgoing makes the fault of a character that is cut short, which for input would mean more, that of malformed UTF-8.
func outgoing(f fault) fault {
	if f == more {
		return faultUTF8
	}
	return f
}

// escapes are the references for characters that cannot stand as they are everywhere.
var escapes = [utf8.RuneSelf]string{
	'&': "&amp;", '<': "&lt;", '>': "&gt;", '"': "&quot;", '\'': "&apos;", '\t': "&#9;", '\n': "&#10;", '\r': "&#13;",
}
