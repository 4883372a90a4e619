package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/canto-im/canto/internal/corpus"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

// Who the client is.
const (
	domain  = "im.example.com"
	address = "juliet@" + domain
)

// certificate is for the domain, and nobody has signed it but itself.
func certificate() (tls.Certificate, error) {
	return xmpptest.Certificate(xmpptest.CertSpec{Domains: []string{domain}, SelfSigned: true})
}

// A place is where the sides of a contest connect to.
type place struct {
	peer   *peerAddr
	secure bool // over TLS
}

// called names a contest after where it's held.
func (p place) called(name string) string {
	if p.secure {
		return name + " over TLS"
	}
	return name
}

// config trusts the peer.
func (p place) config() *tls.Config {
	cert, err := x509.ParseCertificate(p.peer.Cert)
	if err != nil {
		panic(err) // it came from a process of our own
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{RootCAs: pool, ServerName: domain}
}

// session is a session whose peer plays mode. setup may be nil.
func (p place) session(mode string, setup func(*xmpp.Session)) (*xmpp.Session, error) {
	o := &xmpp.Options{Addr: p.peer.Plain, AllowPlaintext: true, Setup: setup}
	if p.secure {
		o = &xmpp.Options{Addr: p.peer.TLS, DirectTLS: true, TLS: p.config(), Setup: setup}
	}
	if !strings.HasPrefix(mode, modeQuiet) {
		o.Keepalive = -1 // the peer answers no pings while other sides have their turn
	}
	return xmpp.Dial(context.Background(), jid.MustParse(address+"/"+mode), o)
}

// bare is a connection that has gone through the same login with nothing but bytes.
func (p place) bare(mode string) (net.Conn, error) {
	c, err := net.Dial("tcp", p.peer.Plain)
	if p.secure {
		c, err = tls.Dial("tcp", p.peer.TLS, p.config())
	}
	if err != nil {
		return nil, err
	}
	const header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='" + domain + "' version='1.0'>"
	for _, step := range []struct{ say, until string }{
		{header, corpus.Head + saslFeature},
		{"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>", saslSuccess},
		{header, corpus.Head + bindFeature},
		{"<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>" + mode + "</resource></bind></iq>", bound + mode + boundEnd},
	} {
		if err := exchange(c, step.say, step.until); err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}

const (
	bound    = "<iq type='result' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>" + address + "/"
	boundEnd = "</jid></bind></iq>"
)

// exchange says something and hears exactly the answer.
func exchange(c net.Conn, say, answer string) error {
	if _, err := io.WriteString(c, say); err != nil {
		return err
	}
	got := make([]byte, len(answer))
	if _, err := io.ReadFull(c, got); err != nil {
		return err
	}
	if string(got) != answer {
		return fmt.Errorf("the peer said %q, not %q", got, answer)
	}
	return nil
}

// order is the message that tells the peer how many messages of what size are next.
func order(n, size int) string { return fmt.Sprintf("<message><body>%d %d</body></message>", n, size) }

// orderMessage is the same for a session.
func orderMessage(n, size int) *stanza.Message {
	return &stanza.Message{Type: stanza.Chat, Body: fmt.Sprintf("%d %d", n, size)}
}

// ended is why the session is over; an error in any case.
func ended(s *xmpp.Session) error {
	if err := s.Err(); err != nil {
		return err
	}
	return errors.New("the session has ended")
}
