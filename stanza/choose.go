package stanza

import "strings"

// Choose returns the index of the text that suits a reader of the given languages (BCP 47 tags, best first) best: for each in
// turn the text in just that language, then in less specific ones, "de" for "de-CH-1996" (RFC 4647 §3.4); tags are compared
// without regard to case. own is the language of texts whose Lang is empty, that of their stanza. Where none suits, it's the
// first text without a Lang, then the first; −1 without texts.
func Choose(texts []Text, own string, languages ...string) int {
	for _, want := range languages {
		for ; want != ""; want = shorter(want) {
			for i, t := range texts {
				lang := t.Lang
				if lang == "" {
					lang = own
				}
				if strings.EqualFold(lang, want) {
					return i
				}
			}
		}
	}
	for i, t := range texts {
		if t.Lang == "" {
			return i
		}
	}
	return min(0, len(texts)-1)
}

// shorter is a language tag without its last subtag, and without a single letter before that (RFC 4647 §3.4).
func shorter(tag string) string {
	i := strings.LastIndexByte(tag, '-')
	if i < 0 {
		return ""
	}
	if i >= 2 && tag[i-2] == '-' {
		i -= 2
	}
	return tag[:i]
}

// choose is Choose on the pair of fields that a stanza has.
func choose(plain string, all []Text, own string, languages []string) string {
	if len(all) == 0 {
		return plain
	}
	if plain != "" && !hasText(all, plain) { // a stanza of the program's own making: Body is one more
		all = append([]Text{{Value: plain}}, all...)
	}
	return all[Choose(all, own, languages...)].Value
}

// BodyIn returns the body in the first of the languages that it comes in; see Choose. Where there is just one, it's that.
func (m *Message) BodyIn(languages ...string) string {
	return choose(m.Body, m.Bodies, m.Lang, languages)
}

// SubjectIn is BodyIn for the subject.
func (m *Message) SubjectIn(languages ...string) string {
	return choose(m.Subject, m.Subjects, m.Lang, languages)
}

// StatusIn is Message.BodyIn for the status.
func (p *Presence) StatusIn(languages ...string) string {
	return choose(p.Status, p.Statuses, p.Lang, languages)
}

// Answers reports whether m is an error that answers sent, a message that was sent with an ID: the error has the same one,
// and comes from the address it was sent to, from the account or the server of that (RFC 6120 §8.1.3, §8.3.1: intermediate
// servers return errors in the recipient's name). m.Error says what has failed.
func (m *Message) Answers(sent *Message) bool {
	return m.Type == MessageError && m.ID != "" && m.ID == sent.ID &&
		(m.From == sent.To || m.From == sent.To.Bare() || m.From == sent.To.Domain())
}
