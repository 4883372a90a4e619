package stanza

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
)

// EncodeOptions say how AppendTo writes a stanza.
type EncodeOptions struct {
	// Namespace is that of the stanza itself, the content namespace of the stream; "" is "jabber:client". It is declared
	// unless it is the default namespace that the encoder has in scope.
	Namespace string

	// ID is the id of a stanza that has none.
	ID string

	// From is the sender of a stanza that has none. Zero: none, as a client leaves it to its server.
	From jid.JID
}

var (
	errNilStanza   = errors.New("stanza: there is no stanza to send")
	errNoError     = errors.New("stanza: type is error, but Error is nil (RFC 6120 §8.3.1: an error stanza must contain an <error/>)")
	errStrayError  = errors.New("stanza: Error is set, but the type is not error (RFC 6120 §8.3.1)")
	errNoPayload   = errors.New("stanza: an iq of type get or set needs a Payload (RFC 6120 §8.2.3)")
	errNoID        = errors.New("stanza: an iq of type get or set needs an ID (RFC 6120 §8.2.3); NewID makes one")
	errParentAlone = errors.New("stanza: ParentThread is the Thread itself (RFC 6121 §5.2.5)")
)

// AppendTo writes st with e. It fails, and may leave part of the stanza in e, when the stanza breaks a rule of RFC 6120 §8,
// when one of its payloads could not be made, or when a text holds what XML cannot carry. A stanza without payloads is
// written without allocation. Package xmpp and the test server use it; its argument is of an internal package, so that
// other modules cannot: for them there are Append and encoding/xml.
func AppendTo(e *xmltext.Encoder, st Stanza, o EncodeOptions) error {
	if o.Namespace == "" {
		o.Namespace = contentNS
	}
	w := writer{e: e, space: o.Namespace, id: o.ID, from: o.From}
	switch st := st.(type) {
	case *Message:
		if st != nil {
			return w.message(st)
		}
	case *Presence:
		if st != nil {
			return w.presence(st)
		}
	case *IQ:
		if st != nil {
			return w.iq(st)
		}
	}
	return errNilStanza
}

// writer writes one stanza.
type writer struct {
	e     *xmltext.Encoder
	space string  // the content namespace
	id    string  // for a stanza without one
	from  jid.JID // likewise
	odd   oddChildren
}

func (w *writer) message(m *Message) error {
	t := string(m.Type)
	switch m.Type {
	case Normal:
		t = ""
	case "", Chat, GroupChat, Headline, MessageError:
	default:
		return fmt.Errorf("stanza: %q is no type of message (RFC 6121 §5.2.2)", m.Type)
	}
	if m.ParentThread != "" && m.ParentThread == m.Thread && m.kept == nil {
		return errParentAlone
	}
	w.start(KindMessage, t, m.Header(), m.kept)
	w.texts(fieldSubject, m.Subject, m.Subjects)
	w.texts(fieldBody, m.Body, m.Bodies)
	w.thread(m.Thread, m.ParentThread)
	w.extras(m.kept)
	if err := w.elements(m.Payloads); err != nil {
		return err
	}
	return w.end(m.Type == MessageError, m.Error)
}

func (w *writer) presence(p *Presence) error {
	if _, ok := knownPresenceType(string(p.Type)); !ok && p.Type != Available {
		return fmt.Errorf("stanza: %q is no type of presence (RFC 6121 §4.7.1)", p.Type)
	}
	if p.Show != Online && knownShow(string(p.Show)) == Online {
		return fmt.Errorf("stanza: %q is no value of show (RFC 6121 §4.7.2.1)", p.Show)
	}
	w.start(KindPresence, string(p.Type), p.Header(), p.kept)
	w.child(fieldShow, Text{Value: string(p.Show)}, p.Show == Online)
	w.texts(fieldStatus, p.Status, p.Statuses)
	w.priority(p.Priority)
	w.extras(p.kept)
	if err := w.elements(p.Payloads); err != nil {
		return err
	}
	return w.end(p.Type == PresenceError, p.Error)
}

func (w *writer) iq(iq *IQ) error {
	h := iq.Header()
	switch iq.Type {
	case Get, Set:
		if iq.Payload.IsZero() {
			return errNoPayload
		}
		if iq.ID == "" && w.id == "" {
			return errNoID
		}
	case Result, IQError:
		w.id = "" // RFC 6120 §8.2.3: the id of an answer is that of the request, or empty
	default:
		return fmt.Errorf("stanza: %q is no type of iq (RFC 6120 §8.2.3)", iq.Type)
	}
	w.start(KindIQ, string(iq.Type), h, iq.kept)
	if !iq.Payload.IsZero() {
		if err := w.element(iq.Payload); err != nil {
			return err
		}
	}
	if iq.kept != nil && iq.Type == IQError {
		if err := w.elements(iq.kept.more); err != nil {
			return err
		}
	}
	return w.end(iq.Type == IQError, iq.Error)
}

