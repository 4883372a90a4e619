package websocket_test

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

var romeo = jid.MustParse("romeo@example.net")

// TestSecurityS12Frames: what is no frame of RFC 7395 ends the stream with the error for it, and nothing of it is handed over.
func TestSecurityS12Frames(t *testing.T) {
	t.Attr("conformance", "7395-3.3.3-5") // of the errors that we send
	const spoof = `<message xmlns='jabber:client'><body>spoof</body></message>`
	for _, c := range []struct {
		name, msg string
		want      xmpp.StreamCondition
	}{
		{"two elements", spoof + spoof, xmpp.NotWellFormed},
		{"half an element", spoof[:20], xmpp.NotWellFormed},
		{"text", "hello", xmpp.NotWellFormed},
		{"nothing", "", xmpp.NotWellFormed},
		{"undeclared prefix", "<stream:features/>", xmpp.NotWellFormed},
		{"declaration in the middle", spoof + "<?xml version='1.0'?>", xmpp.NotWellFormed},
		{"comment", "<message xmlns='jabber:client'><!-- --></message>", xmpp.RestrictedXML},
		{"document type", "<!DOCTYPE message [<!ENTITY a 'b'>]>" + spoof, xmpp.RestrictedXML},
		{"end of a stream", "</stream:stream>", xmpp.NotWellFormed},
		{"header of a stream", "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' version='1.0'/>", xmpp.InvalidNamespace},
		{"7395-3.3.2-2 open elsewhere", "<open xmlns='jabber:client' version='1.0'/>", xmpp.InvalidNamespace},
		{"7395-3.3.2-2 close elsewhere", "<close/>", xmpp.InvalidNamespace},
		{"7395-3.4-3 another stream", "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' version='1.0' id='2'/>", xmpp.BadFormat},
		{"what the framing has not", "<ping xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>", xmpp.BadFormat},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Attr("conformance", c.name)
			url, done := play(t, login+"S: "+c.msg, func(p *peer) error { return p.toldAndLeft(c.want) })
			s := enter(t, url)
			inbox := s.Messages(t.Context())
			require.ErrorIs(t, ended(t, s), c.want)
			for m := range inbox {
				t.Errorf("%q was handed over", m.Body)
			}
			require.NoError(t, outcome(t, done))
		})
	}
}

// toldAndLeft expects a stream error, the end of the stream and the closing handshake.
func (p *peer) toldAndLeft(want xmpp.StreamCondition) error {
	_, got, err := p.Read(p.ctx)
	begin := fmt.Sprintf("<stream:error xmlns:stream='http://etherx.jabber.org/streams'><%s xmlns='urn:ietf:params:xml:ns:xmpp-streams'", string(want))
	if err != nil || !strings.HasPrefix(string(got), begin) {
		return fmt.Errorf("%q, %w in place of the error %s", got, err, want)
	}
	if err := p.expect("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"); err != nil {
		return err
	}
	return normally(p)
}

// TestSecurityS12FirstFrames: the answer to <open/> is one, or <close/>.
func TestSecurityS12FirstFrames(t *testing.T) {
	for _, c := range []struct {
		name, msg string
		want      xmpp.StreamCondition
	}{
		{"7395-3.3.2-2 header of TCP", "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'/>", xmpp.InvalidNamespace},
		{"7395-3.3.2-2 no namespace", "<open version='1.0'/>", xmpp.InvalidNamespace},
		{"features", "<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>", xmpp.InvalidNamespace},
		{"success", "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", xmpp.InvalidNamespace},
		{"version", "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>", xmpp.UnsupportedVersion},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Attr("conformance", c.name)
			url, done := play(t, strings.SplitAfter(open, "\n")[0]+"S: "+c.msg, func(p *peer) error { return p.toldAndLeft(c.want) })
			_, err := xmpp.Dial(within(t), juliet, options(url))
			requireStep(t, xmpp.StepStream, err)
			require.ErrorIs(t, err, c.want)
			require.NoError(t, outcome(t, done))
		})
	}
}

// TestSecurityS12BinaryMessage: RFC 7395 §3.2.
func TestSecurityS12BinaryMessage(t *testing.T) {
	t.Attr("conformance", "7395-3.1-4 7395-3.2-1")
	url, done := play(t, login, func(p *peer) error {
		if err := p.Write(p.ctx, websocket.MessageBinary, []byte("<message xmlns='jabber:client'/>")); err != nil {
			return err
		}
		return p.toldAndLeft(xmpp.UnsupportedEncoding)
	})
	s := enter(t, url)
	require.ErrorIs(t, ended(t, s), xmpp.UnsupportedEncoding)
	require.NoError(t, outcome(t, done))
}

