package roster

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// kept is how many bytes are held of a contact.
func (c *presence) kept() (n int) {
	for _, one := range c.resources {
		n += one.bytes
	}
	return n
}

// big is presence whose parts are of that many bytes each.
func big(typ stanza.PresenceType, from string, size int) *stanza.Presence {
	text := strings.Repeat("ä", size/2)
	return &stanza.Presence{
		Type: typ, From: jid.MustParse(from), ID: text, Lang: "de", Status: text, Statuses: []stanza.Text{{Lang: "de", Value: text}, {Lang: "fr", Value: text}},
		Payloads: []stanza.Element{stanza.Payload(&stanza.Message{Body: text})},
	}
}

// TestSecurityS15RequestsOfStrangers holds how many bytes the requests of strangers take, however many there are and however
// large; and that they are counted out again when they go, in each way.
func TestSecurityS15RequestsOfStrangers(t *testing.T) {
	r, o := asked(t)
	var told int
	require.NoError(t, r.HandleRequests(t.Context(), Ask, func(_ context.Context, rq Request) error {
		told += len(rq.Presence.Payloads)
		return nil
	}))
	hear := func(p *stanza.Presence) { require.NoError(t, r.handlePresence(t.Context(), p)) }
	rest := strings.Repeat("l", 900) + "@evil.test"
	for i := range maxRequests {
		hear(big(stanza.Subscribe, fmt.Sprintf("u%d%s/%s", i, rest, strings.Repeat("r", 1000)), 2<<10))
	}
	assert.Equal(t, maxRequests, told, "each is told whole")
	list := r.Requests()
	assert.Less(t, len(list), maxRequests)
	n := 0
	for _, rq := range list {
		assert.Equal(t, strings.Repeat("ä", maxText/2), rq.Presence.Status)
		assert.Empty(t, rq.Presence.ID+rq.Presence.Lang)
		assert.Empty(t, rq.Presence.Payloads)
		assert.Empty(t, rq.Presence.Statuses)
		n += len(rq.Presence.Status) + len(rq.Presence.From.String())
	}
	assert.LessOrEqual(t, n, maxRequestBytes)
	assert.Greater(t, n, maxRequestBytes*9/10)

	require.NoError(t, r.Deny(t.Context(), list[0].From))
	hear(&stanza.Presence{Type: stanza.Unsubscribe, From: list[1].From})
	r.take(nil, push{item: Item{JID: list[2].From, Subscription: From}})
	assert.Len(t, r.Requests(), len(list)-3)
	room := maxRequestBytes - r.requests.bytes
	assert.Greater(t, room, 3*maxText)
	o.err = errDisk
	assert.ErrorIs(t, r.Deny(t.Context(), list[3].From), errDisk)
	assert.Equal(t, maxRequestBytes-room, r.requests.bytes, "it waits again")
	o.err = nil
	require.NoError(t, r.HandleRequests(t.Context(), Refuse, nil))
	assert.Zero(t, r.requests.bytes)
	r.answerer.policy = Ask
	small := &stanza.Presence{Type: stanza.Subscribe, From: bobsJID, Status: "it's Bob"}
	hear(small)
	assert.Same(t, small, r.requests.all[bobsJID].Presence, "as it came")
	r.cache.wait()
}

// TestSecurityS15PresenceOfAContact holds how many bytes a contact's server can have us keep, and that what is essential and
// newest stays.
func TestSecurityS15PresenceOfAContact(t *testing.T) {
	r, _ := asked(t, Item{JID: bobsJID, Subscription: Both})
	at := func(i int) string { return fmt.Sprintf("%s/%d", bobsJID, i) }
	for i := range 2 * maxResources {
		r.see(nil, big(stanza.Available, at(i), 3<<10))
	}
	list := r.Resources(bobsJID)
	assert.LessOrEqual(t, r.present[bobsJID].kept(), maxContactBytes)
	assert.Greater(t, r.present[bobsJID].kept(), maxContactBytes-32<<10)
	assert.Less(t, len(list), maxResources)
	assert.Equal(t, "127", list[0].From.Resourcepart(), "the newest stay")
	assert.NotEmpty(t, list[0].Payloads, "as they came")

	huge := big(stanza.Available, at(500), 1<<20)
	huge.Show, huge.Priority = stanza.DoNotDisturb, 7
	r.see(nil, huge)
	best := r.Best(bobsJID)
	assert.Equal(t, &stanza.Presence{From: huge.From, Show: stanza.DoNotDisturb, Priority: 7, Status: strings.Repeat("ä", maxText/2)}, best)
	assert.LessOrEqual(t, r.present[bobsJID].kept(), maxContactBytes)

	failed := big(stanza.PresenceError, at(500), 10)
	failed.Error = &stanza.Error{Type: stanza.Cancel, Condition: stanza.Gone, Text: strings.Repeat("x", 1<<20)}
	r.see(nil, failed)
	assert.Equal(t, &stanza.Error{Type: stanza.Cancel, Condition: stanza.Gone}, r.Status(bobsJID).Err)
}
