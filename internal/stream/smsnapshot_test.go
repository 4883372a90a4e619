package stream

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// seal puts a checksum behind body, so that tests reach what it protects.
func seal(body []byte) []byte {
	return binary.LittleEndian.AppendUint32(body[:len(body):len(body)], crc32.Checksum(body, castagnoli))
}

func someSnapshot() *Snapshot {
	return &Snapshot{
		JID: "romeo@montague.lit/orchard", ID: "some-long-sm-id", Location: "[2001:41D0:1:A49b::1]:9222", Owner: "me", Max: 600,
		Handled: wrap + 3, Done: []uint64{wrap + 5, wrap + 6, wrap + 300}, Acked: wrap - 1,
		Unacked: []Saved{{At: 1767355200000, XML: []byte("<presence/>")}, {XML: []byte("<message/>")}, {XML: []byte{}}},
	}
}

func TestSnapshotRoundTrip(t *testing.T) {
	tests := []struct {
		name string
		s    *Snapshot
	}{
		{"all", someSnapshot()},
		{"the least", &Snapshot{ID: "x"}},
		{"the most", &Snapshot{
			JID: strings.Repeat("j", MaxIDBytes), ID: strings.Repeat("\u00e9", MaxIDBytes/2), Location: strings.Repeat("l", MaxIDBytes), Owner: strings.Repeat("o", MaxIDBytes),
			Max: math.MaxUint32, Handled: maxNumber, Done: []uint64{maxNumber + 2, maxNumber + MaxOpen}, Acked: maxNumber,
			Unacked: []Saved{{At: math.MaxUint64, XML: make([]byte, 100_000)}},
		}},
		{"an id with all that XML can carry", &Snapshot{ID: "\t\n\r <&>'\"\U0010FFFF\uFFFD"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := tt.s.Append([]byte("before"))
			require.NoError(t, err)
			require.Equal(t, "before", string(b[:6]))
			got, err := ReadSnapshot(b[6:], SnapshotLimits{})
			require.NoError(t, err)
			assert.Equal(t, tt.s, got)
		})
	}
}

// The bytes of version 2 are fixed: a later program reads what an earlier one stored.
func TestSnapshotGolden(t *testing.T) {
	s := &Snapshot{
		JID: "a@b/c", ID: "id", Location: "h:1", Owner: "me", Max: 300, Handled: 5, Done: []uint64{7, 200}, Acked: 4294967295,
		Unacked: []Saved{{At: 128, XML: []byte("<a/>")}},
	}
	b, err := s.Append(nil)
	require.NoError(t, err)
	want := "CSM\x02" + "\x05a@b/c" + "\x02id" + "\x03h:1" + "\x02me" + "\xac\x02" + // 300
		"\x05" + "\x02\x02\xc1\x01" + // 5 handled; 2 beyond: 5+2, 7+193
		"\xff\xff\xff\xff\x0f" + "\x01" + "\x80\x01\x04<a/>" +
		"\x19\xba\x48\xc6" // the CRC-32C was calculated elsewhere
	assert.Equal(t, want, string(b))
}

func TestSnapshotUnackedIsAView(t *testing.T) {
	b, err := someSnapshot().Append(nil)
	require.NoError(t, err)
	s, err := ReadSnapshot(b, SnapshotLimits{})
	require.NoError(t, err)
	xml := s.Unacked[0].XML
	assert.Equal(t, len(xml), cap(xml), "appending to it must not write into the next one")
	at := strings.Index(string(b), "<presence/>")
	b[at+1] = 'X'
	assert.Equal(t, "<Xresence/>", string(xml))
}

