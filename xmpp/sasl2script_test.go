package xmpp_test

import (
	"crypto/tls"
	"net"
	"testing"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A secureConn is a connection of a transport that has seen to TLS.
type secureConn struct{ net.Conn }

func (secureConn) ConnectionState() tls.ConnectionState {
	return tls.ConnectionState{Version: tls.VersionTLS13}
}

const (
	sasl2Header = `
< <stream:stream from='juliet@example.net' to='example.net' version='1.0'>
> ` + streamHeader + `
> <stream:features><authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism><inline>
    <bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:sm:3'/></inline></bind><sm xmlns='urn:xmpp:sm:3'/>
    <fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-NONE</mechanism></fast></inline></authentication></stream:features>
`
	agentAndBind = `<user-agent id='${agent}'><software>canto</software></user-agent>
    <bind xmlns='urn:xmpp:bind:0'><tag>canto</tag><enable xmlns='urn:xmpp:sm:3'/></bind>`
	withPassword = `<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>AGp1bGlldAByMG0zMG15cjBtMzA=</initial-response>
    ` + agentAndBind + `<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/></authenticate>`
	withToken = `<authenticate xmlns='urn:xmpp:sasl:2' mechanism='HT-SHA-256-NONE'><initial-response>anVsaWV0AJuHLobgUnw89ceDx5vLV8ZHrqjHA3z1Smxl2h9kO5ef</initial-response>
    ` + agentAndBind + `<fast xmlns='urn:xmpp:fast:0' count='${count}'/></authenticate>`
	bound = `<authorization-identifier>juliet@example.net/canto/balcony</authorization-identifier>
    <bound xmlns='urn:xmpp:bind:0'><enabled xmlns='urn:xmpp:sm:3'/></bound>`
	nothingLeft = `
> <stream:features/>
`
)

// TestSASL2Scripts are logins word by word, one after the other with one store.
func TestSASL2Scripts(t *testing.T) {
	store := xmpp.FileStore(t.TempDir())
	vars := map[string]string{} // ${agent} is the same every time
	for _, c := range []struct {
		name, text, count string
		want              string // of the error
	}{
		{name: "the first login", text: `
< ` + withPassword + `
> <success xmlns='urn:xmpp:sasl:2'>` + bound + `<token xmlns='urn:xmpp:fast:0' expiry='2999-03-12T14:36:15.5Z' token='s3cr3t-t0ken'/></success>` + nothingLeft},
		{name: "the next", count: "1", text: `
< ` + withToken + `
> <success xmlns='urn:xmpp:sasl:2'><additional-data>2hEF0Zttxk/vytR0lKZGi/BBV95LU6C1az8SKuCkGx4=</additional-data>` + bound + `</success>` + nothingLeft},
		{name: "a server that is unwell keeps nobody's token from being good", count: "2", text: `
< ` + withToken + `
> <failure xmlns='urn:xmpp:sasl:2'><temporary-auth-failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>
< ` + withPassword + `
> <failure xmlns='urn:xmpp:sasl:2'><temporary-auth-failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/><x xmlns='y'/><text>later</text></failure>`, want: `temporary-auth-failure: "later"`},
		{name: "one that is void is replaced", count: "3", text: `
< ` + withToken + `
> <failure xmlns='urn:xmpp:sasl:2'><credentials-expired xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>
< ` + withPassword + `
> <success xmlns='urn:xmpp:sasl:2'>` + bound + `</success>` + nothingLeft},
		{name: "with the password until another is given out", text: `
< ` + withPassword + `
> <continue xmlns='urn:xmpp:sasl:2'><tasks><task>TOTP-EXAMPLE</task></tasks></continue>
< <abort xmlns='urn:xmpp:sasl:2'/>`, want: `the server wants one of these tasks done: "TOTP-EXAMPLE"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			ours, theirs := net.Pipe()
			defer theirs.Close()
			vars["count"] = c.count
			script := xmpptest.Script{Text: sasl2Header + c.text, Timeout: patience, Vars: vars}
			played := make(chan error, 1)
			go func() {
				err := script.Play(theirs)
				if err != nil {
					theirs.Close()
				}
				played <- err
			}()
			s, err := xmpp.NewSession(t.Context(), secureConn{ours}, juliet, &xmpp.Options{Password: "r0m30myr0m30", Store: store})
			require.NoError(t, <-played)
			if c.want != "" {
				require.ErrorContains(t, err, c.want)
			} else {
				require.NoError(t, err)
				assert.Equal(t, "juliet@example.net/canto/balcony", s.JID().String())
			}
			theirs.Close()
			if s != nil {
				s.Close()
			}
		})
	}
}
