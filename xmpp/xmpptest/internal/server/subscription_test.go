package server

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// states are the nine states of RFC 6121 appendix A.1.
var states = map[string]Subscription{
	"None":                  {},
	"None + Pending Out":    {Out: true},
	"None + Pending In":     {In: true},
	"None + Pending Out+In": {Out: true, In: true},
	"To":                    {To: true},
	"To + Pending In":       {To: true, In: true},
	"From":                  {From: true},
	"From + Pending Out":    {From: true, Out: true},
	"Both":                  {To: true, From: true},
}

// A subscriptionRow is a row of a table in appendix A: the state, yes or no, and the new state ("": no change).
type subscriptionRow struct {
	state string
	yes   bool
	next  string
}

// TestOutbound is RFC 6121 appendix A.2, tables 2 to 5: what is sent, whether it's routed, and the new state.
func TestOutbound(t *testing.T) {
	tables := map[string][]subscriptionRow{
		"subscribe": {
			{"None", true, "None + Pending Out"}, {"None + Pending Out", true, ""}, {"None + Pending In", true, "None + Pending Out+In"},
			{"None + Pending Out+In", true, ""}, {"To", true, ""}, {"To + Pending In", true, ""},
			{"From", true, "From + Pending Out"}, {"From + Pending Out", true, ""}, {"Both", true, ""},
		},
		"unsubscribe": {
			{"None", true, ""}, {"None + Pending Out", true, "None"}, {"None + Pending In", true, ""},
			{"None + Pending Out+In", true, "None + Pending In"}, {"To", true, "None"}, {"To + Pending In", true, "None + Pending In"},
			{"From", true, ""}, {"From + Pending Out", true, "From"}, {"Both", true, "From"},
		},
		"subscribed": {
			{"None + Pending In", true, "From"}, {"None + Pending Out+In", true, "From + Pending Out"}, {"To + Pending In", true, "Both"},
			{"From", false, ""}, {"From + Pending Out", false, ""}, {"Both", false, ""},
		},
		"unsubscribed": {
			{"None", false, ""}, {"None + Pending Out", false, ""}, {"None + Pending In", true, "None"},
			{"None + Pending Out+In", true, "None + Pending Out"}, {"To", false, ""}, {"To + Pending In", true, "To"},
			{"From", true, "None"}, {"From + Pending Out", true, "None + Pending Out"}, {"Both", true, "To"},
		},
	}
	for typ, rows := range tables {
		for _, row := range rows {
			next, route := states[row.state].outbound(typ)
			require.Equal(t, row.yes, route, "%s in %s", typ, row.state)
			require.Equal(t, row.after(), next, "%s in %s", typ, row.state)
		}
	}
}

func (r subscriptionRow) after() Subscription {
	if r.next == "" {
		return states[r.state]
	}
	return states[r.next]
}

func TestPreApproval(t *testing.T) {
	for _, state := range []string{"None", "None + Pending Out", "To"} { // table 4, note 1
		next, route := states[state].outbound("subscribed")
		require.False(t, route)
		want := states[state]
		want.Approved = true
		require.Equal(t, want, next)
		granted, show, answer := next.inbound("subscribe")
		require.False(t, show, "RFC 6121 §3.4.2: MUST NOT be delivered")
		require.Equal(t, "subscribed", answer)
		require.True(t, granted.From)
		taken, _ := next.outbound("unsubscribed")
		require.False(t, taken.Approved)
	}
}

// TestInbound is RFC 6121 appendix A.3, tables 6 to 9: what comes, whether it's delivered, and the new state.
func TestInbound(t *testing.T) {
	tables := map[string][]subscriptionRow{
		"subscribe": {
			{"None", true, "None + Pending In"}, {"None + Pending Out", true, "None + Pending Out+In"}, {"None + Pending In", false, ""},
			{"None + Pending Out+In", false, ""}, {"To", true, "To + Pending In"}, {"To + Pending In", false, ""},
			{"From", false, ""}, {"From + Pending Out", false, ""}, {"Both", false, ""},
		},
		"unsubscribe": {
			{"None", false, ""}, {"None + Pending Out", false, ""}, {"None + Pending In", true, "None"},
			{"None + Pending Out+In", true, "None + Pending Out"}, {"To", false, ""}, {"To + Pending In", true, "To"},
			{"From", true, "None"}, {"From + Pending Out", true, "None + Pending Out"}, {"Both", true, "To"},
		},
		"subscribed": {
			{"None", false, ""}, {"None + Pending Out", true, "To"}, {"None + Pending In", false, ""},
			{"None + Pending Out+In", true, "To + Pending In"}, {"To", false, ""}, {"To + Pending In", false, ""},
			{"From", false, ""}, {"From + Pending Out", true, "Both"}, {"Both", false, ""},
		},
		"unsubscribed": {
			{"None", false, ""}, {"None + Pending Out", true, "None"}, {"None + Pending In", false, ""},
			{"None + Pending Out+In", true, "None + Pending In"}, {"To", true, "None"}, {"To + Pending In", true, "None + Pending In"},
			{"From", false, ""}, {"From + Pending Out", true, "From"}, {"Both", true, "From"},
		},
	}
	for typ, rows := range tables {
		require.Len(t, rows, len(states))
		for _, row := range rows {
			next, show, answer := states[row.state].inbound(typ)
			require.Equal(t, row.yes, show, "%s in %s", typ, row.state)
			require.Equal(t, row.after(), next, "%s in %s", typ, row.state)
			switch {
			case typ == "subscribe" && states[row.state].From:
				require.Equal(t, "subscribed", answer)
			case typ == "unsubscribe" && row.yes:
				require.Equal(t, "unsubscribed", answer)
			default:
				require.Empty(t, answer)
			}
		}
	}
}
