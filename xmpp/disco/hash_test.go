package disco

import (
	"os"
	"strings"
	"testing"

	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/require"
)

// vector returns the information of an example.
func vector(t testing.TB, name string) *Info {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".xml")
	require.NoError(t, err)
	return info(t, strings.TrimSpace(string(b)))
}

func info(t testing.TB, xml string) *Info {
	t.Helper()
	e, err := stanza.ParseElement(xml)
	require.NoError(t, err)
	i, err := parse(e, "")
	require.NoError(t, err)
	return i
}

// The examples of XEP-0115 §5.2 and §5.3, their strings and their hashes.
func TestVectors115(t *testing.T) {
	for name, want := range map[string]struct{ s, ver string }{
		"xep0115-simple": {"client/pc//Exodus 0.9.1<http://jabber.org/protocol/caps<http://jabber.org/protocol/disco#info<" +
			"http://jabber.org/protocol/disco#items<http://jabber.org/protocol/muc<", "QgayPKawpkPSDYmwT/WM94uAlu0="},
		"xep0115-complex": {"client/pc/el/Ψ 0.11<client/pc/en/Psi 0.11<http://jabber.org/protocol/caps<http://jabber.org/protocol/disco#info<" +
			"http://jabber.org/protocol/disco#items<http://jabber.org/protocol/muc<urn:xmpp:dataforms:softwareinfo<ip_version<ipv4<ipv6<" +
			"os<Mac<os_version<10.5.1<software<Psi<software_version<0.11<", "q07IKJEyjvHSyhy//CH0CxmKi8w="},
	} {
		i := vector(t, name)
		s, err := i.hashed115()
		require.NoError(t, err)
		require.Equal(t, want.s, s)
		require.True(t, digest{false, "sha-1", want.ver}.fits(i))
		require.False(t, digest{false, "sha-256", want.ver}.fits(i))

		again, err := parse(i.payload("n"), "")
		require.NoError(t, err)
		require.True(t, digest{false, "sha-1", want.ver}.fits(again), "it goes over the wire as it came")
	}
}

// The examples of XEP-0390 §4.5, in both hashes.
func TestVectors390(t *testing.T) {
	for name, want := range map[string][2]string{
		"xep0390-simple":  {"kzBZbkqJ3ADrj7v08reD1qcWUwNGHaidNUgD7nHpiw8=", "79mdYAfU9rEdTOcWDO7UEAt6E56SUzk/g6TnqUeuD9Q="},
		"xep0390-complex": {"u79ZroNJbdSWhdSp311mddz44oHHPsEBntQ5b1jqBSY=", "XpUJzLAc93258sMECZ3FJpebkzuyNXDzRNwQog8eycg="},
	} {
		i := vector(t, name)
		require.True(t, digest{true, "sha-256", want[0]}.fits(i), name)
		require.True(t, digest{true, "sha3-256", want[1]}.fits(i), name)
		require.False(t, digest{true, "sha3-256", want[0]}.fits(i), name)
	}
	require.Equal(t, "urn:xmpp:caps#sha-256.u79ZroNJbdSWhdSp311mddz44oHHPsEBntQ5b1jqBSY=", digest{true, "sha-256", "u79ZroNJbdSWhdSp311mddz44oHHPsEBntQ5b1jqBSY="}.node(""))
}

// A language that is inherited counts for XEP-0390, if the other side knew of it when it made its hash.
func TestInheritedLanguage(t *testing.T) {
	const q = `<query xmlns='http://jabber.org/protocol/disco#info'><identity category='client' type='pc' name='a' %s/></query>`
	plain := info(t, strings.ReplaceAll(q, "%s", ""))
	german := info(t, strings.ReplaceAll(q, "%s", "xml:lang='de'"))
	d, err := digest{second: true, algo: "sha-256"}.of(german)
	require.NoError(t, err)
	require.True(t, d.fits(german))
	require.False(t, d.fits(plain))
	plain.lang = "de"
	require.True(t, d.fits(plain))
	bare, err := digest{second: true, algo: "sha-256"}.of(plain)
	require.NoError(t, err)
	require.True(t, bare.fits(plain), "and where it did not")
	require.False(t, bare.fits(german))
}

const someInfo = `<query xmlns='http://jabber.org/protocol/disco#info'>` +
	`<identity category='client' type='pc' name='Exodus'/><feature var='a:one'/><feature var='a:two'/><feature var='http://x/three'/>%s</query>`

