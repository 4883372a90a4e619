package xmpp

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/sasl"
)

// defaultSoftware is what servers are told when Options.Software is empty.
const defaultSoftware = "canto"

// authenticate2 begins an exchange as XEP-0388 §2.3 has it, with all that can be had together with the login: the old stream
// or a new resource, stream management, a token for next time.
func (n *negotiation) authenticate2(a *attempt) (out, traced []byte, err error) {
	request := &stream.Authenticate{
		Mechanism: a.mech.Name(),
		Agent:     stream.UserAgent{ID: n.agent, Software: n.software()},
		Resume:    n.resumeInline(),
		Bind:      n.bindInline(),
	}
	if a.token != nil {
		request.Count, request.Invalidate = a.token.Count, n.opts.ForgetToken
	} else {
		request.RequestToken = n.tokenToAskFor(a)
	}
	n.asked = request
	if initial := a.x.Initial(); initial != nil { // XEP-0388 §2.2: none is told from an empty one by its absence
		text := base64.StdEncoding.EncodeToString(initial)
		request.Initial = &text
	}
	if out, err = request.Append(nil); err != nil {
		return nil, nil, err
	}
	if request.Initial != nil {
		hidden := redacted
		request.Initial = &hidden
	}
	traced, err = request.Append(nil)
	return out, traced, err
}

func (n *negotiation) software() string { return cmp.Or(n.opts.Software, defaultSoftware) }

// resumeInline is the stream to go on with, where the server can do that with the login (XEP-0198 §9.2).
func (n *negotiation) resumeInline() *stream.Resumption {
	if n.resume == nil || !n.features.SASL2.Resume {
		return nil
	}
	return &n.resume.Resumption
}

// bindInline asks for a resource where the server can bind one with the login (XEP-0386).
//
// A resource that the program has asked for by name is bound in the old way, since there the name is what it gets. And while
// a stream is to be resumed that can't be resumed with the login, nothing may be bound before.
func (n *negotiation) bindInline() *stream.BindRequest {
	offer := n.features.SASL2
	if offer.Bind2 == nil || n.account.Resourcepart() != "" || n.resume != nil && !offer.Resume {
		return nil
	}
	b := &stream.BindRequest{Tag: n.software()}
	for _, e := range n.opts.Inline {
		if slices.Contains(offer.Bind2.Features, e.Name().Space) {
			b.Inline = append(b.Inline, e.String())
		}
	}
	if slices.Contains(offer.Bind2.Features, ns.SM) {
		b.Enable = &stream.Enable{Resume: n.keep}
	}
	return b
}

// trimmedData decodes the base64 of a challenge of XEP-0388 §2.5. Its examples have white space around it.
func trimmedData(text []byte) ([]byte, error) { return stream.DecodeSASL(bytes.TrimSpace(text)) }

// success2 reads <success/> of XEP-0388 §2.6.1. Nothing that it says counts before the server has proved itself.
func (n *negotiation) success2(x sasl.Exchange) error {
	s, err := stream.ReadSuccess(n.link.dec)
	if err != nil {
		return n.protest(err)
	}
	if err := x.Success(s.Data); err != nil {
		return err
	}
	n.granted = s.Token
	if s.Resumed != nil && n.asked.Resume != nil {
		// XEP-0198 §9.2: the stream goes on at once; no features follow, and those of before are still its own.
		n.link.features = n.resume.features
		return n.resumed(*s.Resumed)
	}
	n.link.refused = s.Refused
	if s.Bound != nil && n.asked.Bind != nil {
		if err := n.boundTo(s); err != nil {
			return err
		}
	}
	return n.readFeatures() // XEP-0388 §2.6.1: they follow at once
}

// boundTo takes the resource that was bound with the login (XEP-0386 §3.2.1).
func (n *negotiation) boundTo(s *stream.Success) error {
	addr, err := jid.Parse(s.Authorization)
	if err != nil || addr.Resourcepart() == "" {
		return fmt.Errorf("%w: it has bound a resource and calls us %q, which is no full JID (XEP-0386 §3.2.1)", errUnexpected, s.Authorization)
	}
	if err := n.take(addr); err != nil {
		return err
	}
	if n.asked.Bind.Enable != nil {
		n.link.managed = s.Bound
	}
	for _, e := range n.opts.Inline {
		if space := e.Name().Space; slices.Contains(n.asked.Bind.Inline, e.String()) {
			n.link.state.Inlined = append(n.link.state.Inlined, space)
		}
	}
	return nil
}

// continued reads <continue/> (XEP-0388 §2.6.3): the mechanism has succeeded, and the server wants more.
func (n *negotiation) continued(x sasl.Exchange) error {
	c, err := stream.ReadContinue(n.link.dec)
	if err != nil {
		return n.protest(err)
	}
	if err := x.Success(c.Data); err != nil {
		return err
	}
	_ = n.say("abort", nil) // XEP-0388 §4.5
	return &sasl.TasksError{Tasks: c.Tasks, Text: c.Text}
}
