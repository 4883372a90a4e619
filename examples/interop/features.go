package main

import (
	"context"
	"encoding/xml"
	"slices"
	"strings"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
)

// A discoInfo asks what an entity can (XEP-0030).
type discoInfo struct {
	XMLName    xml.Name `xml:"http://jabber.org/protocol/disco#info query"`
	Identities []struct {
		Category string `xml:"category,attr"`
		Type     string `xml:"type,attr"`
		Name     string `xml:"name,attr"`
	} `xml:"identity"`
	Features []struct {
		Var string `xml:"var,attr"`
	} `xml:"feature"`
}

// A discoItems asks what else there is (XEP-0030).
type discoItems struct {
	XMLName xml.Name `xml:"http://jabber.org/protocol/disco#items query"`
	Items   []struct {
		JID jid.JID `xml:"jid,attr"`
	} `xml:"item"`
}

// A feature is a specification that somebody at the server offers.
type feature struct {
	spec, name string
	by         []string // "stream", "server", "account", or the address of a service
}

// specs says which specification a namespace belongs to. A name that ends in "*" stands for all that begin so.
var specs = []struct{ space, spec, name string }{
	{"urn:ietf:params:xml:ns:xmpp-bind", "RFC 6120", "Resource Binding"},
	{"urn:ietf:params:xml:ns:xmpp-session", "RFC 3921", "Session Establishment"},
	{"urn:xmpp:features:rosterver", "RFC 6121", "Roster Versioning"},
	{"urn:xmpp:features:pre-approval", "RFC 6121", "Subscription Pre-Approval"},
	{"jabber:iq:roster", "RFC 6121", "Roster"},
	{"jabber:x:data", "XEP-0004", "Data Forms"},
	{"jabber:iq:last", "XEP-0012", "Last Activity"},
	{"msgoffline", "XEP-0160", "Offline Messages"},
	{"http://jabber.org/protocol/offline", "XEP-0013", "Flexible Offline Message Retrieval"},
	{"jabber:iq:privacy", "XEP-0016", "Privacy Lists"},
	{"http://jabber.org/protocol/disco#*", "XEP-0030", "Service Discovery"},
	{"http://jabber.org/protocol/muc*", "XEP-0045", "Multi-User Chat"},
	{"jabber:iq:private", "XEP-0049", "Private XML Storage"},
	{"http://jabber.org/protocol/commands", "XEP-0050", "Ad-Hoc Commands"},
	{"vcard-temp", "XEP-0054", "vcard-temp"},
	{"jabber:iq:search", "XEP-0055", "Jabber Search"},
	{"http://jabber.org/protocol/rsm", "XEP-0059", "Result Set Management"},
	{"http://jabber.org/protocol/pubsub*", "XEP-0060", "Publish-Subscribe"},
	{"http://jabber.org/protocol/bytestreams", "XEP-0065", "SOCKS5 Bytestreams"},
	{"jabber:iq:register", "XEP-0077", "In-Band Registration"},
	{"http://jabber.org/features/iq-register", "XEP-0077", "In-Band Registration"},
	{"jabber:iq:version", "XEP-0092", "Software Version"},
	{"http://jabber.org/protocol/caps*", "XEP-0115", "Entity Capabilities"},
	{"http://jabber.org/features/compress", "XEP-0138", "Stream Compression"},
	{"vcard-temp:x:update", "XEP-0153", "vCard-Based Avatars"},
	{"http://jabber.org/protocol/pubsub#pep", "XEP-0163", "Personal Eventing Protocol"},
	{"urn:xmpp:receipts", "XEP-0184", "Message Delivery Receipts"},
	{"urn:xmpp:blocking", "XEP-0191", "Blocking Command"},
	{"jabber:iq:time", "XEP-0090", "Legacy Entity Time"},
	{"urn:ietf:params:xml:ns:vcard-4.0", "XEP-0292", "vCard4 Over XMPP"},
	{"urn:xmpp:occupant-id:0", "XEP-0421", "Occupant identifiers"},
	{"urn:xmpp:sm:2", "XEP-0198", "Stream Management, its former version"},
	{"urn:xmpp:sm:3", "XEP-0198", "Stream Management"},
	{"urn:xmpp:ping", "XEP-0199", "XMPP Ping"},
	{"urn:xmpp:time", "XEP-0202", "Entity Time"},
	{"urn:xmpp:delay", "XEP-0203", "Delayed Delivery"},
	{"urn:xmpp:extdisco:2", "XEP-0215", "External Service Discovery"},
	{"urn:xmpp:carbons:2", "XEP-0280", "Message Carbons"},
	{"urn:xmpp:carbons:rules:0", "XEP-0280", "Message Carbons, recommended rules"},
	{"urn:xmpp:hashes:2", "XEP-0300", "Cryptographic Hash Functions"},
	{"urn:xmpp:mam:*", "XEP-0313", "Message Archive Management"},
	{"urn:xmpp:csi:0", "XEP-0352", "Client State Indication"},
	{"urn:xmpp:push:0", "XEP-0357", "Push Notifications"},
	{"urn:xmpp:sid:0", "XEP-0359", "Unique and Stable Stanza IDs"},
	{"urn:xmpp:http:upload:0", "XEP-0363", "HTTP File Upload"},
	{"urn:xmpp:sasl:2", "XEP-0388", "Extensible SASL Profile"},
	{"urn:xmpp:bind:0", "XEP-0386", "Bind 2"},
	{"urn:xmpp:pep-vcard-conversion:0", "XEP-0398", "User Avatar to vCard-Based Avatars"},
	{"urn:xmpp:bookmarks:1#compat*", "XEP-0402", "PEP Native Bookmarks"},
	{"urn:xmpp:bookmarks-conversion:0", "XEP-0411", "Bookmarks Conversion"},
	{"urn:xmpp:sasl-cb:0", "XEP-0440", "SASL Channel-Binding Type Capability"},
	{"urn:xmpp:stream-limits:0", "XEP-0478", "Stream Limits"},
	{"urn:xmpp:fast:0", "XEP-0484", "Fast Authentication Streamlining Tokens"},
}

