package jid

import (
	"encoding/xml"
	"errors"
)

// AppendText implements encoding.TextAppender: it appends the canonical address, nothing for the zero JID.
func (j JID) AppendText(b []byte) ([]byte, error) { return append(b, j.s...), nil }

// MarshalText implements encoding.TextMarshaler, and so JSON, map keys and XML element content. The zero JID is empty
// text.
func (j JID) MarshalText() ([]byte, error) { return []byte(j.s), nil }

// UnmarshalText implements encoding.TextUnmarshaler with [ParseBytes]; empty text is the zero JID. On error j is left as
// it was.
func (j *JID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*j = JID{}
		return nil
	}
	k, err := ParseBytes(b)
	if err != nil {
		return err
	}
	*j = k
	return nil
}

// MarshalXMLAttr implements xml.MarshalerAttr. The zero JID leaves the attribute out, as an address that is absent does.
func (j JID) MarshalXMLAttr(name xml.Name) (xml.Attr, error) {
	if j.IsZero() {
		return xml.Attr{}, nil
	}
	return xml.Attr{Name: name, Value: j.s}, nil
}

// UnmarshalXMLAttr implements xml.UnmarshalerAttr. An attribute that is present but empty is an error, since it is no
// address. On error j is left as it was.
func (j *JID) UnmarshalXMLAttr(attr xml.Attr) error {
	k, err := Parse(attr.Value)
	if err != nil {
		return err
	}
	*j = k
	return nil
}

// MarshalText implements encoding.TextMarshaler with [URI.String]. A URI without any address is an error.
func (u URI) MarshalText() ([]byte, error) {
	if u.Address.IsZero() && u.Authority.IsZero() {
		return nil, errors.New("jid: a URI needs an Address or an Authority to be written")
	}
	return []byte(u.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler with [ParseURI]. On error u is left as it was.
func (u *URI) UnmarshalText(b []byte) error {
	v, err := ParseURI(string(b))
	if err != nil {
		return err
	}
	*u = v
	return nil
}
