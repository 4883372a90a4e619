package register

import (
	"testing"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/stretchr/testify/require"
)

// answers are those of hosts in the examples of XEP-0077 and XEP-0158.
var answers = map[string]string{
	"0077 example 2": `<query xmlns='jabber:iq:register'><instructions>
		Choose a username and password for use with this service.</instructions><username/><password/><email/></query>`,
	"0077 example 3": `<query xmlns='jabber:iq:register'><registered/><username>juliet</username><password>R0m30</password>
		<email>juliet@capulet.com</email></query>`,
	"0077 example 9": `<query xmlns='jabber:iq:register'><instructions>Use the enclosed form to register.</instructions>
		<x xmlns='jabber:x:data' type='form'><title>Contest Registration</title><instructions>Please provide the following information</instructions>
		<field type='hidden' var='FORM_TYPE'><value>jabber:iq:register</value></field><field type='text-single' label='Given Name' var='first'><required/></field>
		<field type='list-single' label='Gender' var='x-gender'><option label='Male'><value>M</value></option><option label='Female'><value>F</value></option></field></x></query>`,
	"0077 example 25": `<query xmlns='jabber:iq:register'><instructions>
		To register, visit http://www.shakespeare.lit/contests.php</instructions><x xmlns='jabber:x:oob'><url>http://www.shakespeare.lit/contests.php</url></x></query>`,
	"0077 §7": `<query xmlns='jabber:iq:register'><username/><password/><key>abc</key><x-new/></query>`,
	"0158 example 11": `<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='form'>
		<field type='hidden' var='FORM_TYPE'><value>jabber:iq:register</value></field><field type='hidden' var='challenge'><value>F3A6292C</value></field>
		<field type='hidden' var='sid'><value>reg1</value></field><field type='hidden' var='answers'><value>3</value></field>
		<field var='ocr' label='Enter the text you see'><media xmlns='urn:xmpp:media-element' height='80' width='290'><uri type='image/jpeg'>
		http://www.victim.com/challenges/ocr.jpeg?F3A6292C</uri></media></field><field label='93C7A' type='text-single' var='SHA-256'/>
		<field type='text-single' var='username'><required/></field><field type='text-private' var='password'><required/></field></x>
		<instructions>To register, visit http://www.victim.com/register.html</instructions><x xmlns='jabber:x:oob'><url>http://www.victim.com/register.html</url></x></query>`,
	"0231": `<query xmlns='jabber:iq:register'><username/><data xmlns='urn:xmpp:bob' cid='sha1+x@bob.xmpp.org'> aGVs
		bG8= </data><data xmlns='urn:xmpp:bob' cid='bad'>%</data><data xmlns='urn:xmpp:bob'>aGVsbG8=</data></query>`,
}

func parse(t testing.TB, s string) (*Form, error) {
	t.Helper()
	e, err := stanza.ParseElement(s)
	require.NoError(t, err)
	return read(e)
}

func mustRead(t testing.TB, name string) *Form {
	t.Helper()
	f, err := parse(t, answers[name])
	require.NoError(t, err)
	return f
}

func TestRead(t *testing.T) {
	f := mustRead(t, "0077 example 2")
	require.Equal(t, []string{"Choose a username and password for use with this service."}, f.Instructions)
	require.Equal(t, form.TextPrivate, f.Field("password").Type)
	_, err := f.answer()
	require.ErrorIs(t, err, form.ErrMissing, "XEP-0077 §3.1: all of them")

	f = mustRead(t, "0077 example 3")
	require.True(t, f.Registered)
	require.Equal(t, "juliet@capulet.com", f.Value("email"))

	f = mustRead(t, "0077 example 9")
	require.Equal(t, []string{"Please provide the following information"}, f.Instructions, "those of the form")
	require.False(t, f.plain)

	_, err = parse(t, answers["0077 example 25"])
	require.Equal(t, &Redirect{URL: "http://www.shakespeare.lit/contests.php", Instructions: "To register, visit http://www.shakespeare.lit/contests.php"}, err)

	f = mustRead(t, "0158 example 11")
	require.Equal(t, "http://www.victim.com/register.html", f.URL, "beside the form, which takes precedence (XEP-0077 §6)")
	require.Equal(t, 290, f.Field("ocr").Media.Width)

	require.Equal(t, map[string][]byte{"cid:sha1+x@bob.xmpp.org": []byte("hello")}, mustRead(t, "0231").Data)
}

// XEP-0077 §7: the key goes back as it came; a field that nobody knows is none (§4).
func TestKey(t *testing.T) {
	f := mustRead(t, "0077 §7")
	require.Len(t, f.Fields, 3)
	require.NoError(t, form.Set(f.Fields, "username", "bill"))
	require.NoError(t, form.Set(f.Fields, "password", "Calliope"))
	q, err := f.answer()
	require.NoError(t, err)
	require.Equal(t, "<query xmlns='jabber:iq:register'><username>bill</username><password>Calliope</password><key>abc</key></query>", stanza.Payload(q).String())
}

// A key without a value is nobody's to fill in.
func TestEmptyKey(t *testing.T) {
	f, err := parse(t, "<query xmlns='jabber:iq:register'><key/></query>")
	require.NoError(t, err)
	_, err = f.answer()
	require.NoError(t, err)
}

func TestRedirectText(t *testing.T) {
	require.Equal(t, `the server only says: "Call\nus"`, (&Redirect{Instructions: "Call\nus"}).Error())
}

// FuzzRead: what can be read can be answered, and shows no more than it has.
func FuzzRead(f *testing.F) {
	for _, s := range answers {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := stanza.ParseElement(s)
		if err != nil {
			return
		}
		form, err := read(e)
		if err != nil {
			_ = err.Error()
			return
		}
		q, err := form.answer()
		if err != nil {
			return
		}
		out := stanza.Payload(q)
		if out.Err() != nil {
			t.Fatalf("%v: %q", out.Err(), s)
		}
		if form.plain != (out.Child("jabber:x:data", "x").IsZero()) {
			t.Fatalf("%q is answered in the other way: %q", s, out)
		}
	})
}

func FuzzParseInvitation(f *testing.F) {
	for _, s := range []string{"xmpp:juliet@example.com?register;preauth=TOKEN", "xmpp:romeo@example.com?roster;preauth=TOKEN;ibr=y", "xmpp:example.com?register"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		inv, err := ParseInvitation(s)
		if err != nil {
			return
		}
		again, err := ParseInvitation(inv.URI)
		if err != nil || again != inv {
			t.Fatalf("%q: %v and %v (%v)", s, inv, again, err)
		}
	})
}
