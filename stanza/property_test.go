package stanza

import (
	"math/rand/v2"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/stretchr/testify/require"
)

// TestSentAndRead: whatever literal is sent is read as the same.
func TestSentAndRead(t *testing.T) {
	for seed := range uint64(3000) {
		r := &random{rand.New(rand.NewPCG(seed, 6120))}
		st := r.stanza()
		b, err := Append(nil, st)
		require.NoError(t, err, "seed %d", seed)
		got, err := Parse(b)
		require.NoError(t, err, "seed %d: %s", seed, b)
		require.Equal(t, st, got, "seed %d: %s", seed, b)
	}
}

// random makes stanzas as Parse would make them.
type random struct{ *rand.Rand }

func (r *random) stanza() Stanza {
	switch r.IntN(3) {
	case 0:
		return r.message()
	case 1:
		return r.presence()
	default:
		return r.iq()
	}
}

func (r *random) message() *Message {
	m := &Message{ID: r.text(), From: r.jid(), To: r.jid(), Lang: r.lang(), Thread: r.text(), Payloads: r.elements(3)}
	m.Type = pick(r, Normal, Chat, GroupChat, Headline, MessageError)
	if m.Thread != "" && r.IntN(2) == 0 {
		m.ParentThread = "parent of " + m.Thread
	}
	m.Subject, m.Subjects = r.texts()
	m.Body, m.Bodies = r.texts()
	if m.Type == MessageError {
		m.Error = r.failure()
	}
	return m
}

func (r *random) presence() *Presence {
	p := &Presence{ID: r.text(), From: r.jid(), To: r.jid(), Lang: r.lang(), Priority: int8(r.IntN(256) - 128), Payloads: r.elements(3)}
	p.Type = pick(r, Available, Unavailable, Subscribe, Subscribed, Unsubscribe, Unsubscribed, Probe, PresenceError)
	p.Show = pick(r, Online, Away, FreeForChat, DoNotDisturb, ExtendedAway)
	p.Status, p.Statuses = r.texts()
	if p.Type == PresenceError {
		p.Error = r.failure()
	}
	return p
}

func (r *random) iq() *IQ {
	iq := &IQ{ID: "id" + r.text(), From: r.jid(), To: r.jid(), Lang: r.lang(), Type: pick(r, Get, Set, Result, IQError)}
	if iq.IsRequest() || r.IntN(2) == 0 {
		iq.Payload = r.element()
	}
	if iq.Type == IQError {
		iq.Error = r.failure()
	}
	return iq
}

func (r *random) failure() *Error {
	c := conditionTable[r.IntN(len(conditionTable))].condition
	e := &Error{Condition: c, Type: pick(r, Auth, Cancel, Continue, Modify, Wait), By: r.jid(), Text: r.text(), App: r.elements(2)}
	if e.Text != "" {
		e.Lang = r.lang()
	}
	if c == Gone || c == Redirect {
		e.Content = r.text()
	}
	return e
}

// texts returns a plain text and a list as text.go says.
func (r *random) texts() (string, []Text) {
	if r.IntN(2) == 0 {
		return r.text(), nil
	}
	all := []Text{{"x", r.text()}}
	for range r.IntN(3) {
		all = append(all, Text{r.lang(), r.text()})
	}
	return mainText(all), all
}

func (r *random) elements(most int) (all []Element) {
	for range r.IntN(most + 1) {
		all = append(all, r.element())
	}
	return all
}

func (r *random) element() Element {
	return Payload(version{Name: r.text(), Version: r.text()})
}

func (r *random) jid() jid.JID {
	return pick(r, jid.JID{}, romeo, juliet, roomie, example, romeo.Bare())
}

func (r *random) lang() string { return pick(r, "", "en", "de-CH-1996", "zh-Hant") }

func (r *random) text() string {
	pieces := []string{"a", " ", "<", ">", "&", "'", `"`, "\n", "\r", "\t", "é", "字", "😀", "]]>", "&amp;", "<b/>", "\u0085", "\u2028", "\ufeff", "\ufffd"}
	s := ""
	for range r.IntN(6) {
		s += pieces[r.IntN(len(pieces))]
	}
	return s
}

func pick[T any](r *random, of ...T) T { return of[r.IntN(len(of))] }
