package server

import (
	"crypto/rand"
	"strings"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
)

// An invite lets one account be registered (XEP-0401, XEP-0445). Server.mu protects it.
type invite struct {
	user    string // the name that it's for; "" for any
	inviter string // whose contact the new account becomes; "" for nobody's
	used    bool
}

// Invite makes an invitation to register the account of that name, or any if it's empty, and returns its URI (XEP-0445 §2).
func (s *Server) Invite(user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.invite(&invite{user: user})
}

// invite keeps an invitation and returns its URI. Server.mu is held.
func (s *Server) invite(i *invite) string {
	token := strings.ToLower(rand.Text())
	s.invites[token] = i
	u := jid.URI{Action: "register", Address: s.domain, Params: []jid.Param{{Key: "preauth", Value: token}}}
	if i.inviter != "" {
		u.Action, u.Params = "roster", append(u.Params, jid.Param{Key: "ibr", Value: "y"})
	}
	if name := i.user + i.inviter; name != "" {
		u.Address = jid.MustParse(name + "@" + s.domain.Domainpart())
	}
	return u.String()
}

// reserved reports whether a name is kept for another invitation. XEP-0445 §5: it has to be.
func (s *Server) reserved(name string, by *invite) bool {
	for _, i := range s.invites {
		if i.user == name && !i.used && i != by {
			return true
		}
	}
	return false
}

// redeem uses an invitation up, if there is one. Server.mu is held.
func (s *Server) redeem(i *invite, name string) *stanzaError {
	switch {
	case i == nil:
		return nil
	case i.used:
		return &stanzaError{kind: "cancel", condition: "not-allowed", text: "the invitation was used"}
	case i.user != "" && i.user != name:
		return &stanzaError{kind: "modify", condition: "not-acceptable", text: "the invitation is for " + i.user}
	}
	i.used = true
	return nil
}

// welcomeInvited makes a new account a contact of who has invited it; XEP-0401 §5.5: that one is told by a roster push.
func (s *Server) welcomeInvited(inviter, name string) {
	if a := s.accounts[inviter]; a != nil {
		befriend(a, s.accounts[name])
		s.push(a, a.roster.item(s.accounts[name].bare))
	}
}

// inviteModule is XEP-0445 and the commands of XEP-0401.
func inviteModule() module {
	return module{
		name: "invite",
		advertise: func(c *conn) []*Element {
			if !c.mayRegister() {
				return nil
			}
			return []*Element{el(ns.IBRToken, "register")}
		},
		strangers: map[xmltext.Name]strangerHandler{{Space: ns.PreAuth, Local: "preauth"}: preauth},
		iqs:       []iqRoute{{to: toServer, typ: "set", name: xmltext.Name{Space: ns.Commands, Local: "command"}, answer: inviteCommand}},
	}
}

// preauth takes the token of an invitation; XEP-0445 §4: it's not used yet.
func preauth(c *conn, _, payload *Element) (*Element, *stanzaError) {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	i := c.srv.invites[payload.attr("token")]
	if i == nil || i.used {
		return nil, &stanzaError{kind: "cancel", condition: "item-not-found", text: "The provided token is invalid or expired"}
	}
	c.invite = i
	return nil, nil
}

// The commands of XEP-0401 §3.
const (
	inviteUser    = "urn:xmpp:invite#invite"
	inviteAccount = "urn:xmpp:invite#create-account"
)

// inviteCommand makes invitations: at once, or with a form for the name of the account.
func inviteCommand(rq *request) (*Element, *stanzaError) {
	node := rq.payload.attr("node")
	if rq.sender == nil || node != inviteUser && node != inviteAccount {
		return nil, errItemNotFound
	}
	answer := el(ns.Commands, "command", "node", node, "sessionid", "1")
	i := &invite{inviter: rq.sender.account.bare.Localpart()}
	if node == inviteAccount {
		form := rq.payload.child(ns.Data, "x")
		if form == nil {
			name := el(ns.Data, "field", "var", "username", "label", "Username", "type", "text-single")
			more := el(ns.Data, "field", "var", "roster-subscription", "label", "Roster subscription", "type", "boolean")
			return answer.withAttr("status", "executing").with(
				el(ns.Commands, "actions", "execute", "complete").with(el(ns.Commands, "complete")),
				el(ns.Data, "x", "type", "form").with(name, more)), nil
		}
		i = &invite{user: submitted(rq.payload)["username"]}
		if i.user != "" && (rq.srv.accounts[i.user] != nil || rq.srv.reserved(i.user, nil)) {
			return nil, &stanzaError{kind: "cancel", condition: "conflict"}
		}
	}
	uri := rq.srv.invite(i)
	result := el(ns.Data, "x", "type", "result").with(formField("FORM_TYPE", "hidden", "urn:xmpp:invite#invitation"),
		formField("uri", "text-single", uri), formField("landing-url", "text-single", "https://"+rq.srv.domain.Domainpart()+"/invite/#"+tokenOf(uri)),
		formField("expire", "text-single", "2190-11-06T02:56:15Z"))
	return answer.withAttr("status", "completed").with(result), nil
}

// tokenOf is the token in the URI of an invitation.
func tokenOf(uri string) string {
	u, err := jid.ParseURI(uri)
	if err != nil { // it's our own
		panic(err)
	}
	return u.Get("preauth")
}
