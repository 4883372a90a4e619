package xmpp

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// records makes records from "name priority weight".
func srvRecords(list ...string) []srvRecord {
	var records []srvRecord
	for _, s := range list {
		var r srvRecord
		if _, err := fmt.Sscan(s, &r.host, &r.priority, &r.weight); err != nil {
			panic(err)
		}
		records = append(records, r)
	}
	return records
}

func hostsOf(targets []target) string {
	var names []string
	for _, t := range targets {
		names = append(names, t.host)
	}
	return strings.Join(names, " ")
}

// RFC 2782, "Weight": the running sums, and the first that is not below the number drawn.
func TestOrderRecordsDraws(t *testing.T) {
	records := srvRecords("late 20 1", "a 10 60", "zero 10 0", "b 10 20", "c 10 20")
	tests := []struct {
		draws []int // the numbers drawn
		want  string
		sums  []int // what they are drawn from: 0 to the sum of the weights, both included
	}{
		{[]int{0, 0, 0, 0, 0}, "zero a b c late", []int{101, 101, 41, 21, 2}},
		{[]int{1, 0, 0, 0, 0}, "a zero b c late", []int{101, 41, 41, 21, 2}},
		{[]int{60, 1, 20, 0, 1}, "a b c zero late", []int{101, 41, 21, 1, 2}},
		{[]int{61, 80, 0, 0, 0}, "b c zero a late", []int{101, 81, 61, 61, 2}},
		{[]int{81, 61, 60, 0, 0}, "c b a zero late", []int{101, 81, 61, 1, 2}},
		{[]int{100, 80, 60, 0, 0}, "c b a zero late", []int{101, 81, 61, 1, 2}},
	}
	for _, tt := range tests {
		var sums []int
		targets := orderRecords(records, func(n int) int {
			drawn := tt.draws[len(sums)]
			sums = append(sums, n)
			return drawn
		})
		assert.Equal(t, tt.want, hostsOf(targets), "%v", tt.draws)
		assert.Equal(t, tt.sums, sums, "%v", tt.draws)
	}
	assert.Equal(t, "late", records[0].host, "the records are not disturbed")
}

// How often each comes first is as its weight says.
func TestOrderRecordsShares(t *testing.T) {
	records := srvRecords("a 0 6", "b 0 3", "c 0 1")
	rng := rand.New(rand.NewPCG(1, 2))
	first := map[string]int{}
	const n = 20000
	for range n {
		first[orderRecords(records, rng.IntN)[0].host]++
	}
	// The draw of RFC 2782 is from sum+1 numbers, one of which falls to the first record too.
	assert.InDelta(t, 7./11, float64(first["a"])/n, 0.02)
	assert.InDelta(t, 3./11, float64(first["b"])/n, 0.02)
	assert.InDelta(t, 1./11, float64(first["c"])/n, 0.02)
}

func TestOrderRecordsIsBounded(t *testing.T) {
	var found []*net.SRV
	for i := range 1000 {
		found = append(found, &net.SRV{Target: fmt.Sprintf("h%d.example.net.", i), Port: 5222, Priority: uint16(i % 5), Weight: 65535})
	}
	targets, err := resolve(t.Context(), &fakeDNS{srv: map[string]fakeSRV{xmppName: {records: found}}}, "example.net")
	require.NoError(t, err)
	require.Len(t, targets, maxTargets)
}

func FuzzSRVTarget(f *testing.F) {
	for _, s := range []string{".", "", "a.", "example.net.", "192.0.2.1", "a b", "-a", "a_b.c", strings.Repeat("a", 64)} {
		f.Add(s, uint16(5222))
	}
	f.Fuzz(func(t *testing.T, name string, port uint16) {
		targets, err := resolve(t.Context(), &fakeDNS{srv: map[string]fakeSRV{xmppName: oneSRV(name, port)}}, "example.net")
		if err != nil {
			require.Empty(t, targets)
			for _, c := range err.Error() {
				require.True(t, c >= ' ' && c != 0x7f, "control character in %q", err)
			}
			return
		}
		require.Len(t, targets, 1)
		host, _, err := net.SplitHostPort(targets[0].String())
		require.NoError(t, err)
		require.Equal(t, strings.TrimSuffix(name, "."), host)
		require.NotZero(t, targets[0].port)
	})
}
