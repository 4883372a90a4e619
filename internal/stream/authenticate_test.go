package stream

import (
	"testing"

	"github.com/canto-im/canto/internal/ns"
	"github.com/stretchr/testify/require"
)

func TestAuthenticateAppend(t *testing.T) {
	initial, empty := "SSBzaG91bGQ=", ""
	agent := UserAgent{ID: "d4565fa7-4d72-4749-b3d3-740edbf87770", Software: "AwesomeXMPP", Device: "Kiva's Phone"}
	const agentXML = `<user-agent id="d4565fa7-4d72-4749-b3d3-740edbf87770"><software>AwesomeXMPP</software><device>Kiva's Phone</device></user-agent>`
	for name, c := range map[string]struct {
		request Authenticate
		want    string
	}{
		"without an initial response, XEP-0388 example 14": {
			Authenticate{Mechanism: "CRAM-MD5", Agent: agent},
			`<authenticate xmlns="urn:xmpp:sasl:2" mechanism="CRAM-MD5">` + agentXML + `</authenticate>`,
		},
		"with an empty one": {
			Authenticate{Mechanism: "EXTERNAL", Initial: &empty},
			`<authenticate xmlns="urn:xmpp:sasl:2" mechanism="EXTERNAL"><initial-response/></authenticate>`,
		},
		"an agent without a name": {
			Authenticate{Mechanism: "X", Agent: UserAgent{ID: "d4565fa7-4d72-4749-b3d3-740edbf87770"}},
			`<authenticate xmlns="urn:xmpp:sasl:2" mechanism="X"><user-agent id="d4565fa7-4d72-4749-b3d3-740edbf87770"/></authenticate>`,
		},
		"binding and a request for a token, XEP-0484 example 2": {
			Authenticate{Mechanism: "SCRAM-SHA-1-PLUS", Initial: &initial, Bind: &BindRequest{Tag: "AwesomeXMPP"}, RequestToken: "HT-SHA-256-ENDP"},
			`<authenticate xmlns="urn:xmpp:sasl:2" mechanism="SCRAM-SHA-1-PLUS"><initial-response>SSBzaG91bGQ=</initial-response>` +
				`<bind xmlns="urn:xmpp:bind:0"><tag>AwesomeXMPP</tag></bind>` +
				`<request-token xmlns="urn:xmpp:fast:0" mechanism="HT-SHA-256-ENDP"/></authenticate>`,
		},
		"session features, XEP-0386 example 3": {
			Authenticate{Mechanism: "SCRAM-SHA-1", Initial: &initial, Bind: &BindRequest{
				Tag: "A<B", Enable: &Enable{}, Inline: []string{`<enable xmlns="urn:xmpp:carbons:2"/>`, `<inactive xmlns="urn:xmpp:csi:0"/>`}}},
			`<authenticate xmlns="urn:xmpp:sasl:2" mechanism="SCRAM-SHA-1"><initial-response>SSBzaG91bGQ=</initial-response>` +
				`<bind xmlns="urn:xmpp:bind:0"><tag>A&lt;B</tag><enable xmlns="urn:xmpp:carbons:2"/><inactive xmlns="urn:xmpp:csi:0"/>` +
				`<enable xmlns='urn:xmpp:sm:3'/></bind></authenticate>`,
		},
		"a token, resuming and else binding, XEP-0484 example 4 and XEP-0198 example 28": {
			Authenticate{Mechanism: "HT-SHA-256-ENDP", Initial: &initial, Agent: agent, Resume: &Resumption{H: 7, PrevID: "some'id"},
				Bind: &BindRequest{Enable: &Enable{Resume: true}}, Count: 123},
			`<authenticate xmlns="urn:xmpp:sasl:2" mechanism="HT-SHA-256-ENDP"><initial-response>SSBzaG91bGQ=</initial-response>` + agentXML +
				`<resume xmlns='` + ns.SM + `' h='7' previd='some&apos;id'/><bind xmlns="urn:xmpp:bind:0"><enable xmlns='` + ns.SM + `' resume='true'/></bind>` +
				`<fast xmlns="urn:xmpp:fast:0" count="123"/></authenticate>`,
		},
		"a token for the last time, XEP-0484 example 6": {
			Authenticate{Mechanism: "HT-SHA-256-ENDP", Initial: &initial, Count: 123, Invalidate: true},
			`<authenticate xmlns="urn:xmpp:sasl:2" mechanism="HT-SHA-256-ENDP"><initial-response>SSBzaG91bGQ=</initial-response>` +
				`<fast xmlns="urn:xmpp:fast:0" count="123" invalidate="true"/></authenticate>`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.request.Append([]byte("x"))
			require.NoError(t, err)
			require.Equal(t, meaning(t, c.want), meaning(t, string(got[1:])))
			require.Equal(t, byte('x'), got[0])
		})
	}
}

func TestAuthenticateUnwritable(t *testing.T) {
	for name, request := range map[string]Authenticate{
		"mechanism":      {Mechanism: "\x00"},
		"software":       {Agent: UserAgent{Software: "\x01"}},
		"tag":            {Bind: &BindRequest{Tag: "\ufffe"}},
		"SM-ID":          {Resume: &Resumption{PrevID: "\x0b"}},
		"token":          {RequestToken: "\xff"},
		"what follows":   {Agent: UserAgent{ID: "\x02"}, Count: 1},
		"a later device": {Agent: UserAgent{Software: "s", Device: "\x03"}},
	} {
		got, err := request.Append([]byte("x"))
		require.Error(t, err, name)
		require.Equal(t, "x", string(got), name)
	}
}
