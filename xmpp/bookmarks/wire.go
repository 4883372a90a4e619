package bookmarks

import (
	"encoding/xml"
	"strings"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// A flag is an xs:boolean that is false where it is none.
type flag bool

// MarshalXMLAttr leaves out what is the default.
func (f flag) MarshalXMLAttr(name xml.Name) (xml.Attr, error) {
	if !f {
		return xml.Attr{}, nil
	}
	return xml.Attr{Name: name, Value: "true"}, nil
}

// UnmarshalXMLAttr takes both spellings (XEP-0402 §2).
func (f *flag) UnmarshalXMLAttr(attr xml.Attr) error {
	*f = attr.Value == "true" || attr.Value == "1"
	return nil
}

// conference is a bookmark of XEP-0402: the payload of an item whose id is the room's address.
type conference struct {
	XMLName    xml.Name         `xml:"urn:xmpp:bookmarks:1 conference"`
	Name       string           `xml:"name,attr,omitempty"`
	Autojoin   flag             `xml:"autojoin,attr"`
	Nick       string           `xml:"urn:xmpp:bookmarks:1 nick,omitempty"`
	Password   string           `xml:"urn:xmpp:bookmarks:1 password,omitempty"`
	Extensions *extensions      `xml:"urn:xmpp:bookmarks:1 extensions"`
	Other      []stanza.Element `xml:",any"`
}

type extensions struct {
	XMLName xml.Name         `xml:"urn:xmpp:bookmarks:1 extensions"`
	Content []stanza.Element `xml:",any"`
}

// native is b as XEP-0402 has it.
func (b Bookmark) native() conference {
	c := conference{Name: b.Name, Autojoin: flag(b.Autojoin), Nick: b.Nick, Password: b.Password, Other: b.Other}
	if len(b.Extensions) > 0 {
		c.Extensions = &extensions{Content: b.Extensions}
	}
	return c
}

// bookmark reads it.
func (c conference) bookmark(room jid.JID) Bookmark {
	b := Bookmark{Room: room, Name: c.Name, Autojoin: bool(c.Autojoin), Nick: c.Nick, Password: c.Password, Other: c.Other}
	if c.Extensions != nil {
		b.Extensions = c.Extensions.Content
	}
	return b
}

// storage is all bookmarks of XEP-0048, which are one document.
type storage struct {
	XMLName     xml.Name         `xml:"storage:bookmarks storage"`
	Conferences []oldConference  `xml:"storage:bookmarks conference"`
	Other       []stanza.Element `xml:",any"` // bookmarks of web pages, and what else others keep there
}

// oldConference is one of them.
type oldConference struct {
	JID      string           `xml:"jid,attr"`
	Name     string           `xml:"name,attr,omitempty"`
	Autojoin flag             `xml:"autojoin,attr"`
	Nick     string           `xml:"storage:bookmarks nick,omitempty"`
	Password string           `xml:"storage:bookmarks password,omitempty"`
	Other    []stanza.Element `xml:",any"`
}

// old is b as XEP-0048 has it, with the extensions of XEP-0402 as they are there.
func (b Bookmark) old() oldConference {
	c := oldConference{JID: b.Room.String(), Name: b.Name, Autojoin: flag(b.Autojoin), Nick: b.Nick, Password: b.Password}
	c.Other = append(c.Other, b.Other...)
	if len(b.Extensions) > 0 {
		c.Other = append(c.Other, stanza.Payload(extensions{Content: b.Extensions}))
	}
	return c
}

// bookmark reads it. The room is zero where the address is none.
func (c oldConference) bookmark() Bookmark {
	b := Bookmark{Room: roomOf(c.JID), Name: c.Name, Autojoin: bool(c.Autojoin), Nick: c.Nick, Password: c.Password}
	for _, e := range c.Other {
		var x extensions
		if e.Is(ns.Bookmarks, "extensions") && e.Decode(&x) == nil {
			b.Extensions = append(b.Extensions, x.Content...)
			continue
		}
		b.Other = append(b.Other, e)
	}
	return b
}

// roomOf reads the address of a room; zero where it is none.
func roomOf(s string) jid.JID {
	j, _ := jid.Parse(strings.Clone(s)) // it's kept for longer than the stanza
	return j.Bare()
}

// rooms are the bookmarks of the document, by room. The first of several for one room counts.
func (s *storage) rooms() map[jid.JID]Bookmark {
	m := make(map[jid.JID]Bookmark, len(s.Conferences))
	for _, c := range s.Conferences {
		b := c.bookmark()
		if _, twice := m[b.Room]; !twice && !b.Room.IsZero() {
			m[b.Room] = b
		}
	}
	return m
}

// with returns the document with one bookmark changed, or taken away if it is nil. Everything else stays as it is.
func (s *storage) with(room jid.JID, b *Bookmark) *storage {
	out := &storage{Other: s.Other}
	done := b == nil
	for _, c := range s.Conferences {
		if roomOf(c.JID) != room {
			out.Conferences = append(out.Conferences, c)
			continue
		}
		if !done {
			out.Conferences = append(out.Conferences, b.old())
			done = true
		}
	}
	if !done {
		out.Conferences = append(out.Conferences, b.old())
	}
	return out
}

// private is the payload of XEP-0049.
type private struct {
	XMLName xml.Name `xml:"jabber:iq:private query"`
	Storage *storage `xml:"storage:bookmarks storage"`
}
