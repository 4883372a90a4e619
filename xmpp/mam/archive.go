package mam

import (
	"context"
	"encoding/xml"
	"fmt"
	"slices"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/stamp"
)

// Metadata says where an archive begins and ends (XEP-0313 §5); both are nil for one that is empty.
type Metadata struct {
	XMLName xml.Name `xml:"urn:xmpp:mam:2 metadata"`
	Start   *Edge    `xml:"urn:xmpp:mam:2 start"`
	End     *Edge    `xml:"urn:xmpp:mam:2 end"`
}

// An Edge is the first or the last message of an archive.
type Edge struct {
	ID    string     `xml:"id,attr"`
	Stamp stamp.Time `xml:"timestamp,attr"`
}

// GetMetadata asks where the archive of that bare address begins and ends; the zero address is our account. The archive has to have
// "urn:xmpp:mam:2#extended". Its errors are those of xmpp.Get.
func GetMetadata(ctx context.Context, e xmpp.Endpoint, of jid.JID) (Metadata, error) {
	return xmpp.Get[Metadata](ctx, e, of, Metadata{})
}

// Fields asks which fields a query to the archive of that bare address may have, beyond those that Filter has (XEP-0313 §4.1.5). Its errors
// are those of xmpp.Get.
func Fields(ctx context.Context, e xmpp.Endpoint, of jid.JID) (form.Fields, error) {
	q, err := xmpp.Get[query](ctx, e, of, query{})
	if err != nil || q.Form == nil {
		return nil, err
	}
	return q.Form.Fields, nil
}

// A Policy says what becomes of messages about which nothing else is said (XEP-0441 §2.1.1).
type Policy string

// The policies.
const (
	Always Policy = "always" // they are kept
	Never  Policy = "never"  // they are not
	Roster Policy = "roster" // those with contacts are kept
)

// Preferences say what our account's archive keeps (XEP-0441).
type Preferences struct {
	Default Policy
	Always  []jid.JID // with these, whatever the Default says; a bare address means all of its resources
	Never   []jid.JID
}

type preferences struct {
	XMLName xml.Name   `xml:"urn:xmpp:mam:2 prefs"`
	Default Policy     `xml:"default,attr,omitempty"`
	Always  *addresses `xml:"urn:xmpp:mam:2 always"`
	Never   *addresses `xml:"urn:xmpp:mam:2 never"`
}

type addresses struct {
	List []string `xml:"urn:xmpp:mam:2 jid"`
}

// GetPreferences asks for our account's preferences: errors.Is(err, stanza.ServiceUnavailable), or FeatureNotImplemented, where there are none.
func GetPreferences(ctx context.Context, e xmpp.Endpoint) (Preferences, error) {
	p, err := xmpp.Get[preferences](ctx, e, jid.JID{}, preferences{})
	return p.read(), err
}

// SetPreferences changes them and returns what the server has made of that, which may be something else (XEP-0441 §2.1).
func SetPreferences(ctx context.Context, e xmpp.Endpoint, p Preferences) (Preferences, error) {
	if !slices.Contains([]Policy{Always, Never, Roster}, p.Default) {
		return Preferences{}, fmt.Errorf("mam: %q is no policy; the Default of Preferences is Always, Never or Roster", p.Default)
	}
	reply, err := e.Do(ctx, &stanza.IQ{Type: stanza.Set, Payload: stanza.Payload(p.write())})
	if err != nil {
		return Preferences{}, err
	}
	if reply.Payload.IsZero() { // one that says nothing has taken it
		return p, nil
	}
	var got preferences
	if err := reply.Payload.Decode(&got); err != nil {
		return Preferences{}, fmt.Errorf("mam: %w", err)
	}
	return got.read(), nil
}

func (p Preferences) write() preferences {
	list := func(of []jid.JID) *addresses {
		a := &addresses{}
		for _, j := range of {
			a.List = append(a.List, j.String())
		}
		return a
	}
	return preferences{Default: p.Default, Always: list(p.Always), Never: list(p.Never)}
}

func (p preferences) read() Preferences {
	list := func(a *addresses) (of []jid.JID) {
		if a == nil {
			return nil
		}
		for _, s := range a.List {
			if j, err := jid.Parse(s); err == nil { // one that is none keeps nothing
				of = append(of, j)
			}
		}
		return of
	}
	return Preferences{Default: p.Default, Always: list(p.Always), Never: list(p.Never)}
}
