package server

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/internal/xmltext"
	"github.com/stretchr/testify/require"
)

// TestScriptWithItsMirror plays the examples of the RFC against themselves, each side once.
func TestScriptWithItsMirror(t *testing.T) {
	raw, err := os.ReadFile("testdata/rfc6120-9.1.txt")
	require.NoError(t, err)
	text := strings.Replace(string(raw), "\nstarttls\n", "\n", 1) // the mirror is no TLS client
	mirror := strings.NewReplacer("\n< ", "\n> ", "\n> ", "\n< ").Replace("\n" + text)
	require.NotEqual(t, text, mirror)
	require.NoError(t, playBoth(t, text, mirror, nil))
	err = playBoth(t, text, strings.Replace(mirror, "Montague", "Capulet", 1), nil)
	var se *ScriptError
	require.ErrorAs(t, err, &se)
	require.Contains(t, strings.Split(text, "\n")[se.Line-1], "<message")
	require.ErrorContains(t, err, `the text is "Art thou not Romeo, and a Capulet?", not "Art thou not Romeo, and a Montague?"`)
}

// playBoth plays one script on each end of a pipe and returns the error of the first.
func playBoth(t *testing.T, one, two string, vars map[string]string) error {
	t.Helper()
	a, b := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer b.Close()
		// How the other side gets on shows on this one.
		_ = (&Script{Text: two}).Play(b)
	}()
	err := (&Script{Text: one, Vars: vars}).Play(a)
	require.NoError(t, a.Close())
	<-done
	return err
}

// client says something over a pipe to a script in which it's expected.
func client(t *testing.T, says, expected string) error {
	t.Helper()
	const head = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='d.test' version='1.0'>"
	return playBoth(t, "< "+head+"\n< "+expected, "> "+head+"\n> "+says, nil)
}

func TestScriptComparesByMeaning(t *testing.T) {
	tests := []struct{ name, says, expected, fault string }{
		{"same", "<iq id='1' type='get'><a xmlns='urn:a'/></iq>", "<iq type=\"get\" id=\"1\">\n  <p:a xmlns:p='urn:a'></p:a>\n  </iq>", ""},
		{"any value", "<iq id='xyz'/>", "<iq id='*'/>", ""},
		{"any value, absent", "<iq/>", "<iq id='*'/>", ""},
		{"any content", "<iq><a xmlns='urn:a'/>text</iq>", "<iq>*</iq>", ""},
		{"SASL data", "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>QUJD</response>", "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\n  QU\n  JD\n  </response>", ""},
		{"end", closingTag, closingTag, ""},
		{"attribute missing", "<iq/>", "<iq id='1'/>", "at <iq>: attribute id is missing"},
		{"attribute too many", "<iq x='1'/>", "<iq/>", `at <iq>: unexpected attribute x="1"`},
		{"other value", "<iq id='2'/>", "<iq id='1'/>", `at <iq>: attribute id is "2", not "1"`},
		{"other name", "<message/>", "<iq/>", "the name is {jabber:client}message"},
		{"other namespace", "<iq><a xmlns='urn:b'/></iq>", "<iq><a xmlns='urn:a'/></iq>", "the name is {urn:b}a, not {urn:a}a"},
		{"child missing", "<iq/>", "<iq><a/></iq>", "0 pieces of content, not 1"},
		{"text in place of child", "<iq>a</iq>", "<iq><a/></iq>", `<a> is missing, there is the text "a"`},
		{"child in place of text", "<iq><a/></iq>", "<iq>a</iq>", "unexpected <a>"},
		{"end too early", closingTag, "<iq/>", "the end of the client's stream"},
		{"no end", "<iq/>", closingTag, "got\n\t<iq/>"},
		{"own XML broken", "<iq/>", "<iq", "the script's own XML"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := client(t, tt.says, tt.expected)
			if tt.fault == "" {
				require.NoError(t, err)
				return
			}
			var se *ScriptError
			require.ErrorAs(t, err, &se)
			require.Equal(t, 2, se.Line)
			require.ErrorContains(t, err, tt.fault)
		})
	}
}

