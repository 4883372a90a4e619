package muc

import (
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/unmarshal"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/stamp"
)

// What goes over the wire. What comes from a room is read by hand: an address in it that is none is left out and harms nothing
// else (S14).

// joinX is what presence carries that asks to come in (XEP-0045 §7.2).
type joinX struct {
	XMLName  xml.Name  `xml:"http://jabber.org/protocol/muc x"`
	History  *historyX `xml:"http://jabber.org/protocol/muc history"`
	Password string    `xml:"http://jabber.org/protocol/muc password,omitempty"`
}

// historyX says how much of the discussion is wanted (XEP-0045 §7.2.14).
type historyX struct {
	MaxChars   *int       `xml:"maxchars,attr,omitempty"`
	MaxStanzas *int       `xml:"maxstanzas,attr,omitempty"`
	Seconds    *int       `xml:"seconds,attr,omitempty"`
	Since      stamp.Time `xml:"since,attr,omitempty"`
}

// userX is what a room says of an occupant, and to one (XEP-0045 §19.2).
type userX struct {
	XMLName  xml.Name   `xml:"http://jabber.org/protocol/muc#user x"`
	Invites  []inviteX  `xml:"http://jabber.org/protocol/muc#user invite"`
	Decline  *inviteX   `xml:"http://jabber.org/protocol/muc#user decline"`
	Destroy  *destroyX  `xml:"http://jabber.org/protocol/muc#user destroy"`
	Items    []userItem `xml:"http://jabber.org/protocol/muc#user item"`
	Password string     `xml:"http://jabber.org/protocol/muc#user password,omitempty"`
	Statuses []statusX  `xml:"http://jabber.org/protocol/muc#user status"`
}

type statusX struct {
	Code status `xml:"code,attr"`
}

// userItem describes an occupant.
type userItem struct {
	Affiliation Affiliation `xml:"affiliation,attr,omitempty"`
	JID         jid.JID     `xml:"jid,attr"`
	Nick        string      `xml:"nick,attr,omitempty"`
	Role        Role        `xml:"role,attr,omitempty"`
	Actor       *actorX     `xml:"http://jabber.org/protocol/muc#user actor"`
	Continue    *continueX  `xml:"http://jabber.org/protocol/muc#user continue"`
	Reason      string      `xml:"http://jabber.org/protocol/muc#user reason,omitempty"`
}

// actorX is who has done something to somebody.
type actorX struct {
	JID  jid.JID `xml:"jid,attr"`
	Nick string  `xml:"nick,attr,omitempty"`
}

type continueX struct {
	Thread string `xml:"thread,attr,omitempty"`
}

// inviteX is an invitation that a room passes on, or its being declined.
type inviteX struct {
	From     jid.JID    `xml:"from,attr"`
	To       jid.JID    `xml:"to,attr"`
	Reason   string     `xml:"http://jabber.org/protocol/muc#user reason,omitempty"`
	Continue *continueX `xml:"http://jabber.org/protocol/muc#user continue"`
}

// destroyX says that a room is no more, and where to go.
type destroyX struct {
	JID      jid.JID `xml:"jid,attr"`
	Reason   string  `xml:"http://jabber.org/protocol/muc#user reason,omitempty"`
	Password string  `xml:"http://jabber.org/protocol/muc#user password,omitempty"`
}

// has reports whether the room has said that.
func (x *userX) has(code status) bool {
	return x != nil && slices.ContainsFunc(x.Statuses, func(s statusX) bool { return s.Code == code })
}

// item is the first, an empty one where there is none.
func (x *userX) item() userItem {
	if x == nil || len(x.Items) == 0 {
		return userItem{}
	}
	return x.Items[0]
}

// UnmarshalXML implements xml.Unmarshaler.
func (x *userX) UnmarshalXML(dec *xml.Decoder, start xml.StartElement) error {
	return unmarshal.Via(dec, start, x, func(e stanza.Element) (userX, error) { return readUser(e), nil })
}

// maxItems is how many children of one kind are read.
const maxItems = 64

// readUser reads what a room says of an occupant.
func readUser(e stanza.Element) userX {
	x := userX{XMLName: e.Name()}
	for c := range e.Children() {
		name := c.Name()
		if name.Space != ns.MUCUser {
			continue
		}
		switch name.Local {
		case "status":
			if code, err := strconv.Atoi(c.Attr("code")); err == nil && len(x.Statuses) < maxItems {
				x.Statuses = append(x.Statuses, statusX{status(code)})
			}
		case "item":
			if len(x.Items) < maxItems {
				x.Items = append(x.Items, readItem(c))
			}
		case "invite":
			if len(x.Invites) < maxItems {
				x.Invites = append(x.Invites, readInvite(c))
			}
		case "decline":
			d := readInvite(c)
			x.Decline = &d
		case "destroy":
			x.Destroy = &destroyX{address(c, "jid"), text(c, "reason"), text(c, "password")}
		case "password":
			x.Password = c.Text()
		}
	}
	return x
}

func readItem(e stanza.Element) userItem {
	it := userItem{Affiliation: readAffiliation(e.Attr("affiliation")), JID: address(e, "jid"), Nick: e.Attr("nick"), Role: readRole(e.Attr("role"))}
	space := e.Name().Space
	if a := e.Child(space, "actor"); !a.IsZero() {
		it.Actor = &actorX{address(a, "jid"), a.Attr("nick")}
	}
	if c := e.Child(space, "continue"); !c.IsZero() {
		it.Continue = &continueX{c.Attr("thread")}
	}
	it.Reason = text(e, "reason")
	return it
}

func readInvite(e stanza.Element) inviteX {
	i := inviteX{From: address(e, "from"), To: address(e, "to"), Reason: text(e, "reason")}
	if c := e.Child(e.Name().Space, "continue"); !c.IsZero() {
		i.Continue = &continueX{c.Attr("thread")}
	}
	return i
}

