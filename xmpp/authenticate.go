package xmpp

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/sasl"
)

// authenticate runs SASL (RFC 6120 §6) with the best mechanism that both sides have.
func (n *negotiation) authenticate(ctx context.Context) (restart bool, err error) {
	c := n.saslConn()
	n.link.state.Mechanisms = slices.Clone(n.features.Mechanisms)
	mechs := sasl.Select(n.mechanisms(), c)
	if len(mechs) == 0 {
		return false, n.noMechanism(c)
	}
	for _, m := range mechs {
		err = n.try(ctx, m, c)
		if err == nil {
			n.authed = true
			return true, nil
		}
		// RFC 6120 §6.5.7, §6.5.9: these say that another mechanism may do. After any other refusal a further try would
		// only bring the account closer to being locked.
		if !errors.Is(err, sasl.InvalidMechanism) && !errors.Is(err, sasl.MechanismTooWeak) {
			return false, err
		}
	}
	return false, err
}

// mechanisms are those of the options.
func (n *negotiation) mechanisms() []sasl.Mechanism {
	switch {
	case len(n.opts.SASL) > 0:
		return n.opts.SASL
	case n.opts.Password != "":
		return sasl.Password(n.account.Localpart(), n.opts.Password, &sasl.PasswordOptions{Keys: n.opts.keys})
	}
	return []sasl.Mechanism{sasl.Anonymous("")}
}

// saslConn are the facts that mechanisms decide by.
func (n *negotiation) saslConn() sasl.Conn {
	c := sasl.Conn{
		Domain:         n.account.Domainpart(),
		Encrypted:      n.secured,
		AllowPlaintext: n.opts.AllowPlaintext,
		Mechanisms:     n.features.Mechanisms,
		BindingTypes:   n.features.ChannelBindings,
	}
	if n.link.state.TLS.Version != 0 {
		c.TLSVersion = n.link.state.TLS.Version
		c.Bindings = sasl.TLSBindings(n.link.state.TLS)
	}
	return c
}

// noMechanism says why none of ours could be used.
func (n *negotiation) noMechanism(c sasl.Conn) error {
	var why []error
	for _, m := range n.mechanisms() {
		if err := sasl.Usable(m, c); err != nil && !errors.Is(err, sasl.ErrNotOffered) {
			why = append(why, err)
		}
	}
	err := fmt.Errorf("%w: the server offers %q", errNoMechanism, n.features.Mechanisms)
	if len(why) > 0 {
		err = fmt.Errorf("%w: %w", err, joinReasons(why))
	}
	return err
}

// try runs one mechanism.
func (n *negotiation) try(ctx context.Context, m sasl.Mechanism, c sasl.Conn) error {
	x, err := m.Start(ctx, c)
	if err != nil {
		return err
	}
	n.link.in.secret = true
	defer func() { n.link.in.secret = false }()
	if err := n.sendAuth(m.Name(), x.Initial()); err != nil {
		return err
	}
	if err := n.exchange(ctx, x); err != nil {
		return err
	}
	n.link.state.Mechanism = m.Name()
	n.link.state.ChannelBinding = boundWith(x)
	return nil
}

// boundWith is the type of the channel binding that an exchange used.
func boundWith(x sasl.Exchange) string {
	if b, ok := x.(interface{ ChannelBinding() string }); ok {
		return b.ChannelBinding()
	}
	return ""
}

// exchange answers challenges until the server has decided.
func (n *negotiation) exchange(ctx context.Context, x sasl.Exchange) error {
	for {
		tok, err := n.next()
		if err != nil {
			return err
		}
		if tok.Name.Space != ns.SASL {
			return unexpected(tok, "an element of SASL (RFC 6120 §6.4)")
		}
		n.opts.Trace.received([]byte("<" + tok.Name.Local + " xmlns='" + ns.SASL + "'>[SASL]</" + tok.Name.Local + ">"))
		switch tok.Name.Local {
		case "challenge":
			if err := n.answer(ctx, x); err != nil {
				return err
			}
		case "success":
			data, err := n.saslData()
			if err != nil {
				return err
			}
			return x.Success(data)
		case "failure":
			return n.refused(x)
		default:
			return unexpected(tok, "a challenge, success or failure (RFC 6120 §6.4)")
		}
	}
}

// answer reads a challenge and sends the response.
func (n *negotiation) answer(ctx context.Context, x sasl.Exchange) error {
	challenge, err := n.saslData()
	if err != nil {
		return err
	}
	response, err := x.Next(ctx, challenge)
	if err != nil {
		// RFC 6120 §6.4.4: we may end the exchange; the server need not wait for us.
		_ = n.writeSecret("abort", "", nil)
		return err
	}
	return n.writeSecret("response", "", response)
}

// sendAuth begins the exchange (RFC 6120 §6.4.2).
func (n *negotiation) sendAuth(mechanism string, initial []byte) error {
	return n.writeSecret("auth", " mechanism='"+mechanism+"'", initial)
}

// writeSecret writes an element of SASL with data in base64, which the trace doesn't get. An empty initial response is
// "=" (RFC 6120 §6.4.2), no data at all an empty element.
func (n *negotiation) writeSecret(local, attrs string, data []byte) error {
	start := "<" + local + " xmlns='" + ns.SASL + "'" + attrs + ">"
	end := "</" + local + ">"
	content := base64.StdEncoding.EncodeToString(data)
	if local == "auth" && data != nil && content == "" {
		content = "="
	}
	n.opts.Trace.sent([]byte(start + "[SASL]" + end))
	_, err := n.link.conn.Write([]byte(start + content + end))
	return err
}

// saslData reads the base64 text of the element whose start was just read: nil when there is none, empty for "=".
func (n *negotiation) saslData() ([]byte, error) {
	text, err := n.link.dec.AppendText(nil)
	if err != nil {
		return nil, n.protest(err)
	}
	switch string(text) {
	case "":
		return nil, nil
	case "=": // RFC 6120 §6.4.6: no data, told from none
		return []byte{}, nil
	}
	// RFC 6120 §13.9.1: what is no base64 is refused, line ends too, which encoding/base64 passes over.
	data, err := base64.StdEncoding.Strict().DecodeString(string(text))
	if err != nil || bytes.ContainsAny(text, "\r\n") {
		return nil, fmt.Errorf("%w: what it sent for SASL is no base64 (RFC 6120 §6.4.2)", errUnexpected)
	}
	return data, nil
}

// refused reads <failure/> (RFC 6120 §6.5).
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

// failureChild reads the condition or the text.
func (n *negotiation) failureChild(tok *xmltext.Token, failure *sasl.Error) error {
	if tok.Name.Space == ns.SASL && tok.Name.Local == "text" {
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
