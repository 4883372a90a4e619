package muc

import (
	"cmp"
	"slices"
	"strings"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// An Occupant is one who is in a room, as far as the room tells us.
type Occupant struct {
	Nick        string // the resourcepart of its address in the room; anybody may take any that is free
	Affiliation Affiliation
	Role        Role
	JID         jid.JID // its real address; zero where the room does not show it to us
	ID          string  // the same for the same person, whatever the nickname (XEP-0421); "" where the room gives none
	Hats        []Hat   // XEP-0317

	Show   stanza.Show
	Status string // up to 512 bytes of it
}

// A Hat is a role of the room's own (XEP-0317).
type Hat struct {
	URI   string `xml:"uri,attr"`
	Title string `xml:"title,attr"`                                               // for people
	Hue   string `xml:"hue,attr,omitempty"`                                       // a colour: degrees from 0 to 360
	Lang  string `xml:"http://www.w3.org/XML/1998/namespace lang,attr,omitempty"` // of Title
}

// What others have sent is held within these bounds.
const (
	maxOccupants = 50_000   // of a room
	maxRollBytes = 32 << 20 // of all of them
	maxHats      = 16
	maxText      = 512 // bytes of a text
)

// A roll is who is in a room, by nickname. A room that says of more than it can hold is believed to have fewer.
type roll struct {
	all   map[string]*Occupant
	bytes int
}

// put enters somebody, or what is new of one who is there. ok is false for one for whom there's no room, who is not there then;
// for ourselves there has to be.
func (l *roll) put(o Occupant, ourselves bool) (ok bool) {
	l.remove(o.Nick)
	if !ourselves && (len(l.all) >= maxOccupants || l.bytes+o.size() > maxRollBytes) {
		return false
	}
	if l.all == nil {
		l.all = make(map[string]*Occupant)
	}
	l.all[o.Nick] = &o
	l.bytes += o.size()
	return true
}

// remove takes somebody out.
func (l *roll) remove(nick string) {
	if o := l.all[nick]; o != nil {
		l.bytes -= o.size()
		delete(l.all, nick)
	}
}

// occupantBytes is about what an occupant takes beside the text.
const occupantBytes = 320

// size is about how many bytes are held of an occupant.
func (o *Occupant) size() int {
	n := occupantBytes + len(o.Nick) + len(o.JID.String()) + len(o.ID) + len(o.Status)
	for _, h := range o.Hats {
		n += 64 + len(h.URI) + len(h.Title) + len(h.Hue) + len(h.Lang)
	}
	return n
}

// equal reports whether two say the same.
func (o Occupant) equal(p Occupant) bool {
	return o.Nick == p.Nick && o.Affiliation == p.Affiliation && o.Role == p.Role && o.JID == p.JID && o.ID == p.ID &&
		o.Show == p.Show && o.Status == p.Status && slices.Equal(o.Hats, p.Hats)
}

// same reports whether two are the same person, as far as can be known.
func (o Occupant) same(p Occupant) bool {
	switch {
	case o.ID != "" && p.ID != "":
		return o.ID == p.ID
	case !o.JID.IsZero() && !p.JID.IsZero():
		return o.JID.Bare() == p.JID.Bare()
	}
	return o.Nick == p.Nick
}

// readOccupant is who has sent presence through a room; ids and hats where the room vouches for them.
func readOccupant(p *stanza.Presence, it userItem, f features) Occupant {
	apart, _ := jid.Parse(strings.Clone(it.JID.String())) // from the stanza that it came with: it was one there
	o := Occupant{
		Nick: strings.Clone(p.From.Resourcepart()), Affiliation: cmp.Or(it.Affiliation, NoOne), Role: cmp.Or(it.Role, NoRole), JID: apart,
		Show: p.Show, Status: clip(p.Status, maxText),
	}
	if f.occupantIDs {
		o.ID = occupantID(p)
	}
	if f.hats {
		o.Hats = hats(p)
	}
	return o
}

// occupantID reads XEP-0421. Two that differ are none: one of them is forged.
func occupantID(st stanza.Stanza) (id string) {
	for _, e := range st.Elements() {
		if !e.Is(ns.OccupantID, "occupant-id") {
			continue
		}
		this := clip(e.Attr("id"), maxText)
		if id != "" && id != this {
			return ""
		}
		id = this
	}
	return id
}

func hats(p *stanza.Presence) (list []Hat) {
	worn, _ := stanza.Find[hatsX](p)
	for _, h := range worn.Hats[:min(len(worn.Hats), maxHats)] {
		list = append(list, Hat{clip(h.URI, maxText), clip(h.Title, maxText), clip(h.Hue, 32), clip(h.Lang, 64)})
	}
	return list
}
