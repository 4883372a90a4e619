package form

import (
	"encoding/xml"
	"strings"
)

// Media is a picture, a sound or a film that belongs to a field (XEP-0221), such as the one of a CAPTCHA (XEP-0158): the same
// thing in one or several formats and places. Nothing here fetches it.
type Media struct {
	Height int        `xml:"height,attr,omitempty"` // in pixels, as it should be shown; 0: it does not say
	Width  int        `xml:"width,attr,omitempty"`
	URIs   []MediaURI `xml:"urn:xmpp:media-element uri"`
}

// A MediaURI is one of the places where a Media is.
type MediaURI struct {
	Type string // the MIME type, with parameters where it has them
	URI  string // http:, https:, or cid: for data that came with the form (XEP-0231)
}

// Find returns the first URI whose MIME type begins with one of the prefixes, such as "image/"; of them, the first that has any.
func (m *Media) Find(prefixes ...string) (MediaURI, bool) {
	if m == nil {
		return MediaURI{}, false
	}
	for _, p := range prefixes {
		for _, u := range m.URIs {
			if len(u.Type) >= len(p) && strings.EqualFold(u.Type[:len(p)], p) {
				return u, true
			}
		}
	}
	return MediaURI{}, false
}

// mediaURI is a MediaURI on the wire.
type mediaURI struct {
	Type string `xml:"type,attr"`
	URI  string `xml:",chardata"`
}

// MarshalXML implements xml.Marshaler.
func (u MediaURI) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return e.EncodeElement(mediaURI(u), start)
}

// UnmarshalXML implements xml.Unmarshaler. White space around the URI, which the examples of XEP-0221 have, is no part of it.
func (u *MediaURI) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var wire mediaURI
	if err := d.DecodeElement(&wire, &start); err != nil {
		return err
	}
	wire.URI = strings.TrimSpace(wire.URI)
	*u = MediaURI(wire)
	return nil
}
