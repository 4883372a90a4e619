package hostile

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"time"
)

// A said is a stanza of the victim's, as far as it matters to who answers it.
type said struct {
	XMLName xml.Name
	ID      string `xml:"id,attr"`
	To      string `xml:"to,attr"`
	Type    string `xml:"type,attr"`
	About   []struct {
		XMLName xml.Name
	} `xml:",any"`
}

// is reports whether it's of that kind and has a payload of that namespace.
func (s *said) is(kind, about string) bool {
	if s.XMLName.Local != kind || kind == "iq" && s.Type != "get" && s.Type != "set" {
		return false
	}
	for _, a := range s.About {
		if a.XMLName.Space == about {
			return true
		}
	}
	return false
}

// attend goes to a session and answers all that the victim asks to be at work, until the connection ends or it has said nothing for a while.
// What answer returns for a stanza is said in place of the polite answer, unless it's empty; then answered is called.
func (p *peer) attend(answer func(s *said) string, answered func(s *said)) error {
	id, err := p.open()
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(p.Conn, boundAs, id); err != nil {
		return err
	}
	dec := xml.NewDecoder(io.MultiReader(bytes.NewReader(p.in), p.Conn))
	for {
		_ = p.SetReadDeadline(time.Now().Add(2 * patience))
		t, err := dec.Token()
		if err != nil {
			return err
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		var s said
		if err := dec.DecodeElement(&s, &start); err != nil {
			return err
		}
		text := answer(&s)
		if text == "" {
			text = polite(&s)
		}
		if _, err := io.WriteString(p.Conn, text); err != nil {
			return err
		}
		answered(&s)
	}
}

// What attacks begin with.
const (
	mucNS    = "http://jabber.org/protocol/muc"
	rosterNS = "jabber:iq:roster"
	pubsubNS = "http://jabber.org/protocol/pubsub"
)

// attended has an attack begin when the victim has had the answer to what it asks in such a stanza.
func attended(kind, about string, f func(p *peer) error) func(p *peer) error {
	return func(p *peer) error {
		asked, gone := make(chan struct{}, 1), make(chan error, 1)
		go func() {
			gone <- p.attend(func(*said) string { return "" }, func(s *said) {
				if s.is(kind, about) {
					select {
					case asked <- struct{}{}:
					default:
					}
				}
			})
		}()
		select {
		case <-asked:
			return f(p)
		case err := <-gone:
			return err
		}
	}
}

// What an honest server says.
const (
	hasBookmarks = `<identity category='account' type='registered'/><identity category='pubsub' type='pep'/><feature var='http://jabber.org/protocol/pubsub#publish-options'/>` +
		`<feature var='urn:xmpp:bookmarks:1#compat'/>`
	isRoom  = `<identity category='conference' type='text'/><feature var='http://jabber.org/protocol/muc'/><feature var='urn:xmpp:sid:0'/><feature var='urn:xmpp:occupant-id:0'/>`
	entered = `<presence from='garden@rooms.hostile.test/v' id='%s'><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='participant'/><status code='110'/></x></presence>` +
		`<message from='garden@rooms.hostile.test' type='groupchat'><subject/></message>`
)

// polite is what an honest server says to that.
func polite(s *said) string {
	result := func(payload string) string {
		from := ""
		if s.To != "" {
			from = " from='" + s.To + "'"
		}
		return "<iq type='result' id='" + s.ID + "'" + from + ">" + payload + "</iq>"
	}
	switch info := "http://jabber.org/protocol/disco#info"; {
	case s.is("presence", mucNS):
		return fmt.Sprintf(entered, s.ID)
	case s.is("iq", rosterNS):
		return result("<query xmlns='jabber:iq:roster' ver='1'/>")
	case s.is("iq", info) && s.To == "garden@rooms.hostile.test":
		return result("<query xmlns='" + info + "'>" + isRoom + "</query>")
	case s.is("iq", info):
		return result("<query xmlns='" + info + "'>" + hasBookmarks + "</query>")
	case s.is("iq", pubsubNS):
		return result("<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:bookmarks:1'/></pubsub>")
	case s.XMLName.Local != "iq" || s.Type != "get" && s.Type != "set":
		return ""
	}
	return result("")
}