// TestFrames: what is unusual and allowed. A declaration is not recommended, fragments are a matter of the layer below, and a
// stanza that forgets its namespace harms nobody.
func TestFrames(t *testing.T) {
	url, done := play(t, login, func(p *peer) error {
		for _, msg := range []string{
			"<?xml version='1.0' encoding='UTF-8'?><message xmlns='jabber:client'><body>1</body></message>",
			" <a:message xmlns:a='jabber:client'><a:body>2</a:body></a:message>\n",
			"<message><body>3</body></message>",
		} {
			if err := p.say(msg); err != nil {
				return err
			}
		}
		w, err := p.Writer(p.ctx, websocket.MessageText)
		if err != nil {
			return err
		}
		for _, b := range []byte("<message xmlns='jabber:client'><body>é</body></message>") { // in the middle of a character, too
			if _, err := w.Write([]byte{b}); err != nil {
				return err
			}
		}
		if err := w.Close(); err != nil {
			return err
		}
		return p.play(clientCloses)
	})
	s := enter(t, url)
	inbox := s.Messages(t.Context())
	for _, want := range []string{"1", "2", "3", "é"} {
		require.Equal(t, want, (<-inbox).Body)
	}
	require.NoError(t, s.Close())
	require.NoError(t, outcome(t, done))
}

// live is how many bytes of memory are in use.
func live() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestSecurityS15Frames: a message is bounded, whatever is in it and in however many fragments it comes.
func TestSecurityS15Frames(t *testing.T) {
	const limit = 256 << 10
	for name, within := range map[string]string{"text": "x", "white space": " ", "elements": "<a/>"} {
		t.Run(name, func(t *testing.T) {
			url, done := play(t, login, func(p *peer) error {
				w, err := p.Writer(p.ctx, websocket.MessageText)
				if err != nil {
					return err
				}
				before := live()
				piece := strings.Repeat(within, 64<<10/len(within))
				_, err = io.WriteString(w, "<message xmlns='jabber:client'>")
				for i := 0; i < 256 && err == nil; i++ { // 16 MiB, unless the client has left before
					_, err = io.WriteString(w, piece)
					if now := live(); now > before+2<<20 {
						return fmt.Errorf("%d bytes more are held", now-before)
					}
				}
				return nil
			})
			o := options(url)
			o.Limits = xmpp.Limits{StanzaBytes: limit / 2, AnswerBytes: limit}
			s, err := xmpp.Dial(t.Context(), juliet, o)
			require.NoError(t, err)
			err = ended(t, s)
			require.ErrorIs(t, err, xmpp.PolicyViolation)
			require.ErrorContains(t, err, "Limits.AnswerBytes")
			require.NoError(t, outcome(t, done))
		})
	}
}

// TestLargeAnswer: a message may be as large as the answer to a request of ours, and no stanza larger than a stanza may be.
func TestLargeAnswer(t *testing.T) {
	large := strings.Repeat("x", 128<<10)
	url, done := play(t, login+"C: <iq xmlns='jabber:client' type='get' id='${id}'><x xmlns='urn:x'/></iq>\n", func(p *peer) error {
		if err := p.say("<iq xmlns='jabber:client' type='result' id='${id}'><x xmlns='urn:x'>" + large + "</x></iq>"); err != nil {
			return err
		}
		if err := p.say("<message xmlns='jabber:client'><body>" + large + "</body></message>"); err != nil {
			return err
		}
		return p.toldAndLeft(xmpp.PolicyViolation)
	})
	o := options(url)
	o.Limits = xmpp.Limits{StanzaBytes: 64 << 10, AnswerBytes: 256 << 10}
	s, err := xmpp.Dial(within(t), juliet, o)
	require.NoError(t, err)
	x, err := stanza.ParseElement("<x xmlns='urn:x'/>")
	require.NoError(t, err)
	iq, err := s.Do(within(t), &stanza.IQ{Type: stanza.Get, Payload: x})
	require.NoError(t, err)
	require.Greater(t, len(iq.Payload.String()), len(large))
	require.ErrorIs(t, ended(t, s), xmpp.PolicyViolation)
	require.NoError(t, outcome(t, done))
}
