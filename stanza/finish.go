package stanza

import (
	"fmt"
	"strings"
)

// finish makes the stanza, or says what is wrong with it.
func (w *work) finish() (Stanza, error) {
	text := string(w.buf)
	if w.kind == KindIQ {
		w.checkIQ()
	}
	if w.condition != "" {
		return nil, w.malformed(text)
	}
	failure, err := w.failure(text)
	if err != nil {
		w.fail(BadRequest, err)
		return nil, w.malformed(text)
	}
	switch w.kind {
	case KindMessage:
		return w.message(text, failure), nil
	case KindPresence:
		return w.presence(text, failure), nil
	default:
		return w.iq(text, failure), nil
	}
}

// malformed returns the error for a stanza that is none.
func (w *work) malformed(text string) error {
	return &MalformedError{
		Kind: w.kind, ID: w.id.in(text), Type: w.typ, From: w.from, To: w.to,
		Condition: w.condition, Err: w.cause, badFrom: w.badFrom,
	}
}

// checkIQ counts the children of an iq.
func (w *work) checkIQ() {
	switch n := len(w.elems); {
	case (w.typ == string(Get) || w.typ == string(Set)) && n != 1:
		// RFC 6120 §8.2.3: a "get" or "set" must contain exactly one child element.
		w.fail(BadRequest, fmt.Errorf("%d child elements where RFC 6120 §8.2.3 asks for exactly one", n))
	case w.typ == string(Result) && n > 1:
		// RFC 6120 §8.2.3: a "result" must include zero or one child elements.
		w.fail(BadRequest, fmt.Errorf("%d child elements where RFC 6120 §8.2.3 allows one", n))
	}
}

// failure returns the error of a stanza of type "error", nil for another. RFC 6120 §8.3.1: an error stanza must contain an
// <error/>; one that does not has an UndefinedCondition, so that whoever waits for the answer is told.
func (w *work) failure(text string) (*Error, error) {
	if w.typ != string(IQError) {
		return nil, nil
	}
	if w.fault.empty() {
		return &Error{Type: UndefinedCondition.DefaultType(), Condition: UndefinedCondition}, nil
	}
	return parseError(w.fault.in(text))
}

func (w *work) message(text string, failure *Error) *Message {
	m := &Message{
		ID: w.id.in(text), From: w.from, To: w.to, Type: MessageType(w.typ), Lang: w.lang.in(text),
		Error: failure, Payloads: w.payloads(text), kept: w.rest(text),
	}
	if w.typ == "" {
		m.Type = Normal // RFC 6121 §5.2.2: the default of the 'type' attribute
	}
	m.Subject, m.Subjects = w.takeTexts(fieldSubject, text)
	m.Body, m.Bodies = w.takeTexts(fieldBody, text)
	if w.seen[fieldThread] {
		for _, t := range w.texts {
			if t.field == fieldThread {
				m.Thread, m.ParentThread = t.value.in(text), t.lang.in(text)
			}
		}
	}
	return m
}

func (w *work) presence(text string, failure *Error) *Presence {
	p := &Presence{
		ID: w.id.in(text), From: w.from, To: w.to, Type: PresenceType(w.typ), Lang: w.lang.in(text),
		Show: w.show, Priority: w.priority, Error: failure, Payloads: w.payloads(text), kept: w.rest(text),
	}
	p.Status, p.Statuses = w.takeTexts(fieldStatus, text)
	return p
}

func (w *work) iq(text string, failure *Error) *IQ {
	iq := &IQ{
		ID: w.id.in(text), From: w.from, To: w.to, Type: IQType(w.typ), Lang: w.lang.in(text),
		Error: failure, kept: w.rest(text),
	}
	if len(w.elems) > 0 {
		e := &w.elems[0]
		iq.Payload = Element{name: xmlName(e.name), raw: e.raw.in(text)}
	}
	return iq
}

// takeTexts returns the texts of a field, as the rule in text.go says.
func (w *work) takeTexts(f field, text string) (string, []Text) {
	n, first := 0, 0
	for i := range w.texts {
		if w.texts[i].field == f {
			if n == 0 {
				first = i
			}
			n++
		}
	}
	if n == 0 {
		return "", nil
	}
	if t := w.texts[first]; n == 1 && t.lang.empty() && !t.value.empty() {
		return t.value.in(text), nil
	}
	all := make([]Text, 0, n)
	for _, t := range w.texts[first:] {
		if t.field == f {
			all = append(all, Text{t.lang.in(text), t.value.in(text)})
		}
	}
	return mainText(all), all
}

// payloads returns the payloads of a message or presence.
func (w *work) payloads(text string) []Element {
	if len(w.elems) == 0 {
		return nil
	}
	all := make([]Element, len(w.elems))
	for i := range w.elems {
		e := &w.elems[i]
		all[i] = Element{name: xmlName(e.name), raw: e.raw.in(text)}
	}
	return all
}

// rest returns what stands in no field; nil when there is nothing.
func (w *work) rest(text string) *kept {
	more := 0
	if w.kind == KindIQ && len(w.elems) > 1 {
		more = len(w.elems) - 1
	}
	if len(w.attrs)+len(w.odd)+len(w.loose)+more == 0 {
		return nil
	}
	k := new(kept)
	for _, a := range w.attrs {
		k.attrs = append(k.attrs, attr{a.name, a.value.in(text)})
	}
	var loose strings.Builder
	for _, t := range w.loose {
		loose.WriteString(t.in(text))
	}
	k.loose = loose.String()
	if more > 0 {
		k.more = w.payloads(text)[1:]
	}
	for _, o := range w.odd {
		c := oddChild{field: o.field, extra: o.extra, text: o.value, raw: o.raw.in(text)}
		if o.text >= 0 {
			t := w.texts[o.text]
			c.text = Text{t.lang.in(text), t.value.in(text)}
		}
		k.odd = append(k.odd, c)
	}
	return k
}