// address is an attribute that is a JID; zero where it's none.
func address(e stanza.Element, attr string) jid.JID {
	j, _ := jid.Parse(e.Attr(attr)) // what is none is as good as absent
	return j
}

// text is what stands in a child of the element's own namespace.
func text(e stanza.Element, local string) string {
	return e.Child(e.Name().Space, local).Text()
}

// userOf returns what the room says in a stanza; nil: nothing. Rooms take out what others put there, and add theirs: where two are there
// all the same, nobody can tell them apart, and the first is the room's in no server that is known, so the last one counts.
func userOf(st stanza.Stanza) *userX {
	for _, e := range slices.Backward(st.Elements()) {
		if e.Is(ns.MUCUser, "x") {
			x := readUser(e)
			return &x
		}
	}
	return nil
}

// adminQuery asks for lists and changes them (XEP-0045 §19.3).
type adminQuery struct {
	XMLName xml.Name    `xml:"http://jabber.org/protocol/muc#admin query"`
	Items   []adminItem `xml:"http://jabber.org/protocol/muc#admin item"`
}

type adminItem struct {
	Affiliation Affiliation `xml:"affiliation,attr,omitempty"`
	JID         jid.JID     `xml:"jid,attr"`
	Nick        string      `xml:"nick,attr,omitempty"`
	Role        Role        `xml:"role,attr,omitempty"`
	Actor       *adminActor `xml:"http://jabber.org/protocol/muc#admin actor"`
	Reason      string      `xml:"http://jabber.org/protocol/muc#admin reason,omitempty"`
}

type adminActor struct {
	JID  jid.JID `xml:"jid,attr"`
	Nick string  `xml:"nick,attr,omitempty"`
}

// UnmarshalXML implements xml.Unmarshaler.
func (q *adminQuery) UnmarshalXML(dec *xml.Decoder, start xml.StartElement) error {
	return unmarshal.Via(dec, start, q, readAdmin)
}

func readAdmin(e stanza.Element) (q adminQuery, err error) {
	q.XMLName = e.Name()
	for c := range e.Children() {
		if c.Is(ns.MUCAdmin, "item") {
			it := readItem(c)
			item := adminItem{Affiliation: it.Affiliation, JID: it.JID, Nick: it.Nick, Role: it.Role, Reason: it.Reason}
			if it.Actor != nil {
				item.Actor = &adminActor{it.Actor.JID, it.Actor.Nick}
			}
			q.Items = append(q.Items, item)
		}
	}
	return q, nil
}

// ownerQuery is what owners ask for (XEP-0045 §19.4).
type ownerQuery struct {
	XMLName xml.Name      `xml:"http://jabber.org/protocol/muc#owner query"`
	Form    *form.Form    `xml:"jabber:x:data x"`
	Destroy *ownerDestroy `xml:"http://jabber.org/protocol/muc#owner destroy"`
}

type ownerDestroy struct {
	JID      jid.JID `xml:"jid,attr"`
	Reason   string  `xml:"http://jabber.org/protocol/muc#owner reason,omitempty"`
	Password string  `xml:"http://jabber.org/protocol/muc#owner password,omitempty"`
}

// conferenceX is an invitation that comes from the one who invites (XEP-0249).
type conferenceX struct {
	XMLName  xml.Name `xml:"jabber:x:conference x"`
	JID      jid.JID  `xml:"jid,attr"`
	Continue bool     `xml:"continue,attr,omitempty"`
	Password string   `xml:"password,attr,omitempty"`
	Reason   string   `xml:"reason,attr,omitempty"`
	Thread   string   `xml:"thread,attr,omitempty"`
}

// occupantIDX is XEP-0421.
type occupantIDX struct {
	XMLName xml.Name `xml:"urn:xmpp:occupant-id:0 occupant-id"`
	ID      string   `xml:"id,attr"`
}

// hatsX is XEP-0317.
type hatsX struct {
	XMLName xml.Name `xml:"urn:xmpp:hats:0 hats"`
	Hats    []hatX   `xml:"urn:xmpp:hats:0 hat"`
}

type hatX struct {
	Hat
	More []stanza.Element `xml:",any"` // of a room's own
}

// moderateX asks a room to take a message back (XEP-0425).
type moderateX struct {
	XMLName xml.Name `xml:"urn:xmpp:message-moderate:1 moderate"`
	ID      string   `xml:"id,attr"`
	Retract struct {
		XMLName xml.Name `xml:"urn:xmpp:message-retract:1 retract"`
	}
	Reason string `xml:"urn:xmpp:message-moderate:1 reason,omitempty"`
}

// retractX is a message that is taken back, by a moderator where Moderated is there.
type retractX struct {
	XMLName   xml.Name    `xml:"urn:xmpp:message-retract:1 retract"`
	ID        string      `xml:"id,attr,omitempty"`
	Moderated *moderatedX `xml:"urn:xmpp:message-moderate:1 moderated"`
	Reason    string      `xml:"reason,omitempty"` // ejabberd 24 has it in another namespace
}

type moderatedX struct {
	By       string       `xml:"by,attr,omitempty"`
	Occupant *occupantIDX `xml:"urn:xmpp:occupant-id:0 occupant-id"`
}

// pingX is XEP-0199, to oneself (XEP-0410).
type pingX struct {
	XMLName xml.Name `xml:"urn:xmpp:ping ping"`
}

// clip cuts a text that is kept, and parts it from the stanza that it came with.
func clip(s string, limit int) string {
	return strings.Clone(strings.ToValidUTF8(s[:min(len(s), limit)], ""))
}

// seconds rounds up: to ask for less than was meant would lose something.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
