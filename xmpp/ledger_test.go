package xmpp

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestToldNeverGoesBackwards: what a save allows to acknowledge may be less than what <resume/> said meanwhile; the server
// would end the stream for an h that is (XEP-0198 §6).
func TestToldNeverGoesBackwards(t *testing.T) {
	for _, start := range []uint64{0, math.MaxUint32 - 1} {
		var in intake
		require.NoError(t, in.restore(start, nil))
		for range 3 {
			number, fresh := in.receive()
			require.True(t, fresh)
			in.handled(number)
		}
		base := uint32(start)
		require.Equal(t, base+3, in.resume())
		require.Equal(t, base+3, in.tell(base+1))
		require.Equal(t, base+3, in.tell(base+3))
		require.Equal(t, base+4, in.tell(base+4))
	}
}
