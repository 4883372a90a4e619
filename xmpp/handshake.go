package xmpp

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
)

// componentStages are those of an external component: one (XEP-0114 §3).
var componentStages = []stage{
	{step: StepAuth, due: func(n *negotiation) bool { return !n.authed }, run: (*negotiation).shakeHands},
}

var (
	errNotADomain = &refusal{err: errors.New("the address of a component is a domain, without a localpart or resource")}
	errNoSecret   = &refusal{err: errors.New("a component needs a secret that it shares with the server"), advice: "set Options.Password"}
	errNoAddr     = &refusal{err: errors.New("nothing says where the server listens for components: DNS does not"), advice: "set Options.Addr to its host:port"}
	errInClear    = &refusal{
		err:    errors.New("the connection of a component is in clear, and leads out of this machine as far as we know (XEP-0114 has no TLS)"),
		advice: "connect over TLS (Options.DirectTLS, or a *tls.Conn), or, if the network is trusted, set Options.AllowPlaintext",
	}
)

// A refusal is an error of a component that another attempt would only repeat.
type refusal struct {
	err    error
	advice string
}

func (e *refusal) Error() string { return e.err.Error() }
func (e *refusal) Unwrap() error { return e.err }

// passes reports whether what was refused to a component may come to be: the server may hold our own last connection to be
// alive for a while. proven says that there was one.
func (e *refusal) passes(proven bool) bool { return proven && errors.Is(e.err, Conflict) }

// checkComponent is checkAccount for a component.
func checkComponent(addr jid.JID, o *Options) error {
	switch {
	case addr != addr.Domain():
		return errNotADomain
	case o.Password == "":
		return errNoSecret
	}
	return nil
}

// mayBeInClear reports why a component's connection without TLS is not gone on with. Loopback is no network, if it's known to
// be that: a proxy behind Options.Dial or a given conn may listen there and lead anywhere.
func (n *negotiation) mayBeInClear() error {
	if n.secured || n.direct || n.opts.AllowPlaintext {
		return nil
	}
	at, ok := n.link.wire.RemoteAddr().(*net.TCPAddr)
	if ok && at.IP.IsLoopback() && n.dialled && n.opts.Dial == nil {
		return nil
	}
	return errInClear
}

// shakeHands proves that we know the secret (XEP-0114 §3). Nothing that the server says in turn proves anything of it.
func (n *negotiation) shakeHands(context.Context) (restart bool, err error) {
	id := n.link.state.StreamID
	var written error
	if id != "" { // else there is nothing to make the handshake of: Prosody has none where an error follows
		const start, end = "<handshake>", "</handshake>"
		written = n.writeSecret([]byte(start+stream.Handshake(id, n.opts.Password)+end), []byte(start+redacted+end))
	}
	// What is wrong with the header, the server says here, too: there are no features between. It need not have waited.
	tok, err := n.next()
	if err != nil {
		var remote *StreamError
		if written != nil && !errors.As(err, &remote) {
			err = written
		}
		return false, refused(err, n.account)
	}
	if id == "" {
		return false, fmt.Errorf("%w: its stream has no id, which the handshake is made of (XEP-0114 §3)", errUnexpected)
	}
	if tok.Name != (xmltext.Name{Space: ns.Component, Local: "handshake"}) {
		return false, unexpected(tok, "<handshake/> (XEP-0114 §3)")
	}
	if err := n.link.dec.SkipElement(); err != nil {
		return false, n.protest(err)
	}
	n.authed, n.bound, n.link.state.JID = true, true, n.account
	return false, nil
}

// refused says what to do about an error with which a server turns a component away.
func refused(err error, name jid.JID) error {
	for condition, advice := range map[StreamCondition]string{
		// ejabberd says so of a component that it does not know, too, and Prosody of its port for clients that it's none of its hosts.
		NotAuthorized:    fmt.Sprintf("the secret in Options.Password is not the one that the server's configuration has for %q, or it has no such component", name),
		HostUnknown:      fmt.Sprintf("the server's configuration has no component %q, or the port is not the one for components (often 5347)", name),
		Conflict:         fmt.Sprintf("the server has a component %q connected already", name),
		InvalidNamespace: "the port must be the server's for components (often 5347), not the one for clients",
	} {
		if errors.Is(err, condition) {
			return &refusal{err: err, advice: advice}
		}
	}
	return err
}

// verifier returns what checks the server's certificate. For a client the reference identity is the domain of the account
// (RFC 6120 §13.7.2.1). A component's domain is its own; what it's told of the server is the host of Options.Addr, or the name
// in Options.TLS, which the program has given and nobody else can change. It's nothing where a conn is given without either.
func (n *negotiation) verifier() (*verifier, error) {
	v, err := newVerifier(n.opts.TLS, n.account)
	if err != nil || !n.opts.Role.IsComponent() {
		return v, err
	}
	host, _, _ := net.SplitHostPort(n.opts.Addr)
	return v, v.name(cmp.Or(v.cfg.ServerName, host))
}

// name makes host the reference identity.
func (v *verifier) name(host string) error {
	v.host, v.domain = "", ""
	if host == "" {
		return nil
	}
	j, err := jid.New("", host, "")
	if err != nil {
		return fmt.Errorf("the server's name %q, which its certificate is checked for: %w", host, err)
	}
	v.host, v.domain = j.Host(), j.Domainpart()
	return nil
}

// settleName gives v the name that the maker of a TLS connection has checked, where nothing else says one.
func (v *verifier) settleName(cs tls.ConnectionState) error {
	if v.host != "" {
		return nil
	}
	return v.name(cs.ServerName)
}
