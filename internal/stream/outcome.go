package stream

import (
	"bytes"
	"encoding/base64"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// Success is the server's <success/> of XEP-0388 (§2.6.1), with what became of the requests that came with the login. Of an
// element that is there twice, the first counts.
type Success struct {
	Data          []byte      // the mechanism's additional data; nil: none, which is not the same as data of no bytes
	Authorization string      // the JID that we are: a full one if a resource was bound
	Resumed       *Resumption // the stream goes on (XEP-0198 §9.2); no features follow then
	Refused       *Failed     // it does not
	Bound         *Bound      // a resource was bound (XEP-0386)
	Token         *Token      // a new token to log in with (XEP-0484)
}

// Bound is what the server says of a new resource (XEP-0386 §3.2.1).
type Bound struct {
	Enabled *Enabled // stream management is on
	Refused *Failed  // or it could not be enabled (XEP-0198 §9.1.1)
}

// Token is a secret to log in with next time (XEP-0484 §3.3).
type Token struct {
	Secret string
	Expiry string // when it becomes void: a DateTime of XEP-0082
}

// ReadSuccess reads <success/>, whose start tag d has just returned. Data that is no base64 is an *Error, an *ElementError
// one of what it contains.
func ReadSuccess(d *xmltext.Decoder) (*Success, error) {
	s := new(Success)
	hasAuthorization := false
	err := eachChild(d, func(t *xmltext.Token) (err error) {
		switch {
		case t.Name == sasl2("additional-data") && s.Data == nil:
			s.Data, err = readData(d)
		case t.Name == sasl2("authorization-identifier") && !hasAuthorization:
			hasAuthorization = true
			s.Authorization, err = trimmedText(d)
		case t.Name == xmltext.Name{Space: ns.SM, Local: "resumed"} && s.Resumed == nil:
			var r Resumption
			r, err = ReadResumption(d, t)
			s.Resumed = &r
		case t.Name == xmltext.Name{Space: ns.SM, Local: "failed"} && s.Refused == nil:
			s.Refused, err = ReadFailed(d, t)
		case t.Name == xmltext.Name{Space: ns.Bind2, Local: "bound"} && s.Bound == nil:
			s.Bound, err = readBound(d)
		case t.Name == xmltext.Name{Space: ns.FAST, Local: "token"} && s.Token == nil:
			s.Token = &Token{Secret: attr(t, "token"), Expiry: attr(t, "expiry")}
			err = d.SkipElement()
		default:
			err = d.SkipElement()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

func readBound(d *xmltext.Decoder) (*Bound, error) {
	b := new(Bound)
	err := eachChild(d, func(t *xmltext.Token) (err error) {
		switch {
		case t.Name == xmltext.Name{Space: ns.SM, Local: "enabled"} && b.Enabled == nil:
			var e Enabled
			e, err = ReadEnabled(d, t)
			b.Enabled = &e
		case t.Name == xmltext.Name{Space: ns.SM, Local: "failed"} && b.Refused == nil:
			b.Refused, err = ReadFailed(d, t)
		default:
			err = d.SkipElement()
		}
		return err
	})
	return b, err
}

// Continue is the server's <continue/> of XEP-0388 (§2.6.3): the mechanism has succeeded, and something else is to be done.
type Continue struct {
	Data  []byte   // as in Success
	Tasks []string // one of them has to be done next
	Text  string   // for people
}

// ReadContinue reads <continue/>, whose start tag d has just returned.
func ReadContinue(d *xmltext.Decoder) (*Continue, error) {
	c := new(Continue)
	err := eachChild(d, func(t *xmltext.Token) (err error) {
		switch {
		case t.Name == sasl2("additional-data") && c.Data == nil:
			c.Data, err = readData(d)
		case t.Name == sasl2("tasks") && c.Tasks == nil:
			c.Tasks, err = texts(d, sasl2("task"))
		case t.Name == sasl2("text") && c.Text == "":
			c.Text, err = text(d)
		default:
			err = d.SkipElement()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// readData reads the base64 of the element whose start tag d has just returned. The result is never nil.
func readData(d *xmltext.Decoder) ([]byte, error) {
	b, err := d.AppendText(nil)
	if err != nil {
		return nil, err
	}
	// XEP-0388 §2.2: white space SHOULD NOT be there; its examples have it around the data.
	return DecodeSASL(trimXMLSpace(b))
}

// DecodeSASL decodes the data of SASL (RFC 4648 §4). The result is never nil. What the alphabet does not have is an *Error
// (RFC 6120 §13.9.1), line ends too, which encoding/base64 passes over.
func DecodeSASL(b []byte) ([]byte, error) {
	data, err := base64.StdEncoding.Strict().AppendDecode([]byte{}, b)
	if err != nil || bytes.ContainsAny(b, "\r\n") {
		return nil, newError("bad-format", "data of SASL that is no base64")
	}
	return data, nil
}

// trimmedText is text without the white space around it.
func trimmedText(d *xmltext.Decoder) (string, error) {
	b, err := d.AppendText(nil)
	return string(trimXMLSpace(b)), err
}
