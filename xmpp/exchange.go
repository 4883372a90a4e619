package xmpp

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/sasl"
)

// A profile is how SASL is written on a stream: as RFC 6120 §6 has it, or XEP-0388. The exchange is the same one.
type profile struct {
	space    string
	restarts bool // the stream begins anew after success
	// offered lists the mechanisms that the features offer in this profile.
	offered func(f *stream.Features) []string
	// begin returns the element that begins an exchange, and the same for the trace.
	begin func(n *negotiation, a *attempt) (out, traced []byte, err error)
	// challenge decodes the text of a challenge; nil is no data.
	challenge func(text []byte) ([]byte, error)
	// success reads <success/> and returns nil if the mechanism is satisfied.
	success func(n *negotiation, x sasl.Exchange) error
}

// classic is the profile of RFC 6120 §6.
func classic() *profile {
	return &profile{
		space: ns.SASL, restarts: true, offered: func(f *stream.Features) []string { return f.Mechanisms },
		begin: (*negotiation).auth, challenge: classicData, success: (*negotiation).classicSuccess,
	}
}

// sasl2 is the profile of XEP-0388.
func sasl2() *profile {
	return &profile{
		space: ns.SASL2, offered: func(f *stream.Features) []string { return f.SASL2.Mechanisms },
		begin: (*negotiation).authenticate2, challenge: trimmedData, success: (*negotiation).success2,
	}
}

func (p *profile) isSASL2() bool { return p.space == ns.SASL2 }

// redacted stands in the trace for the content of SASL.
const redacted = "[SASL]"

// exchange answers challenges until the server has decided.
func (n *negotiation) exchange(ctx context.Context, x sasl.Exchange) error {
	for {
		tok, err := n.next()
		if err != nil {
			return err
		}
		if tok.Name.Space != n.profile.space {
			return unexpected(tok, "an element of SASL (RFC 6120 §6.4, XEP-0388 §2)")
		}
		local := tok.Name.Local
		n.opts.Trace.received([]byte("<" + local + " xmlns='" + n.profile.space + "'>" + redacted + "</" + local + ">"))
		switch {
		case local == "challenge":
			if err := n.answer(ctx, x); err != nil {
				return err
			}
		case local == "success":
			return n.profile.success(n, x)
		case local == "continue" && n.profile.isSASL2():
			return n.continued(x)
		case local == "failure":
			return n.refused(x)
		default:
			return unexpected(tok, "a challenge, success or failure (RFC 6120 §6.4, XEP-0388 §2)")
		}
	}
}

// answer reads a challenge and sends the response.
func (n *negotiation) answer(ctx context.Context, x sasl.Exchange) error {
	challenge, err := n.saslData(n.profile.challenge)
	if err != nil {
		return err
	}
	response, err := x.Next(ctx, challenge)
	if err != nil {
		// RFC 6120 §6.4.4: we may end the exchange; the server need not wait for us.
		_ = n.say("abort", nil)
		return err
	}
	if err := n.stillOurs(); err != nil {
		return err
	}
	return n.say("response", response)
}

// say writes an element of the profile that has nothing but data.
func (n *negotiation) say(local string, data []byte) error {
	start, end := "<"+local+" xmlns='"+n.profile.space+"'>", "</"+local+">"
	return n.writeSecret([]byte(start+base64.StdEncoding.EncodeToString(data)+end), []byte(start+redacted+end))
}

// writeSecret writes b, of which the trace gets another version.
func (n *negotiation) writeSecret(b, traced []byte) error {
	n.opts.Trace.sent(traced)
	_, err := n.link.conn.Write(b)
	return err
}

// auth begins an exchange as RFC 6120 §6.4.2 has it: an empty initial response is "=", none at all an empty element.
func (n *negotiation) auth(a *attempt) (out, traced []byte, err error) {
	initial := a.x.Initial()
	content := base64.StdEncoding.EncodeToString(initial)
	if initial != nil && content == "" {
		content = "="
	}
	start, end := "<auth xmlns='"+ns.SASL+"' mechanism='"+a.mech.Name()+"'>", "</auth>"
	return []byte(start + content + end), []byte(start + redacted + end), nil
}

// classicSuccess is the success of RFC 6120 §6.4.6: its text is the additional data.
func (n *negotiation) classicSuccess(x sasl.Exchange) error {
	data, err := n.saslData(classicData)
	if err != nil {
		return err
	}
	return x.Success(data)
}

// saslData reads the text of the element whose start was just read, and decodes it.
func (n *negotiation) saslData(decode func(text []byte) ([]byte, error)) ([]byte, error) {
	text, err := n.link.dec.AppendText(nil)
	if err != nil {
		return nil, n.protest(err)
	}
	data, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("%w: what it sent for SASL is no base64 (RFC 6120 §6.4.2)", errUnexpected)
	}
	return data, nil
}

// classicData decodes base64 as RFC 6120 §6 has it: nil when there is none, empty for "=".
func classicData(text []byte) ([]byte, error) {
	switch string(text) {
	case "":
		return nil, nil
	case "=": // RFC 6120 §6.4.6: no data, told from none
		return []byte{}, nil
	}
	return stream.DecodeSASL(text)
}

// refused reads <failure/> (RFC 6120 §6.5, XEP-0388 §2.6.2).
func (n *negotiation) refused(x sasl.Exchange) error {
	failure := &sasl.Error{}
	d := n.link.dec
	for {
		tok, err := d.ReadToken()
		if err != nil {
			return n.protest(err)
		}
		switch {
		case tok.Kind == xmltext.KindEnd:
			return sasl.Refused(x, failure)
		case tok.Kind != xmltext.KindStart:
			continue
		}
		if err := n.failureChild(tok, failure); err != nil {
			return n.protest(err)
		}
	}
}

// failureChild reads the condition, which is in the namespace of RFC 6120 in both profiles, or the text.
func (n *negotiation) failureChild(tok *xmltext.Token, failure *sasl.Error) error {
	ours := tok.Name.Space == ns.SASL || tok.Name.Space == n.profile.space
	if ours && tok.Name.Local == "text" {
		lang, _ := tok.Lang()
		failure.Lang = string(lang)
		text, err := n.link.dec.AppendText(nil)
		failure.Text = string(text)
		return err
	}
	if tok.Name.Space == ns.SASL && failure.Condition == "" {
		failure.Condition = sasl.Condition(tok.Name.Local)
	}
	return n.link.dec.SkipElement()
}
