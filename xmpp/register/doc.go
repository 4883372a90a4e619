// Package register makes accounts, changes their passwords and removes them: in-band registration (XEP-0077), with invitations
// (XEP-0401, XEP-0445).
//
//	addr := jid.MustParse("juliet@example.com")
//	o := &xmpp.Options{Password: password}
//	s, err := register.Dial(ctx, addr, o, &register.Request{
//		Values: map[string]string{"email": "juliet@example.com"},
//	})
//	if errors.Is(err, stanza.Conflict) {
//		return fmt.Errorf("the name %s is taken", addr.Localpart())
//	}
//	if err != nil {
//		return err
//	}
//	defer s.Close() // logged in; from now on xmpp.Dial(ctx, addr, o) does it
//
// Dial registers and logs in on one connection. It's inside TLS only, and the password is the one of the Options. What the
// server wants beyond a name and a password, such as the answer to a CAPTCHA, is in the Form that Request.Fill is shown.
// Whether the server asks by a data form or by the older fields makes no difference: both are a Form.
//
// An invitation is an xmpp: URI that lets its bearer register where others can't:
//
//	inv, err := register.ParseInvitation("xmpp:juliet@example.com?register;preauth=TOKEN")
//	if err != nil {
//		return err
//	}
//	s, err := register.Dial(ctx, inv.Account, o, &register.Request{Token: inv.Token})
//
// Invite and InviteAccount make one. An account that is there is looked after by ChangePassword and Remove; Fetch and Submit
// register it with services, such as gateways.
//
// # Errors
//
// An *Error says what was tried and what that means; errors.Is finds the condition: stanza.Conflict for a name that is taken,
// stanza.NotAcceptable for what the server does not like, stanza.ResourceConstraint and stanza.PolicyViolation for too many
// accounts or too weak a password, stanza.NotAllowed for what nobody may do, stanza.ItemNotFound for an invitation that is
// none any more. ErrNotOffered is a server that does not register anybody; *Redirect one that has people do so elsewhere.
//
// # What a server may not do
//
// The password goes into a form of the right FORM_TYPE, into the field that is called so, and nowhere else. A form is bounded
// (see package form). The trace shows nothing of what is said before the login, nor of what is asked and answered by the
// functions here after it; and no password gets into Options.Store, although a request that the server has not acknowledged does.
//
// # Architecture
//
// register.go is what happens before the login, on the seam that package xmpp has for it (Options.BeforeLogin); manage.go what
// an account does, on any Endpoint; invite.go has the invitations. wire.go turns both kinds of question into a Form and a Form
// into the answer. It keeps no state.
package register
