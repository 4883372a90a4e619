package stream

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/canto-im/canto/internal/xmltext"
	"github.com/stretchr/testify/require"
)

const streamOpen = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>`

// inStream returns a decoder that has just returned the start tag of s, the first child of a stream.
func inStream(t testing.TB, s string, over ...func(io.Reader) io.Reader) *xmltext.Decoder {
	t.Helper()
	var r io.Reader = strings.NewReader(streamOpen + s)
	for _, f := range over {
		r = f(r)
	}
	d := xmltext.NewDecoder(r, xmltext.Limits{})
	for range 2 {
		_, err := d.ReadToken()
		require.NoError(t, err)
	}
	return d
}

func readFeatures(t testing.TB, s string) Features {
	t.Helper()
	f, err := ReadFeatures(inStream(t, s, iotest.HalfReader))
	require.NoError(t, err)
	return f
}

func TestReadFeatures(t *testing.T) {
	for name, c := range map[string]struct {
		sent string
		want Features
	}{
		"none": {`<stream:features/>`, Features{}},
		"STARTTLS required, RFC 6120 §9.1.1": {
			`<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>`,
			Features{StartTLS: true},
		},
		"SASL, RFC 6120 §9.1.2": {
			`<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1-PLUS</mechanism>` +
				`<mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism></mechanisms></stream:features>`,
			Features{Mechanisms: []string{"SCRAM-SHA-1-PLUS", "SCRAM-SHA-1", "PLAIN"}},
		},
		"XEP-0440 example 1": {
			`<stream:features><sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-server-end-point'/>` +
				`<channel-binding type='tls-exporter'/></sasl-channel-binding></stream:features>`,
			Features{ChannelBindings: []string{"tls-server-end-point", "tls-exporter"}},
		},
		"XEP-0440 that names none": {
			`<stream:features><sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'/></stream:features>`,
			Features{ChannelBindings: []string{}},
		},
		"after SASL": {
			`<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><required/></bind><session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>` +
				`<sm xmlns='urn:xmpp:sm:3'><optional/></sm><sm xmlns='urn:xmpp:sm:2'/><ver xmlns='urn:xmpp:features:rosterver'/><sub xmlns='urn:xmpp:features:pre-approval'/>` +
				`<csi xmlns='urn:xmpp:csi:0'/><register xmlns='http://jabber.org/features/iq-register'/>` +
				`<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='http://prosody.im' ver='x='/></stream:features>`,
			Features{
				Bind: true, Session: true, SessionOptional: true, StreamManagement: true,
			},
		},
		"a session that is needed": {
			`<stream:features><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></stream:features>`, Features{Session: true},
		},
		"XEP-0478 example 1": {
			`<stream:features><limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>10000</max-bytes><idle-seconds> 1800 </idle-seconds></limits></stream:features>`,
			Features{Limits: Limits{MaxBytes: 10000, IdleSeconds: 1800}},
		},
		"XEP-0478 with odd values": {
			`<stream:features><limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>-1</max-bytes><idle-seconds>99999999999999999999</idle-seconds><x>5</x></limits></stream:features>`,
			Features{},
		},
		"XEP-0388 with XEP-0386, XEP-0198, XEP-0484, XEP-0480": {
			`<stream:features><authentication xmlns='urn:xmpp:sasl:2'><mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism><inline>` +
				`<sm xmlns='urn:xmpp:sm:3'/><bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:carbons:2'/><feature var='urn:xmpp:sm:3'/></inline><x/></bind>` +
				`<fast xmlns='urn:xmpp:fast:0' tls-0rtt='true'><mechanism>HT-SHA-256-EXPR</mechanism></fast><megabind xmlns='urn:example:megabind'/></inline>` +
				`<upgrade xmlns='urn:xmpp:sasl:upgrade:0'>UPGR-SCRAM-SHA-256</upgrade><other/></authentication></stream:features>`,
			Features{SASL2: &SASL2{
				Mechanisms: []string{"SCRAM-SHA-1", "PLAIN"}, Resume: true,
				Bind2: &Bind2{Features: []string{"urn:xmpp:carbons:2", "urn:xmpp:sm:3"}},
				FAST:  &FAST{Mechanisms: []string{"HT-SHA-256-EXPR"}},
			}},
		},
		"6120-11.4-2 what is unknown is skipped": {
			`<stream:features><mechanisms xmlns='urn:x'><mechanism>A</mechanism></mechanisms>text<bind xmlns='urn:y'/>` +
				`<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><hostname xmlns='urn:xmpp:domain-based-name:1'>h</hostname><mechanism/><mechanism>B</mechanism></mechanisms></stream:features>`,
			Features{Mechanisms: []string{"B"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Attr("conformance", name)
			f := readFeatures(t, c.sent)
			f.Names = nil
			require.Equal(t, c.want, f)
		})
	}
}

func TestFeatureNames(t *testing.T) {
	f := readFeatures(t, `<stream:features><a xmlns='urn:a'/><b xmlns='urn:b'><c/></b></stream:features>`)
	require.Equal(t, []xmltext.Name{{Space: "urn:a", Local: "a"}, {Space: "urn:b", Local: "b"}}, f.Names)
}

// TestFeaturesLimits: SECURITY S15: an endless list ends the stream, at every depth.
func TestFeaturesLimits(t *testing.T) {
	for _, c := range []struct{ before, item string }{
		{`<stream:features>`, `<x xmlns='urn:x%d'/>`},
		{`<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>`, `<mechanism>M%d</mechanism>`},
		{`<stream:features><sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>`, `<channel-binding type='t%d'/>`},
		{`<stream:features><authentication xmlns='urn:xmpp:sasl:2'>`, `<mechanism>M%d</mechanism>`},
		{`<stream:features><authentication xmlns='urn:xmpp:sasl:2'><inline><bind xmlns='urn:xmpp:bind:0'><inline>`, `<feature var='f%d'/>`},
		{`<stream:features><limits xmlns='urn:xmpp:stream-limits:0'>`, `<max-bytes>%d</max-bytes>`},
		{`<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'>`, `<x%d/>`},
	} {
		var b strings.Builder
		b.WriteString(c.before)
		for i := range maxChildren + 1 {
			fmt.Fprintf(&b, c.item, i)
		}
		_, err := ReadFeatures(inStream(t, b.String()))
		require.Equal(t, "policy-violation", condition(t, err))
	}
}

// TestFeaturesCut: wherever the input ends or breaks, that is the error, and nothing half read is returned.
func TestFeaturesCut(t *testing.T) {
	const sent = `<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>` +
		`<mechanism>PLAIN</mechanism></mechanisms><limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>1</max-bytes></limits>` +
		`<authentication xmlns='urn:xmpp:sasl:2'><mechanism>A</mechanism><inline><bind xmlns='urn:xmpp:bind:0'><inline><feature var='a'/></inline></bind>` +
		`<fast xmlns='urn:xmpp:fast:0'><mechanism>A</mechanism></fast></inline></authentication><sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>` +
		`<channel-binding type='a'/></sasl-channel-binding></stream:features>`
	for i := len(`<stream:features>`); i < len(sent); i++ {
		f, err := ReadFeatures(inStream(t, sent[:i]))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, sent[:i])
		require.Equal(t, Features{}, f)
		_, err = ReadFeatures(inStream(t, sent[:i]+"\x00"))
		require.Equal(t, "not-well-formed", condition(t, err))
	}
}
