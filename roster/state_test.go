package roster

import (
	"testing"

	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/assert"
)

// The nine states of RFC 6121 appendix A.1, in its order and with its names.
var (
	stNone      = State{Subscription: None}
	stNoneOut   = State{Subscription: None, PendingOut: true}
	stNoneIn    = State{Subscription: None, PendingIn: true}
	stNoneOutIn = State{Subscription: None, PendingOut: true, PendingIn: true}
	stTo        = State{Subscription: To}
	stToIn      = State{Subscription: To, PendingIn: true}
	stFrom      = State{Subscription: From}
	stFromOut   = State{Subscription: From, PendingOut: true}
	stBoth      = State{Subscription: Both}
	nine        = []State{stNone, stNoneOut, stNoneIn, stNoneOutIn, stTo, stToIn, stFrom, stFromOut, stBoth}
	nineNames   = []string{"None", "None + Pending Out", "None + Pending In", "None + Pending Out+In", "To", "To + Pending In",
		"From", "From + Pending Out", "Both"}
)

// A step is what a table says of one state: whether the stanza goes on, and the state after it.
type step struct {
	goes bool
	next State
}

// appendixA are the tables of RFC 6121 appendix A, transcribed line by line in the order of the nine states.
var appendixA = []struct {
	name     string
	outbound bool
	typ      stanza.PresenceType
	lines    [9]step
}{
	{"table 2", true, stanza.Subscribe, [9]step{
		{true, stNoneOut}, {true, stNoneOut}, {true, stNoneOutIn}, {true, stNoneOutIn}, {true, stTo}, {true, stToIn},
		{true, stFromOut}, {true, stFromOut}, {true, stBoth}}},
	{"table 3", true, stanza.Unsubscribe, [9]step{
		{true, stNone}, {true, stNone}, {true, stNoneIn}, {true, stNoneIn}, {true, stNone}, {true, stNoneIn},
		{true, stFrom}, {true, stFrom}, {true, stFrom}}},
	{"table 4", true, stanza.Subscribed, [9]step{
		{false, stNone}, {false, stNoneOut}, {true, stFrom}, {true, stFromOut}, {false, stTo}, {true, stBoth},
		{false, stFrom}, {false, stFromOut}, {false, stBoth}}},
	{"table 5", true, stanza.Unsubscribed, [9]step{
		{false, stNone}, {false, stNoneOut}, {true, stNone}, {true, stNoneOut}, {false, stTo}, {true, stTo},
		{true, stNone}, {true, stNoneOut}, {true, stTo}}},
	{"table 6", false, stanza.Subscribe, [9]step{
		{true, stNoneIn}, {true, stNoneOutIn}, {false, stNoneIn}, {false, stNoneOutIn}, {true, stToIn}, {false, stToIn},
		{false, stFrom}, {false, stFromOut}, {false, stBoth}}},
	{"table 7", false, stanza.Unsubscribe, [9]step{
		{false, stNone}, {false, stNoneOut}, {true, stNone}, {true, stNoneOut}, {false, stTo}, {true, stTo},
		{true, stNone}, {true, stNoneOut}, {true, stTo}}},
	{"table 8", false, stanza.Subscribed, [9]step{
		{false, stNone}, {true, stTo}, {false, stNoneIn}, {true, stToIn}, {false, stTo}, {false, stToIn},
		{false, stFrom}, {true, stBoth}, {false, stBoth}}},
	{"table 9", false, stanza.Unsubscribed, [9]step{
		{false, stNone}, {true, stNone}, {false, stNoneIn}, {true, stNoneIn}, {true, stNone}, {true, stNoneIn},
		{false, stFrom}, {true, stFrom}, {true, stFrom}}},
}

func TestAppendixA(t *testing.T) {
	for _, table := range appendixA {
		for i, s := range nine {
			t.Run(table.name+"/"+s.String(), func(t *testing.T) {
				next, goes := s.Received(table.typ)
				if table.outbound {
					next, goes = s.Sent(table.typ)
				}
				assert.Equal(t, table.lines[i], step{goes, next})
			})
		}
	}
}

func TestStateNames(t *testing.T) {
	for i, s := range nine {
		assert.Equal(t, nineNames[i], s.String())
	}
	assert.Equal(t, "None", State{}.String(), "the zero value is a state")
}

// TestOtherTypes holds that only subscription stanzas change a state.
func TestOtherTypes(t *testing.T) {
	for _, s := range nine {
		for _, typ := range []stanza.PresenceType{stanza.Available, stanza.Unavailable, stanza.Probe, stanza.PresenceError} {
			next, goes := s.Sent(typ)
			assert.Equal(t, step{true, s}, step{goes, next})
			next, goes = s.Received(typ)
			assert.Equal(t, step{true, s}, step{goes, next})
		}
	}
}
