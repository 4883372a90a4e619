package register_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/register"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// A server that lies gets no password, and does no harm: forms for another purpose, of another shape or without end, answers
// to something else.
func TestSecurityS03ForgedRegistrationForms(t *testing.T) {
	asks := func(inside string) string {
		return "<iq type='result' id='${id}'><query xmlns='jabber:iq:register'>" + inside + "</query></iq>"
	}
	data := func(inside string) string { return asks("<x xmlns='jabber:x:data' type='form'>" + inside + "</x>") }
	const names = "<field var='username'/><field var='password'/>"
	ofType := func(t string) string { return "<field var='FORM_TYPE' type='hidden'><value>" + t + "</value></field>" }
	for name, c := range map[string]struct {
		answer string
		says   string
		is     error
	}{
		"a form to remove an account":  {answer: data(ofType("jabber:iq:register:cancel") + names), says: "for another purpose"},
		"a form of somebody else":      {answer: data(ofType("urn:x") + names), says: "for another purpose"},
		"a form that is a result":      {answer: strings.Replace(data(names), "'form'", "'result'", 1), says: "for another purpose"},
		"a form beside the fields":     {answer: asks("<username/><password/><x xmlns='jabber:x:data' type='form'>" + ofType("urn:x") + names + "</x>"), says: "for another purpose"},
		"no field for the password":    {answer: data("<field var='username'/>"), is: form.ErrNoField},
		"no field for the name":        {answer: asks("<password/>"), is: form.ErrNoField},
		"a name that may not be ours":  {answer: data("<field var='username' type='list-single'><option><value>other</value></option></field><field var='password'/>"), is: form.ErrOption},
		"a password to read":           {answer: data("<field var='username'/><field var='password' type='fixed'/>"), is: form.ErrType},
		"fields of another namespace":  {answer: asks("<username xmlns='urn:x'/><password xmlns='urn:x'/>"), says: "asks for nothing"},
		"nothing":                      {answer: asks(""), says: "asks for nothing"},
		"no query":                     {answer: "<iq type='result' id='${id}'/>", says: "is no question"},
		"another query":                {answer: "<iq type='result' id='${id}'><query xmlns='jabber:iq:roster'/></iq>", says: "is no question"},
		"a form without end":           {answer: data(strings.Repeat("<field/>", 1<<16)), says: "more than 65536 elements"},
		"more than a stanza may have":  {answer: data("<field var='" + strings.Repeat("x", 1<<20) + "'/>"), says: "policy-violation"},
		"the answer to something else": {answer: "<iq type='result' id='other'/>", says: `the id "other"`},
		"an answer of somebody else":   {answer: "<iq type='result' id='${id}' from='example.org'/>", says: `from "example.org"`},
		"no answer, but success":       {answer: "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", says: "<success "},
	} {
		t.Run(name, func(t *testing.T) {
			srv := serve(t, xmpptest.Options{Tamper: func(e xmpptest.Exchange) string {
				if e.Step != xmpptest.StepRegister {
					return e.XML
				}
				_, id, _ := strings.Cut(e.XML, " id='")
				id, _, _ = strings.Cut(id, "'")
				return strings.ReplaceAll(c.answer, "${id}", id)
			}}, &xmpptest.Register{})
			_, err := register.Dial(t.Context(), bill, options(srv), nil)
			require.ErrorIs(t, err, cmpError(c.is, err))
			require.ErrorContains(t, err, c.says)
			var e *register.Error
			require.ErrorAs(t, err, &e)
			require.Empty(t, said(srv, "Calliope"), "the password has not left")
			require.Zero(t, srv.Stats().Logins)
		})
	}
}

// A feature that somebody has put there makes us ask, and no more.
func TestSecurityS03ForgedRegistrationFeature(t *testing.T) {
	srv := serve(t, xmpptest.Options{Tamper: func(e xmpptest.Exchange) string {
		return strings.Replace(e.XML, "</stream:features>", "<register xmlns='http://jabber.org/features/iq-register'/></stream:features>", 1)
	}}, nil)
	_, err := register.Dial(t.Context(), bill, options(srv), nil)
	require.ErrorIs(t, err, xmpp.NotAuthorized)
	require.Empty(t, said(srv, "Calliope"))
}

// What is asked and answered before the login is in neither trace nor log.
func TestSecurityS21RegistrationIsNotTraced(t *testing.T) {
	srv := serve(t, xmpptest.Options{}, &xmpptest.Register{Form: true})
	var mu sync.Mutex
	var trace strings.Builder
	write := func(b []byte) {
		mu.Lock()
		defer mu.Unlock()
		trace.Write(b)
	}
	o := options(srv)
	o.Trace = &xmpp.Trace{Sent: write, Received: write}
	s, err := register.Dial(t.Context(), bill, o, nil)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	mu.Lock()
	defer mu.Unlock()
	require.NotContains(t, trace.String(), "Calliope")
	require.Equal(t, 4, strings.Count(trace.String(), ">[SASL]</iq>"), "two questions and two answers")
}

// Nor is what is asked and answered after it: the new password, the old one, and what the server sends back.
func TestSecurityS21ChangesAreNotTraced(t *testing.T) {
	confirm := func(field, value string) func(context.Context, *register.Form) error {
		return func(_ context.Context, f *register.Form) error { return form.Set(f.Fields, field, value) }
	}
	for name, confirmed := range map[string]bool{"by fields": false, "by forms": true} {
		t.Run(name, func(t *testing.T) {
			srv := serve(t, xmpptest.Options{}, &xmpptest.Register{Confirm: confirmed})
			var mu sync.Mutex
			var trace strings.Builder
			write := func(b []byte) {
				mu.Lock()
				defer mu.Unlock()
				trace.Write(b)
			}
			o := options(srv)
			o.Trace = &xmpp.Trace{Sent: write, Received: write}
			s, err := register.Dial(t.Context(), bill, o, nil)
			require.NoError(t, err)
			srv.ReplaceReply("bill", `<iq type='error' id='${id}' from='${to}'><query xmlns='jabber:iq:register'><password>`+changed+`</password></query>
				<error type='cancel'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`)
			require.ErrorIs(t, register.ChangePassword(t.Context(), s, changed, nil), stanza.NotAllowed)
			require.NoError(t, register.ChangePassword(t.Context(), s, changed, confirm("old_password", calliope)))
			f, err := register.Fetch(t.Context(), s, jid.JID{})
			require.NoError(t, err)
			require.NoError(t, form.Set(f.Fields, "password", "a third password"))
			require.Equal(t, confirmed, register.Submit(t.Context(), s, jid.JID{}, f) != nil, "that is no way round the form")
			require.NoError(t, register.Remove(t.Context(), s, jid.JID{}, confirm("password", changed)))
			<-s.Done()
			mu.Lock()
			defer mu.Unlock()
			require.NotEmpty(t, said(srv, changed))
			for _, secret := range []string{calliope, changed, "a third password"} {
				require.NotContains(t, strings.ReplaceAll(trace.String(), "&apos;", "'"), secret)
			}
			require.GreaterOrEqual(t, strings.Count(trace.String(), ">[SASL]</query></iq>"), 5)
			require.Contains(t, trace.String(), "not-authorized", "the end of the stream is there")
		})
	}
}
