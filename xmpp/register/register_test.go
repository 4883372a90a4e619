package register_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/register"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// read types what the picture of the server's CAPTCHA shows.
func read(t *testing.T) func(context.Context, *register.Form) error {
	return func(_ context.Context, f *register.Form) error {
		assert.Equal(t, "bill", f.Value("username"))
		picture, ok := f.Field("ocr").Media.Find("image/")
		assert.True(t, ok)
		assert.Equal(t, "picture", string(f.Data[picture.URI]))
		return form.Set(f.Fields, "ocr", "7nHL3")
	}
}

// However the server asks, the account is there afterwards, and its session too; the same options then log in.
func TestDial(t *testing.T) {
	email := &register.Request{Values: map[string]string{"email": "bill@example.com", "unasked": "x", form.TypeVar: "x"}}
	for name, c := range map[string]struct {
		o    xmpptest.Options
		r    xmpptest.Register
		ask  *register.Request
		with string // what the answer has in it
	}{
		"fields":          {r: xmpptest.Register{}, with: "<username>"},
		"more fields":     {r: xmpptest.Register{Fields: []string{"email"}}, ask: email, with: "<email>bill@example.com</email>"},
		"both":            {r: xmpptest.Register{Form: true, Fields: []string{"email"}}, ask: email, with: "<field"},
		"a form":          {r: xmpptest.Register{FormOnly: true}, with: "<field"},
		"a CAPTCHA":       {r: xmpptest.Register{Captcha: "7nHL3"}, ask: &register.Request{Fill: read(t)}, with: "F3A6292C"},
		"SASL2":           {o: xmpptest.Options{SASL2: &xmpptest.SASL2{Only: true}}, with: "<username>"},
		"one login PLAIN": {o: xmpptest.Options{Mechanisms: []string{"PLAIN"}}, with: "<username>"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := serve(t, c.o, &c.r)
			o := options(srv)
			s, err := register.Dial(t.Context(), bill, o, c.ask)
			require.NoError(t, err)
			require.Equal(t, bill, s.JID().Bare())
			require.NoError(t, s.Close())
			require.EqualValues(t, 1, srv.Stats().Conns, "registered and logged in on one connection")
			sent := said(srv, "jabber:iq:register")
			require.Len(t, sent, 2, "a question and an answer")
			require.Contains(t, sent[1], c.with)
			require.NotEqual(t, strings.Contains(sent[1], "<username>"), strings.Contains(sent[1], "jabber:x:data"), "XEP-0077 §4: never both")
			require.NotContains(t, sent[1], "unasked")
			require.Nil(t, o.BeforeLogin, "the options stay as they are")
			s, err = xmpp.Dial(t.Context(), bill, o)
			require.NoError(t, err)
			require.NoError(t, s.Close())
		})
	}
}

// An account that is being registered is registered once, however often its Client connects.
func TestClientRegistersOnce(t *testing.T) {
	srv := serve(t, xmpptest.Options{Without: []string{"sm"}}, &xmpptest.Register{})
	bot := xmpp.NewClient(bill, register.With(bill, options(srv), nil))
	online := make(chan struct{})
	bot.Online = func(context.Context, *xmpp.Session) error {
		online <- struct{}{}
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- bot.Run(ctx) }()
	<-online
	srv.DropConns()
	<-online
	cancel()
	<-ended
	require.Len(t, said(srv, "jabber:iq:register"), 2)
}

// What a registration may fail by, as a condition and in words; nobody is logged in then.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		r    *xmpptest.Register
		addr string
		ask  *register.Request
		is   error
		says string
	}{
		"a name that is taken":       {r: &xmpptest.Register{}, addr: "nobody@canto.test", is: stanza.Conflict, says: "the name is taken"},
		"too many accounts":          {r: &xmpptest.Register{Limit: 1}, is: stanza.ResourceConstraint, says: "try again later"},
		"too weak a password":        {r: &xmpptest.Register{MinPassword: 100}, is: stanza.PolicyViolation, says: "a stronger password"},
		"by invitation":              {r: &xmpptest.Register{InviteOnly: true}, is: stanza.NotAllowed, says: "does not allow it"},
		"an invitation that is none": {r: &xmpptest.Register{}, ask: &register.Request{Token: "none"}, is: stanza.ItemNotFound, says: "the invitation: "},
		"not offered":                {is: register.ErrNotOffered, says: `register "bill@canto.test"`},
		"an answer that is missing":  {r: &xmpptest.Register{Fields: []string{"email"}}, is: form.ErrMissing, says: `"email"`},
		"a wrong answer":             {r: &xmpptest.Register{Captcha: "7nHL3"}, ask: &register.Request{Values: map[string]string{"ocr": "x"}}, is: stanza.NotAcceptable, says: "not what the picture shows"},
		"no name":                    {r: &xmpptest.Register{}, addr: "canto.test", says: "no localpart"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := serve(t, xmpptest.Options{}, c.r)
			o, addr := options(srv), bill
			if c.addr != "" {
				addr = jid.MustParse(c.addr)
			}
			if c.addr == "canto.test" {
				o.SASL = []sasl.Mechanism{sasl.Anonymous("")}
			}
			if c.is == stanza.ResourceConstraint {
				s, err := register.Dial(t.Context(), jid.MustParse("first@canto.test"), o, nil)
				require.NoError(t, err)
				require.NoError(t, s.Close())
			}
			before := srv.Stats().Logins
			_, err := register.Dial(t.Context(), addr, o, c.ask)
			require.ErrorIs(t, err, cmpError(c.is, err))
			require.ErrorContains(t, err, c.says)
			var e *register.Error
			require.ErrorAs(t, err, &e)
			require.NotContains(t, err.Error(), calliope)
			if errors.Is(err, form.ErrMissing) {
				require.NotNil(t, e.Form.Field("email"), "what is to be filled in")
			}
			require.Equal(t, before, srv.Stats().Logins)
			require.Zero(t, srv.Stats().LoginFailures)
		})
	}
}

