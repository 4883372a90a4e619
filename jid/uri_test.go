package jid

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestURIVectors takes every URI that the RFC and the XEPs show. What each holds stands in a second table: "bad" names the
// part that is wrong in those that are no xmpp: URI (OAuth scopes, BOSH routes, names cut at a line end, and the like).
func TestURIVectors(t *testing.T) {
	wants := map[string]map[string]string{}
	for _, row := range readTSV(t, "xmpp-uris-want.tsv") {
		wants[row["uri"]] = row
		testURI(t, row)
	}
	for _, row := range readTSV(t, "xmpp-uris.tsv") {
		assert.Contains(t, wants, row["uri"], row["source"])
	}
}

func testURI(t *testing.T, want map[string]string) {
	t.Run(want["uri"], func(t *testing.T) {
		u, err := ParseURI(want["uri"])
		if want["bad"] != "" {
			var parseError *ParseError
			require.ErrorAs(t, err, &parseError)
			assert.Equal(t, Part(want["bad"]), parseError.Part)
			assert.Equal(t, want["uri"], parseError.Input)
			return
		}
		require.NoError(t, err)
		assert.Equal(t, want["authority"], u.Authority.String())
		assert.Equal(t, want["address"], u.Address.String())
		assert.Equal(t, want["action"], u.Action)
		var pairs [][2]string
		require.NoError(t, json.Unmarshal([]byte(want["params"]), &pairs))
		require.Len(t, u.Params, len(pairs))
		for i, pair := range pairs {
			assert.Equal(t, Param{pair[0], pair[1]}, u.Params[i])
		}
		assert.Equal(t, want["printed"], u.String())
	})
}

func TestParseURI(t *testing.T) {
	romeo := MustParse("romeo@montague.net")
	tests := []struct {
		name, in string
		want     URI
		printed  string // "" when it is the input
	}{
		{"scheme in any case", "XmPp:romeo@montague.net", URI{Address: romeo}, "xmpp:romeo@montague.net"},
		{"authority alone", "xmpp://romeo@montague.net", URI{Authority: romeo}, ""},
		{"authority and query", "xmpp://romeo@montague.net?message", URI{Authority: romeo, Action: "message"}, ""},
		{"authority and fragment", "xmpp://romeo@montague.net#a", URI{Authority: romeo, Fragment: "a"}, ""},
		{"fragment", "xmpp:romeo@montague.net?join#top%20of/it?", URI{Address: romeo, Action: "join", Fragment: "top of/it?"}, ""},
		{"fragment alone", "xmpp:romeo@montague.net#?x", URI{Address: romeo, Fragment: "?x"}, ""},
		{"empty query", "xmpp:romeo@montague.net?", URI{Address: romeo}, "xmpp:romeo@montague.net"},
		{
			"value with =", "xmpp:romeo@montague.net?a;k=v%3Dw=x",
			URI{Address: romeo, Action: "a", Params: []Param{{"k", "v=w=x"}}}, "xmpp:romeo@montague.net?a;k=v%3Dw%3Dx",
		},
		{
			"pair without =", "xmpp:romeo@montague.net?a;k;;l=",
			URI{Address: romeo, Action: "a", Params: []Param{{"k", ""}, {"l", ""}}}, "xmpp:romeo@montague.net?a;k=;l=",
		},
		{
			"query that begins with a pair", "xmpp:romeo@montague.net?k=v;l=w",
			URI{Address: romeo, Params: []Param{{"k", "v"}, {"l", "w"}}}, "xmpp:romeo@montague.net?;k=v;l=w",
		},
		{"IPv6", "xmpp:a@[::1]/r", URI{Address: MustParse("a@[::1]/r")}, ""},
		{"IPv6 with a zone", "xmpp:a@[fe80::1%25eth0]", URI{Address: MustParse("a@[fe80::1%25eth0]")}, ""},
		{"A-label", "xmpp:xn--mnchen-3ya.de", URI{Address: MustParse("münchen.de")}, "xmpp:m%C3%BCnchen.de"},
		{"encoded @ in a resource", "xmpp:h/a%40b%2Fc", URI{Address: MustParse("h/a@b/c")}, ""},
		{"plain @ in a resource", "xmpp:h/a@b/c", URI{Address: MustParse("h/a@b/c")}, "xmpp:h/a%40b%2Fc"},
		{"escaped localpart", "xmpp:d%5C27artagnan@h", URI{Address: MustParse(`d\27artagnan@h`)}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u, err := ParseURI(tt.in)
			require.NoError(t, err)
			assert.Equal(t, tt.want, u)
			if tt.printed == "" {
				tt.printed = tt.in
			}
			assert.Equal(t, tt.printed, u.String())
			again, err := ParseURI(u.IRI())
			require.NoError(t, err)
			assert.Equal(t, u, again)
		})
	}
}

