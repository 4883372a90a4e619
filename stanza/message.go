package stanza

import "github.com/canto-im/canto/jid"

// A MessageType is the context that a message belongs to (RFC 6121 §5.2.2).
type MessageType string

// The message types of RFC 6121 §5.2.2.
const (
	Normal       MessageType = "normal"    // stands by itself; what a message without type or of an unknown one is
	Chat         MessageType = "chat"      // of a one-to-one conversation
	GroupChat    MessageType = "groupchat" // of a room
	Headline     MessageType = "headline"  // an alert; no reply is expected
	MessageError MessageType = "error"     // an earlier message has failed: see Message.Error
)

// A Message is pushed from one entity to another (RFC 6120 §8.2.1, RFC 6121 §5.2). Every field may be left at its zero value.
//
// Body is the text without xml:lang, else the first. Bodies is nil when there is at most one and it is plain: not empty and
// without xml:lang. Otherwise it holds all of them in order, and Body repeats one of them. When the message is sent, Body
// is written first, unless it is empty or the value of one of Bodies; then Bodies as they are. Subject and Subjects
// likewise; an empty subject, which clears that of a room, is Subjects: []Text{{}}.
//
// The strings of a message that was received share one allocation of its size.
type Message struct {
	ID   string // RFC 6120 §8.1.3; one is made when it is empty as the message is sent
	From jid.JID
	To   jid.JID
	Type MessageType // "" is Normal
	Lang string      // xml:lang of the texts; "" is the language of the stream

	Subject, Body string
	Thread        string // RFC 6121 §5.2.5: opaque, compared exactly
	ParentThread  string // the thread that Thread is an offshoot of
	Subjects      []Text
	Bodies        []Text

	Error    *Error    // what failed; goes with the type MessageError and with no other
	Payloads []Element // every other child, in order

	kept *kept // what was received and stands in no field
}

// Kind returns "message".
func (m *Message) Kind() string { return KindMessage }

// Header returns a copy of the attributes that all kinds of stanza have. The type of a Normal message is "".
func (m *Message) Header() Header {
	t := string(m.Type)
	if m.Type == Normal {
		t = ""
	}
	return Header{m.ID, m.From, m.To, t, m.Lang}
}

// Elements returns m.Payloads.
func (m *Message) Elements() []Element { return m.Payloads }

// Failure returns m.Error.
func (m *Message) Failure() *Error { return m.Error }

func (m *Message) payloads() payloadList { return payloadList{many: m.Payloads} }

// Reply returns a new message with that body to the sender of m: to the room's bare JID when m came through a room, to the
// full JID otherwise (RFC 6121 §5.2.1). The type and the thread are those of m, except that a headline, which expects no
// reply, and an error are replied to with a Normal message: an error never answers an error. From is left to the server.
//
// A program that replies without a human should reply to no error at all, or two such programs never stop.
func (m *Message) Reply(body string) *Message {
	r := &Message{To: m.From, Type: m.Type, Body: body, Thread: m.Thread, ParentThread: m.ParentThread}
	switch m.Type {
	case GroupChat:
		r.To = m.From.Bare()
	case Headline, MessageError:
		// RFC 6120 §8.3.1: an error stanza must not be answered with a further error stanza.
		r.Type = Normal
	}
	return r
}

// Fail returns a message of type "error" to the sender of m that says why m could not be handled: err is read as IQ.Fail
// does. A message that is an error itself must not be answered so (RFC 6120 §8.3.1): sending the result fails.
func (m *Message) Fail(err error) *Message {
	r := &Message{ID: m.ID, From: m.To, To: m.From, Type: MessageError, Error: asError(err)}
	if m.Type == MessageError {
		r.Payloads = []Element{failedElement(errAnswerToError)}
	}
	return r
}
