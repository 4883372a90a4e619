package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

// pingQuery is XEP-0199.
type pingQuery struct {
	XMLName xml.Name `xml:"urn:xmpp:ping ping"`
}

// riddle is a question that no server knows.
type riddle struct {
	XMLName xml.Name `xml:"urn:example:canto:interop riddle"`
	Text    string   `xml:",chardata"`
}

// ping measures the round trip to the server and to the other session.
func (e *examination) ping(ctx context.Context) (string, error) {
	var trips []time.Duration
	for range 9 {
		start := time.Now()
		// A server that knows no ping answers with an error: a round trip all the same.
		_, err := e.one.Do(ctx, &stanza.IQ{Type: stanza.Get, To: e.account.Domain(), Payload: stanza.Payload(pingQuery{})})
		var se *stanza.Error
		if err != nil && !errors.As(err, &se) {
			return "", err
		}
		trips = append(trips, time.Since(start))
	}
	slices.Sort(trips)
	return fmt.Sprintf("round trip to the server: %v, at most %v", trips[len(trips)/2].Round(time.Microsecond), trips[len(trips)-1].Round(time.Microsecond)), nil
}

// ask asks one session a question that the other answers.
func (e *examination) ask(ctx context.Context) (string, error) {
	remove := xmpp.OnGet(e.two, func(_ context.Context, _ *stanza.IQ, q riddle) (any, error) {
		return riddle{Text: strings.ToUpper(q.Text)}, nil
	})
	defer remove()
	a, err := xmpp.Get[riddle](ctx, e.one, e.two.JID(), riddle{Text: "what's montague?"})
	if err != nil {
		return "", err
	}
	return "a payload went to the other session and back", expect(a.Text == "WHAT'S MONTAGUE?", "the answer is "+strconv.Quote(a.Text))
}

// errors asks what must be refused.
func (e *examination) errors(ctx context.Context) (string, error) {
	var got []string
	for name, to := range map[string]stanza.IQ{
		"unknown payload at the server":        {To: e.account.Domain()},
		"unknown payload at the other session": {To: e.two.JID()},
	} {
		_, err := xmpp.Get[riddle](ctx, e.one, to.To, riddle{})
		var se *stanza.Error
		if !errors.As(err, &se) {
			return "", fmt.Errorf("%s: not an error reply: %w", name, err)
		}
		got = append(got, name+": "+string(se.Condition))
	}
	slices.Sort(got)
	return strings.Join(got, ", "), nil
}

// order sends messages in a row.
func (e *examination) order(ctx context.Context) (string, error) {
	const many = 200
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	inbox := e.two.Messages(ctx, stanza.Chat)
	for i := range many {
		if err := e.one.Send(ctx, &stanza.Message{To: e.two.JID(), Type: stanza.Chat, Body: strconv.Itoa(i)}); err != nil {
			return "", err
		}
	}
	for i := range many {
		m, ok := <-inbox
		if !ok {
			return fmt.Sprintf("after %d messages:", i), closed(ctx, e.two)
		}
		if m.Body != strconv.Itoa(i) {
			return "", fmt.Errorf("message %q came in place of %d", m.Body, i)
		}
	}
	return "as sent", nil
}

// large sends more than a packet.
func (e *examination) large(ctx context.Context) (string, error) {
	return "arrives unchanged", e.tell(ctx, strings.Repeat("é<&>🙂 ", 5000)[:50_000])
}

// message sends text of many kinds.
func (e *examination) message(ctx context.Context) (string, error) {
	return "body, subject, thread and language arrive unchanged", e.tell(ctx, "Wherefore art thou Romeo? Grüße, 日本語, עברית, 🙂 <&>\"'")
}

// tell sends a message from one session to the other and compares.
func (e *examination) tell(ctx context.Context, body string) error {
	body = strings.ToValidUTF8(body, "")
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	inbox := e.two.Messages(ctx, stanza.Chat)
	said := &stanza.Message{ID: stanza.NewID(), To: e.two.JID(), Type: stanza.Chat, Lang: "en", Subject: "a subject", Thread: stanza.NewID(), Body: body}
	if err := e.one.Send(ctx, said); err != nil {
		return err
	}
	for m := range inbox {
		if m.ID != said.ID {
			continue
		}
		return expect(m.Body == said.Body && m.Subject == said.Subject && m.Thread == said.Thread && m.Lang == said.Lang && m.From == e.one.JID(), "it was changed on its way")
	}
	return closed(ctx, e.two)
}

// presence makes the sessions available: each of an account's sees the others.
func (e *examination) presence(ctx context.Context) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	seen := e.two.Presences(ctx, stanza.Available, stanza.Unavailable)
	if err := e.two.Send(ctx, &stanza.Presence{Priority: -1}); err != nil {
		return "", err
	}
	for _, p := range []*stanza.Presence{{Show: stanza.Away, Status: "at lunch", Priority: -1}, {Type: stanza.Unavailable, Status: "gone"}} {
		if err := e.one.Send(ctx, p); err != nil {
			return "", err
		}
		if !awaitPresence(seen, func(got *stanza.Presence) bool {
			return got.From == e.one.JID() && got.Type == p.Type && got.Show == p.Show && got.Status == p.Status
		}) {
			return "", closed(ctx, e.two)
		}
	}
	return "the other session sees it come, with show and status, and go", nil
}

func awaitPresence(seen <-chan *stanza.Presence, want func(*stanza.Presence) bool) bool {
	for p := range seen {
		if want(p) {
			return true
		}
	}
	return false
}
