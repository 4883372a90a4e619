package stanza

import "strings"

// The usual answers about an element are parts of its raw XML and are found without a decoder. That is safe because the
// element was checked when it was made: every quote and bracket stands where XML has it. What holds a reference, or white
// space that is normalised, is left to the decoder.

// startTag returns the start tag of raw without its brackets, and the index behind it.
func startTag(raw string) (tag string, end int) {
	var quote byte
	for i := 1; i < len(raw); i++ {
		switch c := raw[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '>':
			return raw[1:i], i + 1
		}
	}
	return "", len(raw)
}

// rawAttr returns the value of the attribute whose name is written so; ok is false when it cannot be taken as it stands.
func rawAttr(raw, name string) (value string, ok bool) {
	tag, _ := startTag(raw)
	i := strings.IndexAny(tag, " \t\r\n")
	for i >= 0 {
		tag = strings.TrimLeft(tag[i:], " \t\r\n")
		eq := strings.IndexByte(tag, '=')
		if eq < 0 {
			break
		}
		found := strings.TrimRight(tag[:eq], " \t\r\n") == name
		tag = strings.TrimLeft(tag[eq+1:], " \t\r\n")
		end := strings.IndexByte(tag[1:], tag[0]) + 1
		if found {
			return tag[1:end], !strings.ContainsAny(tag[1:end], "&\t\r\n")
		}
		i = end + 1
	}
	return "", true
}

// rawText returns the character data of an element that holds nothing else; ok is false when it cannot be taken as it
// stands.
func rawText(raw string) (text string, ok bool) {
	tag, start := startTag(raw)
	if strings.HasSuffix(tag, "/") {
		return "", true
	}
	text = raw[start:strings.LastIndex(raw, "</")]
	return text, !strings.ContainsAny(text, "<&\r")
}
