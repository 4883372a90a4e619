package unmarshal_test

import (
	"encoding/xml"
	"errors"
	"testing"

	"github.com/canto-im/canto/internal/leak"
	"github.com/canto-im/canto/internal/unmarshal"
	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { leak.Main(m) }

var errOdd = errors.New("odd")

// A word is an element's text, which must not be "odd".
type word struct{ text string }

func (w *word) UnmarshalXML(dec *xml.Decoder, start xml.StartElement) error {
	return unmarshal.Via(dec, start, w, func(e stanza.Element) (word, error) {
		if e.Text() == "odd" {
			return word{"half"}, errOdd
		}
		return word{e.Text()}, nil
	})
}

func TestVia(t *testing.T) {
	w := word{"before"}
	require.NoError(t, xml.Unmarshal([]byte("<w xmlns='urn:w'>new</w>"), &w))
	require.Equal(t, word{"new"}, w)
	require.ErrorIs(t, xml.Unmarshal([]byte("<w xmlns='urn:w'>odd</w>"), &w), errOdd)
	require.Error(t, xml.Unmarshal([]byte("<w xmlns='urn:w'>cut"), &w))
	require.Equal(t, word{"new"}, w, "what can't be read changes nothing")
}
