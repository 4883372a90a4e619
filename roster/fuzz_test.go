package roster

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Seeds are the examples of RFC 6121 §2 and what the other tests say.
var seeds = []string{
	`<query xmlns='jabber:iq:roster' ver='ver11'><item jid='romeo@example.net' name='Romeo' subscription='both'><group>Friends</group></item><item jid='mercutio@example.com' name='Mercutio' subscription='from'/><item jid='benvolio@example.net' name='Benvolio' subscription='both'/></query>`,
	`<query xmlns='jabber:iq:roster' ver='ver34'><item jid='nurse@example.com' subscription='remove'/></query>`,
	`<query xmlns='jabber:iq:roster' ver=''/>`,
	`<query xmlns='jabber:iq:roster'><item ask='subscribe' approved='1' subscription='none' jid='a@b/c'><group/><group>x</group><group>x</group><x xmlns='urn:x'/></item><item/><item jid='@'/>text<x/></query>`,
	`<r:query xmlns:r='jabber:iq:roster'><r:item jid='a@b'><r:group>&lt;&#10;</r:group></r:item></r:query>`,
}

// FuzzQuery: whatever is read of a roster is written so that it's read the same, as the cache needs it, and holds only what
// RFC 6121 §2.1.2 allows.
func FuzzQuery(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parseBytes(b)
		if err != nil {
			return
		}
		for _, it := range p.items {
			require.False(t, it.JID.IsZero())
			require.Contains(t, []Subscription{None, To, From, Both, remove}, it.Subscription)
			require.NotContains(t, it.Groups, "")
			require.NotEmpty(t, it.String())
			require.True(t, it.equal(it))
		}
		out, err := query(&p.ver, true, p.items...)
		require.NoError(t, err)
		again, err := parseBytes(out)
		require.NoError(t, err)
		require.Equal(t, p.items, again.items)
		require.Equal(t, p.ver, again.ver)
		require.Zero(t, again.ignored)
		set, err := query(nil, false, p.items...)
		require.NoError(t, err)
		require.NotContains(t, string(set), " approved=") // RFC 6121 §2.1.2.1, §2.1.2.2: a client must not
		require.NotContains(t, string(set), " ask=")
	})
}

// FuzzState: whatever is sent and received, a state is one of the nine of RFC 6121 appendix A.1.
func FuzzState(f *testing.F) {
	f.Add([]byte{0, 5, 2, 7, 1, 6, 3, 4})
	f.Fuzz(func(t *testing.T, moves []byte) {
		s := State{}
		for _, m := range moves {
			table := appendixA[int(m)%len(appendixA)]
			if s, _ = s.Received(table.typ); table.outbound {
				s, _ = s.Sent(table.typ)
			}
			require.Contains(t, nine, s)
		}
	})
}
