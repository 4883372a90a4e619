package corpus_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/xml"
	"io"
	"testing"

	"github.com/canto-im/canto/internal/corpus"
	"github.com/canto-im/canto/internal/leak"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { leak.Main(m) }

// Every kind is well-formed, as long as was asked, and the same each time.
func TestMake(t *testing.T) {
	for _, kind := range corpus.Kinds() {
		const size = 1 << 16
		b := corpus.Make(kind, size)
		assert.GreaterOrEqual(t, len(b), size, kind)
		assert.Less(t, len(b), size+32<<10, kind)
		assert.Equal(t, sha256.Sum256(b), sha256.Sum256(corpus.Make(kind, size)), kind)
		assert.Equal(t, "stream", root(t, b), kind)
	}
}

func TestChat(t *testing.T) {
	assert.Len(t, corpus.Chat, 594)
	assert.Equal(t, "message", root(t, []byte(corpus.Chat)))
}

func TestRoster(t *testing.T) {
	b := corpus.Roster("r1", 100)
	assert.Equal(t, "iq", root(t, b))
	assert.Equal(t, 100, bytes.Count(b, []byte("<item ")))
}

// What encoding/xml reads into a Message it writes again with the same content.
func TestMessage(t *testing.T) {
	var m, again corpus.Message
	require.NoError(t, xml.Unmarshal([]byte(corpus.Chat), &m))
	assert.Equal(t, "romeo@example.net/orchard", m.From)
	assert.Equal(t, "en", m.Lang)
	assert.Len(t, m.Payloads, 5)
	b, err := xml.Marshal(&m)
	require.NoError(t, err)
	require.NoError(t, xml.Unmarshal(b, &again))
	assert.Equal(t, m.Body, again.Body)
	assert.Len(t, again.Payloads, 5)
}

// root reads b to its end and returns the name of its root.
func root(t *testing.T, b []byte) (name string) {
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return name
		}
		require.NoError(t, err)
		if s, ok := tok.(xml.StartElement); ok && name == "" {
			name = s.Name.Local
		}
	}
}