func TestSnapshotRefusesToBeWritten(t *testing.T) {
	tests := []struct {
		name    string
		s       Snapshot
		problem SnapshotProblem
		field   string
	}{
		{"no id", Snapshot{}, SnapshotInvalid, "ID"},
		{"long id", Snapshot{ID: strings.Repeat("x", MaxIDBytes+1)}, SnapshotLimit, "ID"},
		{"long JID", Snapshot{ID: "x", JID: strings.Repeat("x", MaxIDBytes+1)}, SnapshotLimit, "JID"},
		{"long location", Snapshot{ID: "x", Location: strings.Repeat("x", MaxIDBytes+1)}, SnapshotLimit, "Location"},
		{"long owner", Snapshot{ID: "x", Owner: strings.Repeat("x", MaxIDBytes+1)}, SnapshotLimit, "Owner"},
		{"NUL in the id", Snapshot{ID: "x\x00"}, SnapshotInvalid, "ID"},
		{"U+FFFE in the id", Snapshot{ID: "\uFFFE"}, SnapshotInvalid, "ID"},
		{"U+FFFF in the id", Snapshot{ID: "\uFFFF"}, SnapshotInvalid, "ID"},
		{"the last control character", Snapshot{ID: "\x1f"}, SnapshotInvalid, "ID"},
		{"no UTF-8", Snapshot{ID: "x\xff"}, SnapshotInvalid, "ID"},
		{"numbers out of order", Snapshot{ID: "x", Done: []uint64{5, 4}}, SnapshotInvalid, "Done"},
		{"a number that belongs to the prefix", Snapshot{ID: "x", Done: []uint64{1}}, SnapshotInvalid, "Done"},
		{"a number far off", Snapshot{ID: "x", Done: []uint64{MaxOpen + 1}}, SnapshotInvalid, "Done"},
		{"impossibly many handled", Snapshot{ID: "x", Handled: maxNumber + 1}, SnapshotLimit, "Handled or Acked"},
		{"impossibly many acknowledged", Snapshot{ID: "x", Acked: maxNumber + 1}, SnapshotLimit, "Handled or Acked"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := tt.s.Append([]byte("before"))
			assert.Equal(t, "before", string(b))
			var e *SnapshotError
			require.ErrorAs(t, err, &e)
			assert.Equal(t, tt.problem, e.Problem)
			assert.Equal(t, tt.field, e.Field)
			assert.NotEmpty(t, e.Detail)
		})
	}
}

// Every cut and every flipped bit is noticed.
func TestSnapshotNoticesDamage(t *testing.T) {
	whole, err := someSnapshot().Append(nil)
	require.NoError(t, err)
	for n := range whole {
		_, err := ReadSnapshot(whole[:n], SnapshotLimits{})
		require.Error(t, err, "cut after %d bytes", n)
	}
	for bit := range len(whole) * 8 {
		b := []byte(string(whole))
		b[bit/8] ^= 1 << (bit % 8)
		_, err := ReadSnapshot(b, SnapshotLimits{})
		require.Error(t, err, "bit %d", bit)
	}
	_, err = ReadSnapshot(append(whole, 0), SnapshotLimits{})
	require.Error(t, err)
	_, err = ReadSnapshot(append(whole, whole...), SnapshotLimits{})
	require.Error(t, err)
}