// SECURITY S18: what is ill-formed (XEP-0115 §5.4), or could be somebody else's features dressed up as something else with the
// same hash, is not believed.
func TestSecurityS18IllFormed(t *testing.T) {
	form := func(fields string) string { return `<x xmlns='jabber:x:data' type='result'>` + fields + `</x>` }
	const hidden = `<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>`
	for name, c := range map[string]struct {
		more string
		good bool
	}{
		"nothing odd":                                  {"", true},
		"a form":                                       {form(hidden + `<field var='os'><value>x</value></field>`), true},
		"a form without FORM_TYPE is ignored":          {form(`<field var='os'><value>x</value></field>`), true},
		"one whose FORM_TYPE is not hidden, too":       {form(`<field var='FORM_TYPE'><value>urn:x</value></field>`), true},
		"the same feature twice":                       {`<feature var='a:one'/>`, false},
		"the same identity twice":                      {`<identity category='client' type='pc' name='Exodus'/>`, false},
		"the same identity under another name":         {`<identity category='client' type='pc' name='Psi'/>`, false},
		"in another language":                          {`<identity category='client' type='pc' name='Psi' xml:lang='el'/>`, true},
		"a form twice":                                 {form(hidden+`<field var='os'><value>x</value></field>`) + form(hidden), false},
		"a form of two types":                          {form(`<field var='FORM_TYPE' type='hidden'><value>b</value><value>c</value></field>`), false},
		"< in a feature":                               {`<feature var='b&lt;c'/>`, false},
		"< in a name":                                  {`<identity category='client' type='web' name='a&lt;http://x'/>`, false},
		"< in a language":                              {`<identity category='client' type='web' xml:lang='a&lt;b'/>`, false},
		"< in a field":                                 {form(hidden + `<field var='o&lt;s'><value>x</value></field>`), false},
		"< in a value":                                 {form(hidden + `<field var='os'><value>x&lt;y</value></field>`), false},
		"&lt; as text":                                 {`<feature var='b&amp;lt;c'/>`, true},
		"an empty feature":                             {`<feature/>`, false},
		"an identity without a type":                   {`<identity category='http:' name='x/four' xml:lang='y'/>`, false},
		"a feature as an identity":                     {`<identity category='http:' type='' xml:lang='x' name='four'/>`, false},
		"a slash in a category":                        {`<identity category='a/b' type='c'/>`, false},
		"a slash in a type":                            {`<identity category='a' type='b/c'/>`, false},
		"a feature as an empty form":                   {form(`<field var='FORM_TYPE' type='hidden'><value>urn:z</value></field>`), false},
		"features as a form":                           {form(`<field var='FORM_TYPE' type='hidden'><value>urn:a</value></field><field var='urn:b'><value>urn:c</value><value>urn:d</value></field>`), false},
		"features as a form before a form":             {form(`<field var='FORM_TYPE' type='hidden'><value>urn:a</value></field>`) + form(hidden+`<field var='os'><value>x</value></field>`), false},
		"what can't be features, as it's out of order": {form(`<field var='FORM_TYPE' type='hidden'><value>urn:b</value></field><field var='urn:a'/>`), true},
	} {
		i := info(t, strings.ReplaceAll(someInfo, "%s", c.more))
		_, err := i.hashed115()
		require.Equal(t, c.good, err == nil, name)
	}
	_, err := info(t, `<query xmlns='http://jabber.org/protocol/disco#info'><feature var='client/pc//Exodus'/><feature var='urn:x'/></query>`).hashed115()
	require.Error(t, err, "there is no identity (XEP-0030 §3.1)")

	for name, more := range map[string]string{ // XEP-0390 §4.1, steps 1 to 3
		"another element":         `<x xmlns='urn:x'/>`,
		"a form without its type": form(`<field var='os'><value>x</value></field>`),
		"a table":                 form(hidden + `<reported><field var='a'/></reported>`),
		"rows":                    form(hidden + `<item><field var='a'><value>b</value></field></item>`),
	} {
		_, err := info(t, strings.ReplaceAll(someInfo, "%s", more)).hashed390("")
		require.Error(t, err, name)
	}
}

// FuzzInfo reads any answer: what has a hash has the same one after it was written and read again.
func FuzzInfo(f *testing.F) {
	for _, name := range []string{"xep0115-simple", "xep0115-complex", "xep0390-simple", "xep0390-complex"} {
		b, err := os.ReadFile("testdata/" + name + ".xml")
		require.NoError(f, err)
		f.Add(string(b))
	}
	f.Add(strings.ReplaceAll(someInfo, "%s", `<x xmlns='jabber:x:data'><field var='FORM_TYPE' type='hidden'/></x>`))
	f.Add(`<query xmlns='http://jabber.org/protocol/disco#info' xml:lang='de' node=''><identity/><feature/><other xmlns='urn:x'/></query>`)
	f.Fuzz(func(t *testing.T, s string) {
		e, err := stanza.ParseElement(s)
		if err != nil {
			return
		}
		i, err := parse(e, "")
		if err != nil {
			return
		}
		again, err := parse(i.payload(""), "")
		require.NoError(t, err)
		for _, d := range []digest{{algo: "sha-1"}, {second: true, algo: "sha-256"}} {
			got, err := d.of(i)
			if err != nil {
				continue
			}
			require.True(t, got.fits(i))
			require.True(t, got.fits(again))
		}
		i.Has("x")
		i.Is("client", "")
		i.Form("x")
	})
}

// FuzzPresence reads what any presence says.
func FuzzPresence(f *testing.F) {
	f.Add(`<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='http://code.google.com/p/exodus' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/>`)
	f.Add(`<c xmlns='urn:xmpp:caps'><hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>u79ZroNJbdSWhdSp311mddz44oHHPsEBntQ5b1jqBSY=</hash><hash xmlns='urn:xmpp:hashes:2' algo='none'/></c>`)
	f.Add(`<c xmlns='http://jabber.org/protocol/caps' node='old' ver='1.0' ext='a b'/>`)
	f.Fuzz(func(t *testing.T, s string) {
		e, err := stanza.ParseElement(s)
		if err != nil {
			return
		}
		a, ok := read(&stanza.Presence{Payloads: []stanza.Element{e}})
		if !ok {
			require.Empty(t, a.digests)
			return
		}
		require.NotEmpty(t, a.asked)
		for _, d := range a.digests {
			require.False(t, d.fits(&Info{}), "nobody has the hash of nothing")
		}
	})
}
