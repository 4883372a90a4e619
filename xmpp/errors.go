package xmpp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/canto-im/canto/sasl"
)

// The ends of a session and of its calls. Test for them with errors.Is: what is returned often says more.
var (
	// ErrClosed is returned by calls on a session or client that was closed by its own program.
	ErrClosed = errors.New("xmpp: closed")
	// ErrSlowConsumer ends a session whose handlers or channel readers left more waiting than Limits.LaneHard.
	ErrSlowConsumer = errors.New("xmpp: the program does not take what it asked for: received stanzas waiting for handlers and channels exceed Limits.LaneHard")
	// ErrPeerSilent ends a session whose server neither answered nor took bytes for Options.DeadAfter.
	ErrPeerSilent = errors.New("xmpp: the server has been silent for too long: the connection is held to be dead")
	// ErrPeerClosed ends a session whose server closed the stream without an error (RFC 6120 §4.4).
	ErrPeerClosed = errors.New("xmpp: the server closed the stream")
	// ErrAnswered is returned by Request.Reply and Request.Fail when the request has been answered before.
	ErrAnswered = errors.New("xmpp: the request has been answered already")
)

var (
	errNoStartTLS     = errors.New("the server offers no STARTTLS, and no login either")
	errPlaintextOnly  = errors.New("the server offers to log in in clear, without STARTTLS: nothing on this connection would be secret (or somebody on the way took the offer out)")
	errPlainCarrier   = errors.New("the transport leads to the server in clear, without TLS: nothing on this connection would be secret")
	errTLSRefused     = errors.New("the server refused STARTTLS")
	errTLSInjection   = errors.New("the server sent bytes in clear behind <proceed/> (RFC 6120 §5.4.3.3): somebody on the way may have put them there")
	errInsecureConfig = errors.New("Options.TLS.InsecureSkipVerify is set")
	errBareStranger   = errors.New("Options.BeforeLogin is for connections with TLS, and the server offers none")
	errNoMechanism    = errors.New("no SASL mechanism in common")
	errNoBind         = errors.New("the server offers no resource binding")
	errClosedInSetup  = fmt.Errorf("%w in Options.Setup", ErrClosed)
	errLeaving        = errors.New("xmpp: unavailable presence for the server to broadcast has neither Show nor Priority (RFC 6121 §4.5.1)")
	errUnexpected     = errors.New("the server broke the protocol")
)

// A Step is a part of the way to a session.
type Step string

// The steps, in their order.
const (
	StepDNS    Step = "dns"    // looking up where the server is
	StepTCP    Step = "tcp"    // connecting to it
	StepTLS    Step = "tls"    // STARTTLS, handshake, certificate
	StepStream Step = "stream" // stream header and features
	StepAuth   Step = "auth"   // SASL
	StepBind   Step = "bind"   // resource binding
)

// A DialError says at which step a session could not be had, where, and why. Err is the cause: a *sasl.Error, a
// *StreamError, an x509 error, a *net.OpError and so on.
type DialError struct {
	Step Step
	Addr string // host:port, or the domain where there is no address yet
	Err  error
}

// Error says what failed, where, and, where there is advice, what to do about it.
func (e *DialError) Error() string {
	msg := fmt.Sprintf("xmpp: %s: %s: %s", e.Step, e.Addr, strings.TrimPrefix(e.Err.Error(), "xmpp: "))
	if a := e.advice(); a != "" {
		msg += "; " + a
	}
	return msg
}

// Unwrap returns Err.
func (e *DialError) Unwrap() error { return e.Err }

// advice is what a person who reads the error may do.
func (e *DialError) advice() string {
	var stranger *strangerError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var authority x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	var dns *net.DNSError
	var refusal *refusal
	switch {
	case errors.As(e.Err, &refusal):
		return refusal.advice
	case errors.Is(e.Err, errPlaintextOnly), errors.Is(e.Err, errPlainCarrier):
		return "if the network is trusted and this is meant, set Options.AllowPlaintext"
	case errors.Is(e.Err, errNoStartTLS):
		return "check that the port is the server's for clients (often 5222)"
	case errors.Is(e.Err, errInsecureConfig):
		return "put the server's certificate authority into Options.TLS.RootCAs, or pin the certificate in VerifyConnection"
	case errors.As(e.Err, &stranger):
		return "if TLS comes first at this port (often 5223), set Options.DirectTLS; with STARTTLS, the port is often 5222"
	case errors.As(e.Err, &host):
		return "the certificate must be for the JID's domain, whatever host serves it"
	case errors.As(e.Err, &invalid) && invalid.Reason == x509.Expired:
		return "the server's certificate must be renewed, unless the clock here is wrong"
	case errors.As(e.Err, &authority):
		return "if the server has a certificate authority of its own, put that into Options.TLS.RootCAs"
	case errors.As(e.Err, &record):
		return "the server does not speak TLS at this port: with Options.DirectTLS the port must be the one for direct TLS (often 5223), not the one for STARTTLS (5222)"
	case errors.Is(e.Err, sasl.NotAuthorized):
		return "check the address and the password"
	case errors.Is(e.Err, errNoMechanism):
		return "set a Password, or give mechanisms in Options.SASL that the server offers"
	case errors.Is(e.Err, HostUnknown), unrecognizedName(e.Err):
		return "the server at this address does not serve the JID's domain: check the domain and Options.Addr"
	case e.Step == StepDNS && errors.As(e.Err, &dns) && dns.IsNotFound:
		return "check the JID's domain, or set Options.Addr"
	}
	return ""
}

// A strangerError is the end of a connection in clear on which the server has not even begun a stream.
type strangerError struct{ err error }

func (e *strangerError) Error() string { return e.err.Error() }
func (e *strangerError) Unwrap() error { return e.err }

// unrecognizedName reports whether err is the TLS alert (RFC 6066 §3) by which a server says that it does not serve the
// name. It has no exported type.
func unrecognizedName(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error" && op.Err.Error() == "tls: unrecognized name"
}
