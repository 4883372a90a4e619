package stream

import (
	"testing"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/stretchr/testify/require"
)

// XEP-0114 §3: examples 1 to 3. The secret of the example is "test".
func TestComponentExamples(t *testing.T) {
	h := Header{To: "plays.shakespeare.lit", Content: Component().Content()}
	require.Equal(t, `<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='plays.shakespeare.lit'>`, string(h.Append(nil)))
	const answer = `<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:component:accept' from='plays.shakespeare.lit' id='3BF96D32'>`
	got, err := ReadComponentHeader(newDecoder(answer))
	require.NoError(t, err)
	require.Equal(t, Header{From: "plays.shakespeare.lit", ID: "3BF96D32"}, got)
	require.Equal(t, "aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e", Handshake(got.ID, "test"))
	require.NotEqual(t, Handshake("3BF96D3", "2test"), Handshake("3BF96D32", "tEst"))

	_, err = ReadHeader(newDecoder(answer))
	require.Equal(t, "unsupported-version", condition(t, err), "a client's stream has a version")
}

// XEP-0114, revision 1.6: the id is taken as it is meant, its entities resolved.
func TestComponentStreamID(t *testing.T) {
	h, err := ReadComponentHeader(newDecoder(`<stream:stream xmlns:stream='http://etherx.jabber.org/streams' id='a&amp;b&#x27;'>`))
	require.NoError(t, err)
	require.Equal(t, "a&b'", h.ID)
}

func TestComponentHeaderErrors(t *testing.T) {
	for in, want := range map[string]string{
		`<stream:other xmlns:stream='http://etherx.jabber.org/streams' id='1'>`: "bad-format",
		`<stream:stream xmlns:stream='urn:x' id='1'>`:                           "invalid-namespace",
		`<!DOCTYPE x>`: "restricted-xml",
	} {
		_, err := ReadComponentHeader(newDecoder(in))
		require.Equal(t, want, condition(t, err), in)
	}
}

func TestRoles(t *testing.T) {
	require.False(t, Role{}.IsComponent())
	require.Equal(t, ns.Client, Role{}.Content())
	require.True(t, Component().IsComponent())
	require.Equal(t, ns.Component, Component().Content())
}

func FuzzComponentHeader(f *testing.F) {
	for _, seed := range []string{
		`<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:component:accept' from='plays.shakespeare.lit' id='3BF96D32'>`,
		`<?xml version="1.0"?><s:stream xmlns:s="http://etherx.jabber.org/streams" id="&#65;" version='1.0'>`, `<stream>`, ``,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		h, err := ReadComponentHeader(newDecoder(in))
		if err != nil {
			return
		}
		again, err := ReadComponentHeader(xmltext.NewBytesDecoder(h.Append(nil), xmltext.Limits{}))
		require.NoError(t, err)
		require.Equal(t, h, again)
		require.Len(t, Handshake(h.ID, "test"), 40)
	})
}
