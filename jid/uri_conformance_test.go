package jid

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The two examples of RFC 5122 §2.7.2: a localpart and a resourcepart with every ASCII character that they can hold.
const (
	nastyAddress     = "nasty!#$%()*+,-.;=?[\\]^_`{|}~node@example.com"
	nastyURI         = "xmpp:nasty!%23$%25()*+,-.;=%3F%5B%5C%5D%5E_%60%7B%7C%7D~node@example.com"
	repulsiveAddress = "node@example.com/repulsive !#\"$%&'()*+,-./:;<=>?@[\\]^_`{|}~resource"
	repulsiveURI     = "xmpp:node@example.com/repulsive%20!%23%22$%25&'()*+,-.%2F:;%3C=%3E%3F%40%5B%5C%5D%5E_%60%7B%7C%7D~resource"

	czechAddress = "ji\u0159i@\u010dechy.example/v Praze" // §2.7.3
	czechIRI     = "xmpp:ji\u0159i@\u010dechy.example/v%20Praze"
	czechURI     = "xmpp:ji%C5%99i@%C4%8Dechy.example/v%20Praze"
)

// The requirements of RFC 5122 that bind a client and that this package can meet, as in TestRFC7622.
var rfc5122 = map[string]func(t *testing.T){
	"5122-2.1-1": func(t *testing.T) {
		u := parsesURI(t, "xmpp:romeo@montague.net/orchard")
		assert.Equal(t, "romeo@montague.net/orchard", u.Address.String(), "without a scheme on the wire")
		refuses(t, "xmpp:romeo@montague.net", Localpart, Disallowed, false)
	},
	"5122-2.2-1": nastyExamples,
	"5122-2.2-2": czechExample,
	"5122-2.5-1": func(t *testing.T) {
		u := parsesURI(t, "xmpp:example-node@example.com?unheard-of;k=v")
		assert.Equal(t, MustParse("example-node@example.com"), u.Address, "the address stands without the query")
	},
	"5122-2.5-2": func(t *testing.T) {
		u := parsesURI(t, "xmpp:example-node@example.com?message;unheard-of=1;subject=Hello%20World")
		assert.Equal(t, "Hello World", u.Get("subject"), "other keys are in nobody's way")
	},
	"5122-2.6-1": func(t *testing.T) {
		assert.Equal(t, "own purpose", parsesURI(t, "xmpp:a@h#own%20purpose").Fragment)
	},
	"5122-2.6-2": func(t *testing.T) {
		assert.Equal(t, MustParse("a@h"), parsesURI(t, "xmpp:a@h#?;/@:").Address)
	},
	"5122-2.7.1-1": func(t *testing.T) {
		assert.Equal(t, "xmpp:juliet@xn--4dbc.example", strings.ReplaceAll(
			URI{Address: MustParse("ＪULIET@xn--4dbc.example.")}.IRI(), "אב", "xn--4dbc"), "the address is enforced first")
	},
	"5122-2.7.1-2": czechExample,
	"5122-2.7.1-3": func(t *testing.T) {
		u := URI{
			Authority: MustParse("guest@example.com"), Address: MustParse("support@example.com/desk"),
			Action: "message", Params: []Param{{"subject", "Help!"}}, Fragment: "now",
		}
		assert.Equal(t, "xmpp://guest@example.com/support@example.com/desk?message;subject=Help%21#now", u.IRI())
	},
	"5122-2.7.1-4": czechExample,
	"5122-2.7.2-1": nastyExamples,
	"5122-2.7.2-2": czechExample,
	"5122-2.7.2-3": czechExample,
	"5122-2.7.3-1": czechExample,
	"5122-2.7.3-2": czechExample,
	"5122-2.7.3-3": czechExample,
	"5122-2.8.1-1": czechExample,
	"5122-2.8.1-2": func(t *testing.T) {
		assert.Equal(t, URI{
			Authority: MustParse("guest@example.com"), Address: MustParse("support@example.com/desk"),
			Action: "message", Params: []Param{{"subject", "a/b?c"}}, Fragment: "x?y#z",
		}, parsesURI(t, "xmpp://guest@example.com/support@example.com/desk?message;subject=a/b?c#x?y%23z"))
	},
	"5122-2.8.1-3": func(t *testing.T) {
		assert.Equal(t, MustParse("jiři@h"), parsesURI(t, "xmpp:JI%C5%98I@H").Address)
		_, err := ParseURI("xmpp:%E2%99%9A@h")
		assert.ErrorIs(t, err, Disallowed)
	},
	"5122-2.8.1-4": func(t *testing.T) {
		u := parsesURI(t, "xmpp://guest@example.com/support@example.com")
		assert.Equal(t, MustParse("support@example.com"), u.Address, "who ignores Authority has the address all the same")
	},
	"5122-2.8.2-1": nastyExamples,
	"5122-2.8.3-1": czechExample,
	"5122-3.5-1":   czechExample,
	"5122-3.5-2":   czechExample,
	"5122-5.5-1": func(t *testing.T) {
		with, without := parsesURI(t, "xmpp://guest@example.com"), parsesURI(t, "xmpp:guest@example.com")
		assert.Equal(t, URI{Authority: MustParse("guest@example.com")}, with)
		assert.Equal(t, URI{Address: MustParse("guest@example.com")}, without)
	},
}

// Rows that no package can test: they speak of programs around it, and of authors of other specifications.
var rfc5122Elsewhere = []string{"5122-2.5-3", "5122-3.4-1", "5122-5.3-1"}

func TestRFC5122(t *testing.T) {
	rows := readTSV(t, "conformance-rfc5122-client.tsv")
	for _, row := range rows {
		if test, ok := rfc5122[row["id"]]; ok {
			t.Run(row["id"], func(t *testing.T) {
				t.Attr("conformance", row["id"])
				test(t)
			})
		} else {
			assert.Contains(t, rfc5122Elsewhere, row["id"])
		}
	}
	assert.Len(t, rows, len(rfc5122)+len(rfc5122Elsewhere))
}

func nastyExamples(t *testing.T) {
	bothWays(t, nastyAddress, nastyURI, nastyURI)
	bothWays(t, repulsiveAddress, repulsiveURI, repulsiveURI)
}

func czechExample(t *testing.T) { bothWays(t, czechAddress, czechIRI, czechURI) }

func bothWays(t *testing.T, address, iri, uri string) {
	t.Helper()
	u := URI{Address: MustParse(address)}
	assert.Equal(t, iri, u.IRI())
	assert.Equal(t, uri, u.String())
	assert.Equal(t, u, parsesURI(t, iri))
	assert.Equal(t, u, parsesURI(t, uri))
}

func parsesURI(t *testing.T, s string) URI {
	t.Helper()
	u, err := ParseURI(s)
	require.NoError(t, err)
	return u
}
