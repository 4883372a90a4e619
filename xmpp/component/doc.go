// Package component makes a program an external component of a server (XEP-0114): a gateway, a bot that is a domain, a
// service of one's own beside the server's.
//
//	echo := component.NewClient(jid.MustParse("echo.example.org"), &xmpp.Options{
//		Addr:     "localhost:5347",
//		Password: secret, // what the server's configuration says for this component
//	})
//	xmpp.OnMessage(echo, func(ctx context.Context, m *stanza.Message) error {
//		if m.Body == "" {
//			return nil
//		}
//		answer := m.Reply(m.Body)
//		answer.From = m.To // as whoever at echo.example.org was spoken to
//		return echo.Send(ctx, answer)
//	}, stanza.Chat)
//	if err := echo.Run(ctx); err != nil {
//		log.Fatal(err)
//	}
//
// A component is a *xmpp.Session (Dial) or a *xmpp.Client (NewClient): an xmpp.Endpoint like any other, so that handlers,
// channels, requests and the packages of capabilities work with it, and all that package xmpp promises holds. What is
// different follows from having a whole domain in place of an account:
//
//   - Its JID is the domain. Handlers get what is sent to any address there; To says to which.
//   - Every stanza needs a To. From is the domain where it's left zero, or any address at the domain. A stanza that breaks
//     this is refused by Send and harms nothing else. Answers to requests come from the address that was asked.
//   - The answer to a request counts only if it comes from whom was asked and is for the address that asked, id aside.
//   - There are no roster, presence of one's own, stream management or account at the server: what needs these (package
//     roster, Deliver, presence without a To, requests without one) returns an error. Whoever wants to be seen sends presence
//     to each who asks.
//   - A sign of life is a ping to the component's own domain, which the server brings back. Handlers don't see it.
//
// Of xmpp.Options, Addr and Password are needed: DNS does not say where a server listens for components (mostly at port 5347).
// What concerns SASL, binding and streams that are resumed has no meaning. In a Trace, the handshake is replaced.
//
// # Errors
//
// A server turns a component away for one of four reasons, each of which is a *xmpp.StreamError in the *xmpp.DialError:
//
//	xmpp.NotAuthorized     the secret is not the server's (ejabberd: or there is no such component)
//	xmpp.HostUnknown       the server's configuration has no such component (Prosody: or the port is not for components)
//	xmpp.Conflict          it's connected already (ejabberd shares a domain among all that connect)
//	xmpp.InvalidNamespace  the port is not for components
//
// # Security
//
// The handshake proves to the server that the component knows the secret. It proves nothing the other way round: whoever
// listens at that address is believed to be the server, and may say anything in the name of anybody. Nor does it protect what comes
// after it; a SHA-1 over a secret that can be guessed can be guessed in its turn by whoever has seen it. So a connection
// without TLS is made to this machine's loopback addresses only, unless Options.AllowPlaintext is set, and not through
// Options.Dial, which may lead elsewhere. Use a secret of at least 128 random bits.
//
// XEP-0114 has no TLS of its own. Where a wrapper (stunnel, a proxy) puts it in front of the server's port, set
// Options.DirectTLS. The certificate has to be for the host in Options.Addr, or for Options.TLS.ServerName if that is set.
// That is not the domain of the JID, as it is for clients: here the domain is the component's own, and the program itself, not DNS, has
// said which host it is to trust.
//
// # Architecture
//
// There is nothing here but the way in. Package stream has the handshake and Role, which goes into xmpp.Options and says that
// the stream is a component's; package xmpp asks it in handshake.go (the way to a stream: one stage in place of TLS, SASL and binding)
// and in role.go (addresses).
package component
