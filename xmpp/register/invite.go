package register

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
)

// An Invitation lets its bearer register an account (XEP-0401, XEP-0445).
type Invitation struct {
	Account jid.JID   // the account to register; without a localpart, the bearer may choose one
	Inviter jid.JID   // who becomes a contact of the new account; zero: nobody
	Token   string    // for Request.Token; whoever has it may register
	URI     string    // the invitation as it's handed on: an xmpp: URI
	Page    string    // the same for the web browser of one who has no client yet; "" if there is none
	Expires time.Time // until when it's good; zero: it does not say
}

var (
	errNoInvitation = errors.New("register: the URI is no invitation to register")
	errContactOnly  = errors.New("register: the URI is an invitation to be somebody's contact, and not to register (XEP-0401 §5.1: it does not say ibr=y)")
)

// ParseInvitation reads an xmpp: URI that invites to register (XEP-0445 §2), or to register and become somebody's contact. One
// without a token is an invitation to a server where anybody may register (XEP-0077 §13.3.1).
func ParseInvitation(uri string) (Invitation, error) {
	u, err := jid.ParseURI(strings.TrimSpace(uri))
	if err != nil {
		return Invitation{}, err
	}
	inv := Invitation{Account: u.Address.Bare(), Token: u.Get("preauth"), URI: u.String()}
	switch {
	case u.Address.IsZero():
		return Invitation{}, errNoInvitation
	case u.Action == "register":
		return inv, nil
	case u.Action != "roster" || inv.Token == "":
		return Invitation{}, errNoInvitation
	case u.Get("ibr") != "y":
		return Invitation{}, errContactOnly
	}
	inv.Account, inv.Inviter = u.Address.Domain(), u.Address.Bare()
	return inv, nil
}

// The commands of XEP-0401 §3.
const (
	inviteContact = "urn:xmpp:invite#invite"
	inviteAccount = "urn:xmpp:invite#create-account"
)

// Invite makes an invitation to become our contact. Where our server lets us invite to register with it, too, it has a Token and an
// Account (XEP-0401 §5.1); else only URI and Page. The error is an *Error.
func Invite(ctx context.Context, e xmpp.Endpoint) (Invitation, error) {
	inv, err := runInvite(ctx, e, inviteContact, "")
	if err != nil {
		return Invitation{}, &Error{Op: "invite somebody", Err: err}
	}
	return inv, nil
}

// InviteAccount makes an invitation to register the account of that name, or one that the bearer chooses if it's empty
// (XEP-0401 §5.4). Servers let administrators do so. One that does not take names makes an invitation without: see Account.
// The error is an *Error.
func InviteAccount(ctx context.Context, e xmpp.Endpoint, username string) (Invitation, error) {
	inv, err := runInvite(ctx, e, inviteAccount, username)
	if err != nil {
		return Invitation{}, &Error{Op: fmt.Sprintf("invite %q to register", username), Err: err}
	}
	return inv, nil
}

// A command is one step of an ad-hoc command (XEP-0050), as far as invitations need it.
type command struct {
	XMLName xml.Name   `xml:"http://jabber.org/protocol/commands command"`
	Node    string     `xml:"node,attr"`
	Session string     `xml:"sessionid,attr,omitempty"`
	Action  string     `xml:"action,attr,omitempty"`
	Status  string     `xml:"status,attr,omitempty"`
	Form    *form.Form `xml:"jabber:x:data x"`
	Notes   []note     `xml:"http://jabber.org/protocol/commands note"`
}

type note struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

func runInvite(ctx context.Context, e xmpp.Endpoint, node, username string) (Invitation, error) {
	c, err := step(ctx, e, command{Node: node, Action: "execute"})
	if err != nil {
		return Invitation{}, err
	}
	if c.Status == "executing" && c.Form != nil {
		if username != "" {
			if err := form.Set(c.Form.Fields, "username", username); err != nil {
				return Invitation{}, err
			}
		}
		answer, err := c.Form.Submit()
		if err != nil {
			return Invitation{}, err
		}
		if c, err = step(ctx, e, command{Node: node, Session: c.Session, Action: "complete", Form: answer}); err != nil {
			return Invitation{}, err
		}
	}
	return c.invitation()
}

// step takes one step of a command.
func step(ctx context.Context, e xmpp.Endpoint, c command) (command, error) {
	reply, err := e.Do(ctx, &stanza.IQ{Type: stanza.Set, To: e.JID().Domain(), Payload: stanza.Payload(c)})
	if err != nil {
		return command{}, err
	}
	var got command
	if err := reply.Payload.Decode(&got); err != nil {
		return command{}, err
	}
	for _, n := range got.Notes {
		if n.Type == "error" { // XEP-0050 §3.4
			return command{}, fmt.Errorf("the server says: %q", n.Text)
		}
	}
	return got, nil
}

var errNoResult = errors.New("the server's answer has no invitation in it")

// invitation reads the result of XEP-0401 §5.1.
func (c command) invitation() (Invitation, error) {
	if c.Form == nil || c.Status != "completed" {
		return Invitation{}, errNoResult
	}
	if t := c.Form.FormType(); t != "" && t != "urn:xmpp:invite#invitation" { // Prosody 0.12 sends none
		return Invitation{}, errOtherForm
	}
	inv, err := ParseInvitation(c.Form.Value("uri"))
	switch {
	case errors.Is(err, errContactOnly):
		inv = Invitation{URI: c.Form.Value("uri")}
	case err != nil:
		return Invitation{}, err
	}
	inv.Page = c.Form.Value("landing-url")
	for _, name := range []string{"expire", "expiry"} { // XEP-0401 §5.1 has one, §12.1 the other
		if t, err := form.Get[time.Time](c.Form.Fields, name); err == nil {
			inv.Expires = t
		}
	}
	return inv, nil
}
