package stanza

// A Text is one of several versions of a text that is meant for people (RFC 6120 §8.1.5).
type Text struct {
	Lang  string // its xml:lang; "" is the language of the stanza
	Value string
}

// The rule that Message.Body and Bodies, Subject and Subjects, Presence.Status and Statuses follow: the plain field holds the
// text that a program wants which does not care about languages, and the list is nil in the usual case of one text without
// xml:lang, so that a literal with the plain field alone is equal to what is decoded from it.

// mainText returns the text that the plain field shows: the first one without xml:lang, else the first.
func mainText(texts []Text) string {
	for _, t := range texts {
		if t.Lang == "" {
			return t.Value
		}
	}
	if len(texts) > 0 {
		return texts[0].Value
	}
	return ""
}

// hasText reports whether s is the value of one of texts.
func hasText(texts []Text, s string) bool {
	for _, t := range texts {
		if t.Value == s {
			return true
		}
	}
	return false
}