// start writes the start tag.
func (w *writer) start(kind, typ string, h Header, k *kept) {
	w.odd = k.children()
	e := w.e
	e.Start(xmltext.Name{Space: w.space, Local: kind})
	if typ != "" {
		e.Attr("type", typ)
	}
	if h.ID == "" {
		h.ID = w.id
	}
	if h.ID != "" || kind == KindIQ {
		e.Attr("id", h.ID)
	}
	if h.From.IsZero() {
		h.From = w.from
	}
	if !h.From.IsZero() {
		e.Attr("from", h.From.String())
	}
	if !h.To.IsZero() {
		e.Attr("to", h.To.String())
	}
	if h.Lang != "" {
		e.AttrNS(nameLang, h.Lang)
	}
	if k == nil {
		return
	}
	for _, a := range k.attrs {
		if a.name.Space == "" && a.name.Local == "type" && typ != "" {
			continue // a type that was unknown has been replaced
		}
		e.AttrNS(a.name, a.value)
	}
	e.Text(k.loose)
}

// nsXML is the namespace of xml:lang.
const nsXML = ns.XML

var nameLang = xmltext.Name{Space: nsXML, Local: "lang"}

// end writes the error and the end tag.
func (w *writer) end(isError bool, failure *Error) error {
	switch {
	case isError && failure == nil:
		return errNoError
	case !isError && failure != nil:
		return errStrayError
	case isError:
		if err := w.failure(failure); err != nil {
			return err
		}
	}
	w.e.End()
	return nil
}

// texts writes the texts of a field: the plain one first, unless it is one of the list.
func (w *writer) texts(f field, plain string, all []Text) {
	if plain != "" && !hasText(all, plain) {
		w.child(f, Text{Value: plain}, false)
	}
	for _, t := range all {
		w.child(f, t, false)
	}
}

// thread writes the thread and its parent.
func (w *writer) thread(id, parent string) {
	if raw, ok := w.odd.take(fieldThread, Text{parent, id}); ok {
		w.e.Raw(raw)
		return
	}
	if id == "" && parent == "" {
		return
	}
	w.e.Start(xmltext.Name{Space: w.space, Local: "thread"})
	if parent != "" {
		w.e.Attr("parent", parent)
	}
	w.e.Text(id)
	w.e.End()
}

// priority writes a priority other than 0.
func (w *writer) priority(p int8) {
	if p == 0 && len(w.odd.list) == 0 {
		return
	}
	if raw, ok := w.odd.take(fieldPriority, Text{Value: priorityText(p)}); ok {
		w.e.Raw(raw)
		return
	}
	if p == 0 {
		return
	}
	var b [4]byte
	w.e.Start(xmltext.Name{Space: w.space, Local: "priority"})
	w.e.TextBytes(strconv.AppendInt(b[:0], int64(p), 10))
	w.e.End()
}

// child writes one child that holds text, as it came when it still has the value that it came with. Without that, an absent
// one is left out.
func (w *writer) child(f field, t Text, absent bool) {
	if raw, ok := w.odd.take(f, t); ok {
		w.e.Raw(raw)
		return
	}
	if absent {
		return
	}
	w.e.Start(xmltext.Name{Space: w.space, Local: fieldNames[f]})
	if t.Lang != "" {
		w.e.AttrNS(nameLang, t.Lang)
	}
	w.e.Text(t.Value)
	w.e.End()
}

var fieldNames = [...]string{
	fieldSubject: "subject", fieldBody: "body", fieldThread: "thread",
	fieldShow: "show", fieldStatus: "status", fieldPriority: "priority", fieldError: "error",
}

// extras writes the second ones of children that may stand only once.
func (w *writer) extras(k *kept) {
	if k == nil {
		return
	}
	for i := range k.odd {
		if k.odd[i].extra {
			w.e.Raw(k.odd[i].raw)
		}
	}
}

// elements writes payloads.
func (w *writer) elements(all []Element) error {
	for i := range all {
		if err := w.element(all[i]); err != nil {
			return err
		}
	}
	return nil
}

// element writes one payload. The zero Element is nothing.
func (w *writer) element(el Element) error {
	if el.err != nil {
		return el.err
	}
	if el.raw == "" {
		return nil
	}
	if el.name.Space == "" {
		return w.inNoNamespace(el)
	}
	w.e.Raw(el.raw)
	return nil
}

// inNoNamespace writes an element that is in no namespace token by token, so that the encoder puts it outside the stanza's.
func (w *writer) inNoNamespace(el Element) error {
	d := el.decoder()
	for {
		t, err := d.ReadToken()
		if err != nil {
			return fmt.Errorf("stanza: element %q: %w", el.name.Local, unexpectedEOF(err))
		}
		if t.Kind == xmltext.KindStart && t.Name.Space != "" {
			raw, err := d.ReadElement()
			if err != nil {
				return fmt.Errorf("stanza: element %q: %w", el.name.Local, unexpectedEOF(err))
			}
			w.e.RawBytes(raw)
			continue
		}
		w.e.Token(t)
		if d.Depth() == 0 {
			return nil
		}
	}
}
