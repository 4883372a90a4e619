package server

import (
	"crypto/tls"
	"fmt"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// startTLSModule is RFC 6120 §5.
func startTLSModule() module {
	return module{
		name: "starttls",
		advertise: func(c *conn) []*Element {
			switch {
			case c.tls != nil || c.entrance == overHTTP || c.srv.opts.StartTLS == Off: // RFC 7395 §3.9: never over WebSocket
				return nil
			case c.srv.opts.StartTLS == Required:
				return []*Element{el(ns.TLS, "starttls").with(el(ns.TLS, "required"))}
			}
			return []*Element{el(ns.TLS, "starttls")}
		},
		elements: map[xmltext.Name]elementHandler{{Space: ns.TLS, Local: "starttls"}: proceed},
	}
}

func proceed(c *conn, _ *Element) error {
	if c.tls != nil || c.srv.opts.StartTLS == Off || c.user != "" || c.dec.Buffered() > 0 {
		// RFC 6120 §5.4.2.2: failure, then both ends close. Bytes that came behind the request in clear could be anybody's.
		c.say("<failure xmlns='" + ns.TLS + "'/>")
		return errClosed
	}
	c.step(Exchange{Step: StepProceed, XML: "<proceed xmlns='" + ns.TLS + "'/>"})
	if !c.out.flush() {
		return fmt.Errorf("the connection ended before TLS")
	}
	c.net.drained()
	if err := c.startTLS(); err != nil {
		return err
	}
	return errRestart
}

// startTLS puts TLS on the connection.
func (c *conn) startTLS() error {
	t := tls.Server(c.net, c.srv.tlsConfig)
	c.securing.Store(true)
	err := t.Handshake()
	c.securing.Store(false)
	if err != nil {
		c.srv.counters.tlsFailures.Add(1)
		return fmt.Errorf("TLS: %w", err)
	}
	cs := t.ConnectionState()
	c.tls = &cs
	c.serverCert = c.srv.tlsConfig.Certificates[0].Certificate[0]
	c.out.use(t)
	c.in.r = t
	c.in.seen, c.in.again = nil, nil // RFC 6120 §5.4.3.3: nothing that came in clear is part of the new stream
	c.srv.counters.tls.Add(1)
	return nil
}

// tlsConfigFor makes the configuration of all connections.
func tlsConfigFor(o Options) (*tls.Config, error) {
	roots, err := Roots()
	if err != nil {
		return nil, err
	}
	cert := o.Certificate
	if cert == nil {
		made, err := Certificate(CertSpec{Domains: []string{o.Domain}})
		if err != nil {
			return nil, err
		}
		cert = &made
	}
	conf := &tls.Config{
		Certificates: []tls.Certificate{*cert},
		ClientCAs:    roots,
		ClientAuth:   tls.VerifyClientCertIfGiven,
		NextProtos:   []string{"xmpp-client"}, // XEP-0368 §4
		MinVersion:   tls.VersionTLS12,
		// A ticket is written by the handshake itself: over a connection without a buffer (net.Pipe) the client, who writes
		// its header at that moment, and the server would wait for each other.
		SessionTicketsDisabled: true,
	}
	if o.TLSVersion != 0 {
		conf.MinVersion, conf.MaxVersion = o.TLSVersion, o.TLSVersion
	}
	if o.TLSConfig != nil {
		o.TLSConfig(conf)
	}
	return conf, nil
}