// specOf returns the specification of a namespace; "" for one that's not known here.
func specOf(space string) (spec, name string) {
	long := -1
	for _, s := range specs {
		prefix, open := strings.CutSuffix(s.space, "*")
		if (space == prefix || open && strings.HasPrefix(space, prefix)) && len(prefix) > long {
			long, spec, name = len(prefix), s.spec, s.name
		}
	}
	return spec, name
}

// offer notes that somebody offers what a namespace stands for.
func (r *report) offer(space, by string) {
	spec, name := specOf(space)
	if spec == "" {
		spec, name = "other", space
	}
	for i := range r.features {
		if f := &r.features[i]; f.spec == spec && f.name == name {
			if !slices.Contains(f.by, by) {
				f.by = append(f.by, by)
			}
			return
		}
	}
	r.features = append(r.features, feature{spec, name, []string{by}})
}

// discover asks the server, the account and the services what they offer.
func (e *examination) discover(ctx context.Context) (string, error) {
	for _, f := range e.one.Features() {
		e.offer(f.Space, "stream")
	}
	server := e.account.Domain()
	found := []string{}
	info, err := xmpp.Get[discoInfo](ctx, e.one, server, discoInfo{})
	if err != nil {
		return "", err
	}
	for _, f := range info.Features {
		e.offer(f.Var, "server")
	}
	for _, id := range info.Identities {
		found = append(found, id.Category+"/"+id.Type+" "+id.Name)
	}
	if own, err := xmpp.Get[discoInfo](ctx, e.one, e.account, discoInfo{}); err == nil {
		for _, f := range own.Features {
			e.offer(f.Var, "account")
		}
	}
	if items, err := xmpp.Get[discoItems](ctx, e.one, server, discoItems{}); err == nil {
		for _, it := range items.Items {
			if info, err := xmpp.Get[discoInfo](ctx, e.one, it.JID, discoInfo{}); err == nil {
				for _, f := range info.Features {
					e.offer(f.Var, it.JID.String())
				}
			}
		}
	}
	slices.SortFunc(e.features, func(a, b feature) int { return strings.Compare(a.spec+a.name, b.spec+b.name) })
	return strings.TrimSpace(strings.Join(found, ", ")), nil
}
