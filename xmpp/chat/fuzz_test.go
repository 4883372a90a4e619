package chat

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/canto-im/canto/internal/specexample"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// seed gives every example of the XEPs to f, message by message.
func seed(f *testing.F, add func(xml string)) {
	files, err := filepath.Glob("testdata/xep*.xml")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		for _, x := range specexample.Load(f, file) {
			for n := range x.All {
				if n.Name.Local == "message" {
					add(n.String())
				}
			}
		}
	}
}

// FuzzPayloads reads any message as each function of the package does: none panics, and what they return keeps what they promise.
func FuzzPayloads(f *testing.F) {
	seed(f, func(s string) { f.Add(s) })
	f.Add(`<message xmlns='jabber:client' id='x'><body>é</body><fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='1' end='1'/><body start='0' end='4294967295'/></fallback><reference xmlns='urn:xmpp:reference:0' type='data' uri='x' begin='-1' end='9223372036854775807'/></message>`)
	f.Fuzz(func(t *testing.T, raw string) {
		st, err := stanza.Parse([]byte(raw))
		m, ok := st.(*stanza.Message)
		if err != nil || !ok {
			return
		}
		if body := BodyFor(m, "urn:xmpp:reply:0"); len(body) > len(m.Body) {
			t.Errorf("%q is left of %q", body, m.Body)
		}
		_ = SubjectFor(m, "urn:xmpp:reply:0")
		for _, r := range References(m) {
			if text, ok := r.RefersTo(m.Body); ok && !strings.Contains(m.Body, text) {
				t.Errorf("%q is not in %q", text, m.Body)
			}
		}
		if s, ok := StateOf(m); ok != (s != "") {
			t.Errorf("state %q, %t", s, ok)
		}
		WantsAttention(m)
		StyleOf(m)
		if r, ok := stanza.Find[Reactions](m); ok {
			if valid := r.Valid(); slices.ContainsFunc(valid, func(s string) bool { return !IsEmoji(s) }) {
				t.Errorf("%q", valid)
			}
		}
		again(t, ReceiptFor(m), DisplayedFor(m))
		for _, write := range []func(*stanza.Message) (*stanza.Message, error){
			Retract,
			func(m *stanza.Message) (*stanza.Message, error) { return ReplyTo(m, "x") },
			func(m *stanza.Message) (*stanza.Message, error) { return React(m, "👋") },
			func(m *stanza.Message) (*stanza.Message, error) { return Correct(m, "x") },
		} {
			if out, err := write(m); err == nil {
				again(t, out)
			}
		}
		decodeAgain[Retraction](t, m)
		decodeAgain[Retracted](t, m)
		decodeAgain[Reply](t, m)
		decodeAgain[Fallback](t, m)
		decodeAgain[Link](t, m)
		decodeAgain[Encryption](t, m)
	})
}

// FuzzConversation gives any message to a chat and to a room: none panics, what is given twice is there once, and who has no part in it
// changes nothing.
func FuzzConversation(f *testing.F) {
	seed(f, func(s string) { f.Add(s, true); f.Add(s, false) })
	f.Fuzz(func(t *testing.T, raw string, late bool) {
		st, err := stanza.Parse([]byte(raw))
		m, ok := st.(*stanza.Message)
		if err != nil || !ok {
			return
		}
		for _, with := range []jid.JID{juliet, coven, m.From.Bare(), m.From} {
			if with.IsZero() {
				continue
			}
			room := m.Type == stanza.GroupChat
			c := NewConversation(romeo, with, &ConversationOptions{Room: room, Host: naming})
			first := &stanza.Message{ID: "first", Type: m.Type, From: with, To: romeo, Body: "x"}
			c.add(first, arrival{id: "h1"})
			before := c.Len()
			e, ok := c.add(m, arrival{late: late, id: "h2"})
			if part := m.From.IsZero() || m.From.Bare() == with.Bare() || m.From.Bare() == romeo; ok && !part {
				t.Fatalf("%q is of %q", raw, with)
			}
			was := show(c)
			if _, again := c.add(m, arrival{late: late, id: "h2"}); again && m.Type != stanza.MessageError || show(c) != was {
				t.Fatalf("twice: %q\nis %s\nwas %s", raw, show(c), was)
			}
			if n := len(slices.Collect(c.All())); n != c.Len() || n > before+1 {
				t.Fatalf("%d entries, %d of them shown, %+v", c.Len(), n, e)
			}
		}
	})
}

// again holds that what was made can be sent.
func again(t *testing.T, list ...*stanza.Message) {
	for _, m := range list {
		if m == nil {
			continue
		}
		m.ID = "x"
		if _, err := stanza.Append(nil, m); err != nil {
			t.Error(err)
		}
	}
}

// decodeAgain holds that what is read can be written, and read again.
func decodeAgain[T any](t *testing.T, m *stanza.Message) {
	v, ok := stanza.Find[T](m)
	if !ok {
		return
	}
	e := stanza.Payload(v)
	if _, ok := stanza.Find[T](&stanza.Message{Payloads: []stanza.Element{e}}); !ok || e.Err() != nil {
		t.Errorf("%+v became %q, %v", v, e, e.Err())
	}
}
