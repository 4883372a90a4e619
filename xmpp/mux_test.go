package xmpp

import (
	"context"
	"strings"
	"testing"

	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/require"
)

// everyPattern is each choice of fields, of the request that they match.
func everyPattern() (all []Pattern) {
	for bits := range 16 {
		var p Pattern
		if bits&1 != 0 {
			p.Kind = "iq"
		}
		if bits&2 != 0 {
			p.Type = "get"
		}
		if bits&4 != 0 {
			p.Space = "urn:x"
		}
		if bits&8 != 0 {
			p.Local = "x"
		}
		all = append(all, p)
	}
	return all
}

var nothing = HandlerFunc(func(context.Context, stanza.Stanza) (any, error) { return nil, nil })

// Of all patterns that match a request, exactly one is the most specific, and a field more makes more specific.
func TestWeightsAreDistinct(t *testing.T) {
	weights := make(map[int]Pattern)
	for _, p := range everyPattern() {
		require.NotContains(t, weights, p.weight())
		weights[p.weight()] = p
		less := p
		less.Kind = ""
		require.LessOrEqual(t, less.weight(), p.weight())
	}
	require.Greater(t, Pattern{Space: "urn:x"}.weight(), Pattern{Kind: "iq", Type: "get"}.weight(), "a payload says more")
	require.Greater(t, Pattern{Type: "get"}.weight(), Pattern{Kind: "iq"}.weight())
}

// The answerer is the most specific of those that match, whatever the order in which they were registered.
func TestAnswerer(t *testing.T) {
	iq := &stanza.IQ{Type: stanza.Get, Payload: stanza.Payload(xmlName{})}
	iq.Payload, _ = stanza.ParseElement("<x xmlns='urn:x'/>")
	all := everyPattern()
	for _, step := range []int{1, 3, 15} {
		var m mux
		best := -1
		for i := range all {
			p := all[i*step%len(all)]
			m.handle(p, nothing)
			best = max(best, p.weight())
			require.Equal(t, best, m.answerer(iq).weight())
		}
	}
	for _, p := range []Pattern{{Kind: "message"}, {Type: "set"}, {Space: "urn:y"}, {Local: "y"}, {Type: "result"}} {
		var m mux
		m.handle(p, nothing)
		require.Nil(t, m.answerer(iq), p)
	}
}

// A snapshot is what was registered when it was taken, however handlers come and go afterwards.
func TestSnapshotStands(t *testing.T) {
	var m mux
	first := m.handle(Pattern{Kind: "message"}, nothing)
	m.handle(Pattern{Kind: "message"}, nothing)
	before := m.snapshot()
	sites := []*registration{before[0], before[1]}
	first()
	m.handle(Pattern{Kind: "presence"}, nothing)
	require.Equal(t, sites, before)
	require.Len(t, m.snapshot(), 2)
	require.Equal(t, sites[1], m.snapshot()[0])
}

var inClient = strings.NewReplacer("<message", "<message xmlns='jabber:client'", "<presence", "<presence xmlns='jabber:client'", "<iq", "<iq xmlns='jabber:client'")

// What a pattern matches, field by field.
func TestPatternMatches(t *testing.T) {
	for _, c := range []struct {
		p    Pattern
		xml  string
		want bool
	}{
		{Pattern{}, `<message/>`, true},
		{Pattern{Kind: "message"}, `<message/>`, true},
		{Pattern{Kind: "message"}, `<presence/>`, false},
		{Pattern{Type: "normal"}, `<message/>`, true},
		{Pattern{Type: "normal"}, `<presence/>`, false},
		{Pattern{Type: "chat"}, `<message type='chat'/>`, true},
		{Pattern{Type: "unavailable"}, `<presence type='unavailable'/>`, true},
		{Pattern{Type: "unavailable"}, `<presence/>`, false},
		{Pattern{Space: "urn:x"}, `<message><a xmlns='urn:y'/><b xmlns='urn:x'/></message>`, true},
		{Pattern{Space: "urn:x"}, `<message><a xmlns='urn:y'><b xmlns='urn:x'/></a></message>`, false},
		{Pattern{Space: "urn:x", Local: "a"}, `<message><a xmlns='urn:y'/><b xmlns='urn:x'/></message>`, false},
		{Pattern{Local: "a"}, `<presence><a xmlns='urn:y'/></presence>`, true},
		{Pattern{Local: "body"}, `<message><body>b</body></message>`, false},
		{Pattern{Space: "urn:x", Local: "a"}, `<iq type='get' id='1'><a xmlns='urn:x'/></iq>`, true},
		{Pattern{Space: "urn:x", Local: "b"}, `<iq type='get' id='1'><a xmlns='urn:x'/></iq>`, false},
	} {
		st, err := stanza.Parse([]byte(inClient.Replace(c.xml)))
		require.NoError(t, err)
		require.Equal(t, c.want, c.p.matches(st), "%v %s", c.p, c.xml)
	}
}