func TestParseURIErrors(t *testing.T) {
	tests := []struct {
		in     string
		part   Part
		reason Reason
	}{
		{"", WholeURI, BadScheme},
		{"xmpp", WholeURI, BadScheme},
		{"romeo@montague.net", WholeURI, BadScheme},
		{"mailto:romeo@montague.net", WholeURI, BadScheme},
		{"xmpp:", Domainpart, Empty},
		{"xmpp:?message", Domainpart, Empty},
		{"xmpp:@h", Localpart, Empty},
		{"xmpp:h/", Resourcepart, Empty},
		{"xmpp:a%40b@h", Localpart, Disallowed},
		{"xmpp:a@h%2Fr", Domainpart, Disallowed},
		{"xmpp:a@h/%0A", Resourcepart, Disallowed},
		{"xmpp:a@h/%", WholeURI, BadEncoding},
		{"xmpp:a@h/%4", WholeURI, BadEncoding},
		{"xmpp:a@h/%4g", WholeURI, BadEncoding},
		{"xmpp:a@h/%ff", WholeURI, NotUTF8},
		{"xmpp:a@h?%zz", WholeURI, BadEncoding},
		{"xmpp:a@h?m;k=%zz", WholeURI, BadEncoding},
		{"xmpp:a@h#%zz", WholeURI, BadEncoding},
		{"xmpp://h", Localpart, Empty},
		{"xmpp://a@h/", Domainpart, Empty},
		{"xmpp://", Domainpart, Empty},
		{"xmpp:///a@h", Domainpart, Empty},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			u, err := ParseURI(tt.in)
			var parseError *ParseError
			require.ErrorAs(t, err, &parseError)
			assert.Equal(t, tt.part, parseError.Part)
			assert.ErrorIs(t, err, tt.reason)
			assert.Equal(t, tt.in, parseError.Input)
			assert.Zero(t, u)
		})
	}
}

func TestURIPrint(t *testing.T) {
	u := URI{
		Authority: MustParse("ja@čechy.example/ignored"),
		Address:   MustParse("jiři@čechy.example/v Praze"),
		Action:    "message",
		Params:    []Param{{"body", "žluťoučký kůň\u200e \ue000\U0001F40E;=&"}},
		Fragment:  "pád",
	}
	assert.Equal(t, "xmpp://ja@%C4%8Dechy.example/ji%C5%99i@%C4%8Dechy.example/v%20Praze?message;body="+
		"%C5%BElu%C5%A5ou%C4%8Dk%C3%BD%20k%C5%AF%C5%88%E2%80%8E%20%EE%80%80%F0%9F%90%8E%3B%3D%26#p%C3%A1d", u.String())
	// RFC 3987 §4.1: an IRI does not hold what sets the direction of text.
	assert.Equal(t, "xmpp://ja@čechy.example/jiři@čechy.example/v%20Praze?message;body="+
		"žluťoučký%20kůň%E2%80%8E%20%EE%80%80🐎%3B%3D%26#pád", u.IRI())
	assert.Empty(t, URI{Action: "message"}.String(), "no address, no URI")
	assert.Equal(t, "v", URI{Params: []Param{{"a", ""}, {"k", "v"}, {"k", "w"}}}.Get("k"))
	assert.Empty(t, u.Get("unknown"))
}

func FuzzParseURI(f *testing.F) {
	for _, row := range readTSV(f, "xmpp-uris.tsv") {
		f.Add(row["uri"])
	}
	f.Add("xmpp://a@h/b@[::1%25x]/r?q;k=v#f")
	f.Fuzz(func(t *testing.T, s string) {
		u, err := ParseURI(s)
		if err != nil {
			return
		}
		for _, printed := range []string{u.String(), u.IRI()} {
			again, err := ParseURI(printed)
			require.NoError(t, err, "%q", printed)
			require.Equal(t, u, again, "%q", printed)
		}
		require.True(t, isASCII(u.String()))
		require.False(t, strings.ContainsAny(u.IRI(), " \"<>\\^`{|}"), "RFC 3987 §2.2")
	})
}