func TestReadSnapshotRefuses(t *testing.T) {
	const head = snapshotMagic + "\x02\x00\x01x\x00\x00" // no JID, ID "x", no location, no owner
	long := strings.Repeat("\xff", 9) + "\x01"           // 2⁶⁴−1
	tests := []struct {
		name    string
		b       []byte
		limits  SnapshotLimits
		problem SnapshotProblem
		field   string
		text    string
	}{
		{"nothing", nil, SnapshotLimits{}, SnapshotForeign, "", "not a snapshot"},
		{"something else", []byte("<presence/>"), SnapshotLimits{}, SnapshotForeign, "", "not a snapshot"},
		{"too short", []byte("CSM\x01\x00\x00\x00"), SnapshotLimits{}, SnapshotForeign, "", "not a snapshot"},
		{"another version", seal([]byte("CSM\x01")), SnapshotLimits{}, SnapshotVersion, "", "version 1, want 2"},
		{"too large", seal([]byte(head)), SnapshotLimits{Bytes: 12}, SnapshotLimit, "", "13 bytes, at most 12"},
		{"wrong checksum", []byte(head + "\x00\x00\x00\x00"), SnapshotLimits{}, SnapshotDamaged, "", "checksum"},
		{"empty", seal([]byte("CSM\x02")), SnapshotLimits{}, SnapshotInvalid, "JID", "byte 4"},
		{"a long JID", seal([]byte("CSM\x02\x81\x80\x01")), SnapshotLimits{}, SnapshotLimit, "JID", "16385, at most 16384"},
		{"a JID that ends early", seal([]byte("CSM\x02\x05ab")), SnapshotLimits{}, SnapshotInvalid, "JID", "ends early"},
		{"no ID", seal([]byte("CSM\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00")), SnapshotLimits{}, SnapshotInvalid, "ID", "cannot be resumed"},
		{"max too large", seal([]byte(head + "\x80\x80\x80\x80\x10")), SnapshotLimits{}, SnapshotLimit, "Max", "4294967296"},
		{"an integer with more bytes than it needs", seal([]byte(head + "\x80\x00")), SnapshotLimits{}, SnapshotInvalid, "Max", "longer"},
		{"an integer of 65 bits", seal([]byte(head + strings.Repeat("\xff", 9) + "\x02")), SnapshotLimits{}, SnapshotInvalid, "Max", "64 bits"},
		{"handled too large", seal([]byte(head + "\x00" + long)), SnapshotLimits{}, SnapshotLimit, "Handled", "at most"},
		{"done too many", seal([]byte(head + "\x00\x00" + long)), SnapshotLimits{}, SnapshotLimit, "Done", "at most"},
		{"done a distance too far", seal([]byte(head + "\x00\x00\x01" + long)), SnapshotLimits{}, SnapshotLimit, "Done", "at most"},
		{"done too far in two steps", seal([]byte(head + "\x00\x00\x02\x80\x80\x40\x01\x00\x00")), SnapshotLimits{}, SnapshotLimit, "Done", "1048577 beyond"},
		{"done the same twice", seal([]byte(head + "\x00\x00\x02\x02\x00\x00\x00")), SnapshotLimits{}, SnapshotInvalid, "Done", "cannot be done"},
		{"done what extends the prefix", seal([]byte(head + "\x00\x00\x01\x01\x00\x00")), SnapshotLimits{}, SnapshotInvalid, "Done", "cannot be done"},
		{"acked too large", seal([]byte(head + "\x00\x00\x00" + long)), SnapshotLimits{}, SnapshotLimit, "Acked", "at most"},
		{"stanzas too many", seal([]byte(head + "\x00\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00")), SnapshotLimits{Stanzas: 2}, SnapshotLimit, "Unacked", "3, at most 2"},
		{"stanzas missing", seal([]byte(head + "\x00\x00\x00\x00\x02\x00\x01x")), SnapshotLimits{}, SnapshotInvalid, "Unacked", "ends within"},
		{"a stanza that ends early", seal([]byte(head + "\x00\x00\x00\x00\x01\x00\x02x")), SnapshotLimits{}, SnapshotInvalid, "Unacked", "ends early"},
		{"bytes left over", seal([]byte(head + "\x00\x00\x00\x00\x00y")), SnapshotLimits{}, SnapshotInvalid, "", "follow"},
		{"an ID that XML cannot carry", seal([]byte("CSM\x02\x00\x01\x01\x00\x00\x00\x00\x00\x00\x00")), SnapshotLimits{}, SnapshotInvalid, "ID", "cannot carry"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := ReadSnapshot(tt.b, tt.limits)
			assert.Nil(t, s)
			var e *SnapshotError
			require.ErrorAs(t, err, &e)
			assert.Equal(t, tt.problem, e.Problem, "%v", err)
			assert.Equal(t, tt.field, e.Field, "%v", err)
			assert.ErrorContains(t, err, tt.text)
			assert.ErrorContains(t, err, e.Problem.String())
			assert.ErrorContains(t, err, "bind a new stream")
		})
	}
	t.Run("and takes what lies on the bounds", func(t *testing.T) {
		b := seal([]byte(head + "\x00\x00\x01\x80\x80\x40\x00\x02\x00\x00\x00\x00"))
		s, err := ReadSnapshot(b, SnapshotLimits{Stanzas: 2, Bytes: len(b)})
		require.NoError(t, err)
		assert.Equal(t, []uint64{MaxOpen}, s.Done)
		assert.Len(t, s.Unacked, 2)
	})
}

func TestSnapshotAppendAllocatesNothing(t *testing.T) {
	s := someSnapshot()
	dst, err := s.Append(nil)
	require.NoError(t, err)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := s.Append(dst[:0]); err != nil {
			t.Fatal(err)
		}
	}))
}

func FuzzReadSnapshot(f *testing.F) {
	b, err := someSnapshot().Append(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b, false)
	f.Add(b[:len(b)-checksumBytes], true)
	f.Add([]byte("CSM\x02\x00\x01x\x00\x00\x00\x00\x01\x80\x80\x40\x00\x02\x00\x00\x00\x00"), true)
	f.Fuzz(func(t *testing.T, b []byte, sealed bool) {
		if sealed { // or the fuzzer would never get past the checksum
			b = seal(b)
		}
		s, err := ReadSnapshot(b, SnapshotLimits{})
		if err != nil {
			require.IsType(t, &SnapshotError{}, err)
			return
		}
		again, err := s.Append(nil)
		require.NoError(t, err)
		require.Equal(t, b, again, "one state has one encoding")

		in, err := RestoreInbound(s.Handled, s.Done)
		require.NoError(t, err)
		require.Equal(t, s.Done, in.AppendDone(nil))
	})
}