func TestScriptTakesValues(t *testing.T) {
	vars := map[string]string{"who": "alice"}
	err := playBoth(t, `
< <stream:stream to='d.test' version='1.0'>
> <stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='d.test' version='1.0'>
< <iq id='${id}' from='${who}@d.test'><a>${text}</a></iq>
> <iq id='${id}' unknown='${unknown}'><a>${text}</a></iq>
< <iq id='${id}'/>`, `
> <stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='d.test' version='1.0'>
< <stream:stream to='d.test' version='1.0'>
> <iq id='k7' from='alice@d.test'><a>b c</a></iq>
< <iq id='k7' unknown='*'><a>b c</a></iq>
> <iq id='k7'/>`, vars)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"who": "alice", "id": "k7", "text": "b c"}, vars)
}

func TestScriptSteps(t *testing.T) {
	const open = "< <stream:stream to='d.test' version='1.0'>\n"
	const hello = "> <stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='d.test' version='1.0'>\n"
	tests := []struct{ name, one, two, fault string }{
		{"eof", open + "eof", hello + "close", ""},
		{"no eof", open + "eof", hello + "> <iq/>\neof", `expected the end of the connection, got`},
		{"eof never comes", open + "eof", hello + "delay 20s", "keeps the connection open"},
		{"silence", open + "silence 5s\n< <iq/>", hello + "delay 6s\n> <iq/>\neof", ""},
		{"no silence", open + "silence 5s", hello + "delay 4s\n> <iq/>\neof", "expected silence, got"},
		{"end in place of silence", open + "silence 5s", hello + "close", "expected silence, got"},
		{"too late", open + "< <iq/>", hello + "delay 11s\n> <iq/>\neof", "i/o timeout"},
		{"a comment and a blank line", "# x\n\n" + open, hello, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				err := playBoth(t, tt.one, tt.two, nil)
				if tt.fault == "" {
					require.NoError(t, err)
					return
				}
				require.ErrorContains(t, err, tt.fault)
			})
		})
	}
}

func TestScriptThatCannotBeRead(t *testing.T) {
	for text, fault := range map[string]string{
		"hello":              "script line 1",
		"\n\nsilence":        "script line 3",
		"silence long":       "invalid duration",
		"login alice":        "neither",
		"  going on":         "nothing to go on with",
		"starttls\n  behind": "script line 2: nothing to go on with",
		"<x":                 "neither",
	} {
		require.ErrorContains(t, (&Script{Text: text}).Play(nil), fault)
	}
}

// TestScriptLogin answers a SASL exchange without knowing what the client will choose.
func TestScriptLogin(t *testing.T) {
	for name, password := range map[string]string{"right": "pencil", "wrong": "pen"} {
		t.Run(name, func(t *testing.T) {
			a, b := net.Pipe()
			played := make(chan error, 1)
			go func() {
				played <- (&Script{Text: "< <stream:stream to='canto.test' version='1.0'>\n" +
					"> <stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>\n" +
					"> <stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-256</mechanism></mechanisms></stream:features>\n" +
					"login alice pencil"}).Play(a)
			}()
			c := newRawClient(t, b)
			c.open("")
			c.auth("SCRAM-SHA-256", "n,,n=alice,r=abc")
			final, signature := c.scram(scramSHA256, "n,,", "", "n=alice,r=abc", c.challenge(), password)
			c.respond(final)
			if name == "wrong" {
				require.ErrorContains(t, <-played, "not-authorized")
				return
			}
			e := c.next()
			require.Equal(t, "success", e.Name.Local)
			data, err := saslData(e)
			require.NoError(t, err)
			require.Equal(t, signature, string(data))
			require.NoError(t, <-played)
		})
	}
}

func FuzzScript(f *testing.F) {
	raw, err := os.ReadFile("testdata/rfc6120-9.1.txt")
	require.NoError(f, err)
	f.Add(string(raw))
	f.Add("< <iq/>\n> <iq/>\nclose\nsilence 2s")
	f.Fuzz(func(t *testing.T, text string) {
		steps, err := parseScript(text)
		if err != nil {
			return
		}
		for _, st := range steps {
			if st.verb != "<" {
				continue
			}
			// A snippet is one element that encodes again, or an error that says why not.
			if e, err := snippet(st.text); err == nil {
				if _, err := e.append(nil, "jabber:client"); err != nil {
					t.Fatalf("%q: %v", st.text, err)
				}
			} else if syn := new(xmltext.SyntaxError); !errors.As(err, &syn) && !strings.Contains(err.Error(), "EOF") {
				t.Fatalf("%q: %v", st.text, err)
			}
		}
	})
}
