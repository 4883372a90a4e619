package xmpp

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"github.com/stretchr/testify/require"
)

var storeEntries = []entry{
	{key: "k", value: []byte("value"), version: 1},
	{key: "", value: []byte{}, version: 1<<64 - 1},
	{key: "gone", removed: true, version: 7},
	{key: "sm juliet@example.net/balcony", value: bytes.Repeat([]byte{0, 0xff}, 300), version: 1 << 32},
}

func TestEntryComesBack(t *testing.T) {
	for _, e := range storeEntries {
		got, err := decodeEntry(e.append(nil))
		require.NoError(t, err)
		require.Equal(t, e, got)
	}
}

func TestEntryDetectsEveryCutAndEveryFlippedBit(t *testing.T) {
	for _, e := range storeEntries {
		whole := e.append(nil)
		for n := range whole {
			_, err := decodeEntry(whole[:n])
			require.Error(t, err, "cut at %d", n)
		}
		for i := range len(whole) * 8 {
			whole[i/8] ^= 1 << (i % 8)
			_, err := decodeEntry(whole)
			require.Error(t, err, "bit %d", i)
			whole[i/8] ^= 1 << (i % 8)
		}
	}
}

// reseal puts the right checksum below a body.
func reseal(body []byte) []byte {
	sum := sha256.Sum256(body)
	return append(bytes.Clone(body), sum[:]...)
}

func FuzzEntry(f *testing.F) {
	for _, e := range storeEntries {
		f.Add(e.append(nil))
		whole := e.append(nil)
		f.Add(whole[:len(whole)-32])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		// As it is, and as the body of a file whose checksum is right: the fields are then all that can be wrong.
		for _, b := range [][]byte{b, reseal(b)} {
			e, err := decodeEntry(b)
			if err != nil {
				require.Zero(t, e)
				continue
			}
			require.Equal(t, b, e.append(nil), "there is one encoding of an entry")
		}
	})
}
