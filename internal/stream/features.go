package stream

import (
	"strconv"
	"strings"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// Features is what the server offers at this point of the negotiation (RFC 6120 §4.3.2).
type Features struct {
	StartTLS bool // RFC 6120 §5.4.1

	Mechanisms      []string // of SASL, as the server orders them (RFC 6120 §6.4.1)
	ChannelBindings []string // types that the server can do (XEP-0440); nil: it does not say

	Bind            bool // resource binding (RFC 6120 §7)
	Session         bool // the session request of RFC 3921 §3
	SessionOptional bool // which is not needed

	StreamManagement bool // XEP-0198

	Limits Limits // XEP-0478
	SASL2  *SASL2 // XEP-0388; nil: not offered

	Names []xmltext.Name // every child, in order, known or not
}

// Limits is what the server accepts (XEP-0478 §2). Zero: it does not say.
type Limits struct {
	MaxBytes    int // of one first-level element
	IdleSeconds int // without traffic, after which the server may act
}

// SASL2 is the offer of XEP-0388.
type SASL2 struct {
	Mechanisms []string
	Resume     bool   // a stream can be resumed inline (XEP-0198)
	Bind2      *Bind2 // nil: not offered
	FAST       *FAST  // nil: not offered
}

// Bind2 is the offer of XEP-0386.
type Bind2 struct {
	Features []string // namespaces of what can be enabled with the binding
}

// FAST is the offer of XEP-0484.
type FAST struct {
	Mechanisms []string
}

// ReadFeatures reads the features whose start tag d has just returned. Unknown ones are skipped. More than 128, or as many
// entries in one of their lists, are an *Error.
func ReadFeatures(d *xmltext.Decoder) (Features, error) {
	var f Features
	err := eachChild(d, func(t *xmltext.Token) error {
		f.Names = append(f.Names, t.Name)
		return f.read(d, t)
	})
	if err != nil {
		return Features{}, err
	}
	return f, nil
}

// read takes the feature whose start tag is t.
func (f *Features) read(d *xmltext.Decoder, t *xmltext.Token) (err error) {
	switch name := t.Name; name {
	case xmltext.Name{Space: ns.SASL, Local: "mechanisms"}:
		f.Mechanisms, err = texts(d, xmltext.Name{Space: ns.SASL, Local: "mechanism"})
		return err
	case xmltext.Name{Space: ns.ChannelBind, Local: "sasl-channel-binding"}:
		f.ChannelBindings, err = attrs(d, xmltext.Name{Space: ns.ChannelBind, Local: "channel-binding"}, "type")
		return err
	case xmltext.Name{Space: ns.StreamLimits, Local: "limits"}:
		return f.Limits.read(d)
	case xmltext.Name{Space: ns.SASL2, Local: "authentication"}:
		f.SASL2, err = readSASL2(d)
		return err
	}
	return f.readFlag(d, t.Name)
}

// readFlag takes a feature that is there or not.
func (f *Features) readFlag(d *xmltext.Decoder, name xmltext.Name) error {
	optional, err := readOptional(d)
	if err != nil {
		return err
	}
	switch name {
	case xmltext.Name{Space: ns.TLS, Local: "starttls"}:
		f.StartTLS = true
	case xmltext.Name{Space: ns.Bind, Local: "bind"}:
		f.Bind = true
	case xmltext.Name{Space: ns.Session, Local: "session"}:
		f.Session, f.SessionOptional = true, optional
	case xmltext.Name{Space: ns.SM, Local: "sm"}:
		f.StreamManagement = true
	}
	return nil
}

// readOptional reads a feature to its end and looks for <optional/>, which some put into a namespace other than the feature's
// own. What it says of <required/> is no news: TLS, SASL and the binding are taken wherever they are offered (RFC 6120 §5.3.1,
// §6.3.1, §7.3.1), and no other feature has to be.
func readOptional(d *xmltext.Decoder) (optional bool, err error) {
	err = eachChild(d, func(t *xmltext.Token) error {
		optional = optional || t.Name.Local == "optional"
		return d.SkipElement()
	})
	return optional, err
}

// read takes the limits of XEP-0478. A value that is no positive number is none.
func (l *Limits) read(d *xmltext.Decoder) error {
	return eachChild(d, func(t *xmltext.Token) error {
		name := t.Name
		s, err := text(d)
		n, bad := strconv.Atoi(strings.TrimSpace(s))
		if bad != nil || n < 0 {
			return err
		}
		switch name {
		case xmltext.Name{Space: ns.StreamLimits, Local: "max-bytes"}:
			l.MaxBytes = n
		case xmltext.Name{Space: ns.StreamLimits, Local: "idle-seconds"}:
			l.IdleSeconds = n
		}
		return err
	})
}