// cmpError is want, or err itself where nothing special is wanted.
func cmpError(want, err error) error {
	if want == nil {
		return err
	}
	return want
}

func TestRedirect(t *testing.T) {
	srv := serve(t, xmpptest.Options{}, &xmpptest.Register{URL: "https://example.net/register"})
	_, err := register.Dial(t.Context(), bill, options(srv), nil)
	var elsewhere *register.Redirect
	require.ErrorAs(t, err, &elsewhere)
	require.Equal(t, &register.Redirect{URL: "https://example.net/register", Instructions: "To register, visit https://example.net/register"}, elsewhere)
	require.ErrorContains(t, err, `"https://example.net/register"`)
	require.Empty(t, said(srv, calliope))
}

func TestWithoutAPassword(t *testing.T) {
	srv := serve(t, xmpptest.Options{}, &xmpptest.Register{})
	o := options(srv)
	o.Password = ""
	_, err := register.Dial(t.Context(), bill, o, nil)
	require.ErrorContains(t, err, "Options.Password is empty")
	require.Empty(t, said(srv, "jabber:iq:register"))
}

// XEP-0077 §11: not in clear, whatever is offered there and allowed.
func TestSecurityS08RegistrationInClear(t *testing.T) {
	srv := serve(t, xmpptest.Options{StartTLS: xmpptest.Off, Tamper: func(e xmpptest.Exchange) string {
		return strings.Replace(e.XML, "</stream:features>", "<register xmlns='http://jabber.org/features/iq-register'/></stream:features>", 1)
	}}, &xmpptest.Register{})
	o := options(srv)
	o.AllowPlaintext = true
	_, err := register.Dial(t.Context(), bill, o, nil)
	require.ErrorContains(t, err, "for connections with TLS")
	require.Empty(t, said(srv, "jabber:iq:register"))
}

// Who is asked may decline, and ctx may end meanwhile: nothing is registered then.
func TestFillFails(t *testing.T) {
	srv := serve(t, xmpptest.Options{}, &xmpptest.Register{})
	mine := errors.New("mine")
	_, err := register.Dial(t.Context(), bill, options(srv), &register.Request{Fill: func(context.Context, *register.Form) error { return mine }})
	require.ErrorIs(t, err, mine)
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err = register.Dial(ctx, bill, options(srv), &register.Request{Fill: func(context.Context, *register.Form) error {
		cancel(mine)
		return nil
	}})
	require.ErrorIs(t, err, mine)
	require.Empty(t, said(srv, calliope))
}

func TestInvitation(t *testing.T) {
	srv := serve(t, xmpptest.Options{}, &xmpptest.Register{InviteOnly: true})
	inv, err := register.ParseInvitation(srv.Invite("bill"))
	require.NoError(t, err)
	require.Equal(t, bill, inv.Account)
	s, err := register.Dial(t.Context(), inv.Account, options(srv), &register.Request{Token: inv.Token})
	require.NoError(t, err)
	require.NoError(t, s.Close())

	// XEP-0445 §3: a token is shown only to a server that takes such.
	deaf := serve(t, xmpptest.Options{Without: []string{"invite"}}, &xmpptest.Register{})
	_, err = register.Dial(t.Context(), inv.Account, options(deaf), &register.Request{Token: inv.Token})
	require.ErrorIs(t, err, register.ErrNotOffered)
	require.ErrorContains(t, err, "invitations")
	require.Empty(t, said(deaf, inv.Token))
}
