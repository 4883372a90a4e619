package roster

import (
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/assert"
)

// statuses are those of bob that differ to people, and what each says.
var statuses = []struct {
	status Status
	says   string
}{
	{Status{}, "bob@canto.test is offline"},
	{Status{Err: stanza.ItemNotFound}, "bob@canto.test can't be reached: stanza: item-not-found"},
	{Status{Err: stanza.RemoteServerTimeout}, "bob@canto.test can't be reached: stanza: remote-server-timeout"},
	{Status{Presence: &stanza.Presence{}}, "bob@canto.test is online"},
	{Status{Presence: &stanza.Presence{Priority: -1}}, "bob@canto.test is online"},
	{Status{Presence: &stanza.Presence{From: jid.MustParse("bob@canto.test/phone")}}, "bob@canto.test is online"},
	{Status{Presence: &stanza.Presence{Show: stanza.Away}}, "bob@canto.test is away"},
	{Status{Presence: &stanza.Presence{Status: "a\n"}}, `bob@canto.test is online: "a\n"`},
	{Status{Presence: &stanza.Presence{Show: stanza.DoNotDisturb, Status: "b"}}, `bob@canto.test is busy: "b"`},
	{Status{Presence: &stanza.Presence{Statuses: []stanza.Text{{Lang: "de", Value: "da"}}}}, "bob@canto.test is online"},
	{Status{Presence: &stanza.Presence{}, Err: stanza.ItemNotFound}, "bob@canto.test is online"},
}

// TestStatuses holds which statuses are news after which others, and what each says of itself.
func TestStatuses(t *testing.T) {
	for i := range statuses {
		statuses[i].status.Contact = bobsJID
	}
	for i, a := range statuses {
		assert.Equal(t, a.says, a.status.String())
		assert.Equal(t, a.status.Presence != nil, a.status.Available())
		for j, b := range statuses {
			assert.Equal(t, i == j, a.status.same(b.status), "%v, %v", a.status, b.status)
			merged, news := mergeTransitions(transition{a.status, Status{}}, transition{Status{}, b.status})
			assert.Equal(t, transition{a.status, b.status}, merged)
			assert.Equal(t, i != j, news, "%v, %v", a.status, b.status)
		}
	}
	zero, five, minus := Status{Presence: &stanza.Presence{}}, Status{Presence: &stanza.Presence{Priority: 5}}, Status{Presence: &stanza.Presence{Priority: -1}}
	assert.True(t, zero.same(five), "how high it is says nothing to people")
	assert.True(t, minus.same(Status{Presence: &stanza.Presence{Priority: -2}}))
	assert.False(t, five.same(minus))
}
