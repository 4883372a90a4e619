package register_test

import (
	"context"
	"errors"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/register"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

const changed = "another password"

// registered is bill, logged in.
func registered(t *testing.T, r *xmpptest.Register) (*xmpptest.Server, *xmpp.Session) {
	t.Helper()
	srv := serve(t, xmpptest.Options{}, r)
	s, err := register.Dial(t.Context(), bill, options(srv), nil)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return srv, s
}

func TestChangePassword(t *testing.T) {
	srv, s := registered(t, &xmpptest.Register{MinPassword: 8})
	require.ErrorIs(t, register.ChangePassword(t.Context(), s, "short", nil), stanza.PolicyViolation)
	require.ErrorContains(t, register.ChangePassword(t.Context(), s, "", nil), "empty")
	require.NoError(t, logsIn(t, srv, calliope))
	require.NoError(t, register.ChangePassword(t.Context(), s, changed, nil))
	require.NoError(t, logsIn(t, srv, changed))
	require.ErrorIs(t, logsIn(t, srv, calliope), sasl.NotAuthorized)
	locked, s := registered(t, &xmpptest.Register{Locked: true})
	err := register.ChangePassword(t.Context(), s, changed, nil)
	require.ErrorIs(t, err, stanza.NotAllowed)
	require.ErrorContains(t, err, `change the password of "bill@canto.test": the server does not allow it`)
	require.NoError(t, logsIn(t, locked, calliope))
}

// A server that wants more says so with a form, which the program fills in or gets with the error (XEP-0077 §3.2, §3.3).
func TestConfirmation(t *testing.T) {
	srv, s := registered(t, &xmpptest.Register{Confirm: true})
	err := register.ChangePassword(t.Context(), s, changed, nil)
	require.ErrorIs(t, err, stanza.NotAllowed)
	var e *register.Error
	require.ErrorAs(t, err, &e)
	require.NotNil(t, e.Form.Field("old_password"))
	require.Empty(t, e.Form.Value("password"), "nothing is filled in for nobody")

	confirm := func(field, password string) func(context.Context, *register.Form) error {
		return func(_ context.Context, f *register.Form) error {
			require.Equal(t, "bill", f.Value("username"))
			return form.Set(f.Fields, field, password)
		}
	}
	require.ErrorIs(t, register.ChangePassword(t.Context(), s, changed, confirm("old_password", "wrong")), stanza.Forbidden)
	mine := errors.New("mine")
	require.ErrorIs(t, register.ChangePassword(t.Context(), s, changed, func(context.Context, *register.Form) error { return mine }), mine)
	require.NoError(t, register.ChangePassword(t.Context(), s, changed, confirm("old_password", calliope)))
	require.NoError(t, logsIn(t, srv, changed))

	require.ErrorIs(t, register.Remove(t.Context(), s, jid.JID{}, confirm("password", "wrong")), stanza.Forbidden)
	require.NoError(t, register.Remove(t.Context(), s, jid.JID{}, confirm("password", changed)))
	require.ErrorIs(t, logsIn(t, srv, changed), sasl.NotAuthorized)
}

// A server that sends back what it was sent asks nobody for anything (RFC 6120 §8.3.1).
func TestRefusalWithTheRequest(t *testing.T) {
	srv, s := registered(t, &xmpptest.Register{})
	srv.ReplaceReply("bill", `<iq type='error' id='${id}' from='${to}'><query xmlns='jabber:iq:register'><username>bill</username><password>x</password></query>
		<error type='cancel'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`)
	err := register.ChangePassword(t.Context(), s, changed, func(context.Context, *register.Form) error {
		t.Error("asked")
		return nil
	})
	require.ErrorIs(t, err, stanza.NotAllowed)
	var e *register.Error
	require.ErrorAs(t, err, &e)
	require.Nil(t, e.Form)
}

// A form for another purpose gets neither the password nor a look.
func TestSecurityS03ConfirmationOfSomethingElse(t *testing.T) {
	srv, s := registered(t, &xmpptest.Register{})
	srv.ReplaceReply("bill", `<iq type='error' id='${id}' from='${to}'><query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='form'>
		<field var='FORM_TYPE' type='hidden'><value>jabber:iq:register:cancel</value></field><field var='password'/></x></query>
		<error type='cancel'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`)
	err := register.ChangePassword(t.Context(), s, changed, func(context.Context, *register.Form) error {
		t.Error("asked")
		return nil
	})
	require.ErrorContains(t, err, "for another purpose")
	require.Len(t, said(srv, changed), 1)
}

// XEP-0077 §3.2: the server ends the streams of an account that it removes, after its answer or before it.
func TestRemove(t *testing.T) {
	for name, r := range map[string]*xmpptest.Register{"after the answer": {}, "before it": {Abrupt: true}} {
		t.Run(name, func(t *testing.T) {
			srv, s := registered(t, r)
			require.NoError(t, register.Remove(t.Context(), s, jid.JID{}, nil))
			<-s.Done()
			require.ErrorIs(t, s.Err(), xmpp.NotAuthorized)
			require.ErrorIs(t, logsIn(t, srv, calliope), sasl.NotAuthorized)
			require.NotContains(t, said(srv, "<remove/>")[0], " to=", "XEP-0077 §3.2: no address")
		})
	}
	srv, s := registered(t, &xmpptest.Register{Locked: true})
	require.ErrorIs(t, register.Remove(t.Context(), s, jid.JID{}, nil), stanza.NotAllowed)
	srv.CloseStream("bill", "policy-violation")
	<-s.Done()
	require.ErrorIs(t, register.Remove(t.Context(), s, jid.JID{}, nil), xmpp.PolicyViolation, "another end is no removal")
}

// No password goes where anybody could read it (XEP-0077 §3.3).
func TestSecurityS08NoPasswordInClear(t *testing.T) {
	srv := serve(t, xmpptest.Options{StartTLS: xmpptest.Off}, &xmpptest.Register{})
	o := srv.Options("alice")
	o.AllowPlaintext = true
	s, err := xmpp.Dial(t.Context(), srv.JID("alice"), o)
	require.NoError(t, err)
	defer s.Close()
	require.ErrorIs(t, register.ChangePassword(t.Context(), s, changed, nil), register.ErrInsecure)
	require.Empty(t, said(srv, "jabber:iq:register"))
	f, err := register.Fetch(t.Context(), s, jid.JID{})
	require.NoError(t, err)
	require.NoError(t, form.Set(f.Fields, "password", changed))
	require.ErrorIs(t, register.Submit(t.Context(), s, jid.JID{}, f), register.ErrInsecure)
	require.Empty(t, said(srv, changed))
}

func TestOnAClient(t *testing.T) {
	srv := serve(t, xmpptest.Options{}, &xmpptest.Register{})
	bot := xmpp.NewClient(bill, register.With(bill, options(srv), nil))
	require.ErrorIs(t, register.ChangePassword(t.Context(), bot, changed, nil), register.ErrOffline)
	online := make(chan struct{})
	bot.Online = func(context.Context, *xmpp.Session) error { close(online); return nil }
	ended := make(chan error, 1)
	go func() { ended <- bot.Run(t.Context()) }()
	<-online
	require.NoError(t, register.ChangePassword(t.Context(), bot, changed, nil))
	require.NoError(t, register.Remove(t.Context(), bot, jid.JID{}, nil))
	require.ErrorIs(t, <-ended, xmpp.NotAuthorized, "and does not come back")
}

// What the server knows of us, and what a service wants of us.
func TestFetchAndSubmit(t *testing.T) {
	srv, s := registered(t, &xmpptest.Register{})
	f, err := register.Fetch(t.Context(), s, jid.JID{})
	require.NoError(t, err)
	require.True(t, f.Registered)
	require.Equal(t, "bill", f.Value("username"))

	// The service of XEP-0077 §3.1, played by another client.
	service := srv.Session(t, "contests", nil)
	type question struct {
		XMLName struct{} `xml:"jabber:iq:register query"`
	}
	xmpp.OnGet(service, func(context.Context, *stanza.IQ, question) (any, error) {
		return stanza.ParseElement(`<query xmlns='jabber:iq:register'><instructions>Use the enclosed form to register.</instructions>
			<x xmlns='jabber:x:data' type='form'><field type='hidden' var='FORM_TYPE'><value>jabber:iq:register</value></field>
			<field type='text-single' label='Given Name' var='first'><required/></field></x></query>`)
	})
	answers := make(chan stanza.Element, 1)
	xmpp.OnSet(service, func(_ context.Context, iq *stanza.IQ, _ question) (any, error) {
		answers <- iq.Payload
		return nil, nil
	})
	f, err = register.Fetch(t.Context(), s, service.JID())
	require.NoError(t, err)
	require.False(t, f.Registered)
	require.Equal(t, []string{"Use the enclosed form to register."}, f.Instructions)
	require.ErrorIs(t, register.Submit(t.Context(), s, service.JID(), f), form.ErrMissing)
	require.NoError(t, form.Set(f.Fields, "first", "Juliet"))
	require.NoError(t, register.Submit(t.Context(), s, service.JID(), f))
	require.Equal(t, "<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>jabber:iq:register</value></field>"+
		"<field var='first' type='text-single'><value>Juliet</value></field></x></query>", (<-answers).String())

	_, err = register.Fetch(t.Context(), s, srv.JID("nobody/x"))
	require.ErrorIs(t, err, stanza.ServiceUnavailable)
	require.ErrorContains(t, err, `ask "nobody@canto.test/x" what it wants`)
}
