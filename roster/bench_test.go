package roster

import (
	"encoding/xml"
	"fmt"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

// large is a roster of n contacts.
func large(n int) []Item {
	items := make([]Item, n)
	for i := range items {
		items[i] = Item{
			JID: jid.MustParse(fmt.Sprintf("contact-%d@example.net", i)), Name: fmt.Sprintf("Contact %d", i),
			Groups: []string{fmt.Sprintf("group %d", i%10)}, Subscription: Both,
		}
	}
	return items
}

// local is a roster with contacts and no endpoint.
func local(tb testing.TB, n int) *Roster {
	r := &Roster{
		items: make(map[jid.JID]Item), ours: make(map[jid.JID][]*set), echoes: make(map[jid.JID]int),
		present: make(map[jid.JID]*presence), updating: make(chan struct{}, 1),
		cache: cache{store: xmpp.FileStore(tb.TempDir()), key: "roster"},
	}
	r.replace(payload{items: large(n), ver: "v", hasVer: true})
	r.cache.wait()
	return r
}

var sizes = []int{1_000, 10_000, 100_000}

// perSize runs f for each size of roster: what is reported per contact must not grow with it.
func perSize(b *testing.B, f func(b *testing.B, n int)) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			f(b, n)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/contact")
		})
	}
}

func BenchmarkFetch(b *testing.B) {
	perSize(b, func(b *testing.B, n int) {
		ver := "v"
		raw, err := query(&ver, true, large(n)...)
		require.NoError(b, err)
		r := local(b, 0)
		for b.Loop() {
			p, err := parseBytes(raw)
			require.NoError(b, err)
			r.replace(p)
			r.cache.wait()
		}
	})
}

// BenchmarkPushes pushes each contact of the roster once, with a cache in files.
func BenchmarkPushes(b *testing.B) {
	perSize(b, func(b *testing.B, n int) {
		items := large(n)
		r := local(b, n)
		for b.Loop() {
			for i := range items {
				items[i].Name += "!"
				r.take(nil, push{items[i], "v", true})
			}
			r.cache.wait()
		}
	})
}

// BenchmarkAll iterates over all contacts after one has changed.
func BenchmarkAll(b *testing.B) {
	perSize(b, func(b *testing.B, n int) {
		r := local(b, n)
		one := large(1)[0]
		for b.Loop() {
			one.Name += "!"
			r.take(nil, push{one, "v", true})
			for range r.All() {
			}
		}
		r.cache.wait()
	})
}

// BenchmarkParseTwin is the reading alone, beside encoding/xml.
func BenchmarkParseTwin(b *testing.B) {
	ver := "v"
	raw, err := query(&ver, true, large(1000)...)
	require.NoError(b, err)
	b.Run("roster", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := parseBytes(raw)
			require.NoError(b, err)
		}
	})
	b.Run("encoding-xml", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var q struct {
				Items []struct {
					JID          jid.JID  `xml:"jid,attr"`
					Name         string   `xml:"name,attr"`
					Subscription string   `xml:"subscription,attr"`
					Groups       []string `xml:"group"`
				} `xml:"item"`
			}
			require.NoError(b, xml.Unmarshal(raw, &q))
		}
	})
}

// TestLargeRoster holds that 100,000 contacts are read, changed one by one and kept.
func TestLargeRoster(t *testing.T) {
	const n = 100_000
	r := local(t, n)
	for _, it := range large(n) {
		it.Name = "changed"
		r.take(nil, push{it, "w", true})
	}
	r.cache.wait()
	require.Equal(t, n, r.Len())
	for it := range r.All() {
		require.Equal(t, "changed", it.Name)
	}
	c := cache{store: r.cache.store, key: r.cache.key}
	p, ok := c.load(t.Context())
	require.True(t, ok)
	require.Len(t, p.items, n)
}
