package server

import (
	"cmp"
	"crypto/tls"
	"slices"
	"strings"
)

// DefaultDomain is the domain of a server that is given none; .test never exists in DNS (RFC 6761 §6.2).
const DefaultDomain = "canto.test"

// Options configures a Server. The zero value is a well-behaved server of today: STARTTLS required, TLS 1.2 and 1.3, every SCRAM with
// and without channel binding, PLAIN behind TLS, EXTERNAL for a client that shows a certificate.
type Options struct {
	// Domain is the XMPP domain that is served; empty means DefaultDomain.
	Domain string
	// InMemory opens no port: clients come by Dial, Serve or ServeTLS alone. In a testing/synctest bubble it has to be so.
	InMemory bool

	// StartTLS says whether STARTTLS is required (the zero value), optional or absent.
	StartTLS Policy
	// TLSVersion is the only version spoken, tls.VersionTLS12 or tls.VersionTLS13; 0 means both.
	TLSVersion uint16
	// Certificate is shown to clients; nil means one for Domain, signed by this process's authority (Roots).
	Certificate *tls.Certificate
	// TLSConfig, when set, has the last word on the configuration of every TLS connection.
	TLSConfig func(*tls.Config)

	// Mechanisms are the SASL mechanisms to offer, in that order, where a connection can do them; nil means all but ANONYMOUS and OAUTHBEARER.
	Mechanisms []string
	// ChannelBindings are the types to accept, in that order, where a connection can do them; nil means all, empty none.
	ChannelBindings []string
	// HideBindings leaves the list of channel-binding types (XEP-0440) out of the features.
	HideBindings bool
	// PlusAlways offers the -PLUS mechanisms even where no channel binding works, as one real server does on TLS 1.3.
	PlusAlways bool
	// ExternalAlways offers EXTERNAL even to a client without a certificate, as two real servers do.
	ExternalAlways bool
	// PlainInClear offers mechanisms that show the secret on a connection without TLS.
	PlainInClear bool
	// Iterations of SCRAM; 0 means 4096.
	Iterations int
	// DowngradeProtection adds the hash of XEP-0474 to SCRAM's first server message.
	DowngradeProtection bool
	// FinalInChallenge sends the server's last SCRAM message in a challenge, not in success; both are legal.
	FinalInChallenge bool

	// SASL2 offers the logins of XEP-0388 beside those of RFC 6120, where TLS is in place and the client has said who it is;
	// nil does not.
	SASL2 *SASL2

	// BOSH configures the connection manager of XEP-0124; nil is that of a server of today.
	BOSH *BOSH

	// Register offers in-band registration (XEP-0077); nil does not.
	Register *Register

	// Rooms configures the service of rooms (XEP-0045) at the subdomain "conference"; Without "rooms" leaves it out.
	Rooms Rooms

	// Conflict says what happens when a resource is asked for that is bound already.
	Conflict ConflictPolicy
	// Session says whether the session feature of RFC 3921 is absent (the zero value), optional or required.
	Session SessionFeature
	// StrictIQ keeps IQ requests from those with whom the addressed resource shares no presence, as RFC 6121 §8.5.3.1
	// recommends; servers in the field deliver them.
	StrictIQ bool
	// Without names modules to leave out, for a server that lacks a capability: "roster", "disco", "ping", "version", "offline", "sm", ….
	Without []string

	// Archive gives every account and every room an archive (XEP-0313); nil does not.
	Archive *Archive

	// SM configures stream management (XEP-0198); Without "sm" leaves it out.
	SM SM

	// MaxStanza is the size in bytes of the largest stanza that is accepted, which sessions are told (XEP-0478); 0 means 262,144.
	MaxStanza int
	// MaxQueue is how many bytes may wait for a client that does not read before its stream ends with resource-constraint; 0 means 64 MiB.
	MaxQueue int
	// Transcript is how many of the elements received are remembered; 0 means 4096, negative none.
	Transcript int

	// Tamper, when set, is shown each thing that the server is about to say up to the end of the negotiation and returns
	// what is said instead (raw bytes, nothing checks them); the server goes on as if it had said what it meant to. See Step.
	Tamper func(e Exchange) string
	// TamperSASL does the same with the decoded data of SASL challenges and of success. A nil result means no data.
	TamperSASL func(e Exchange, data []byte) []byte
	// Logf, when set, is told what happens, connection by connection; testing's t.Logf fits.
	Logf func(format string, args ...any)
}

// A Policy is what a server makes of STARTTLS.
type Policy int

// The policies.
const (
	Required Policy = iota // offered and required
	Optional               // offered
	Off                    // not offered, not accepted
)

// A ConflictPolicy is the answer to the request for a resource that is bound already; RFC 6120 §7.7.2.2.
type ConflictPolicy int

// The policies.
const (
	Kick     ConflictPolicy = iota // the older session ends with the stream error conflict
	Refuse                         // the request fails with the stanza error conflict
	Override                       // the newer session gets a resource that the server makes
)

// A SessionFeature is what a server makes of the session establishment of RFC 3921 §3.
type SessionFeature int

// The policies.
const (
	NoSession SessionFeature = iota
	SessionOptional
	SessionRequired
)

func (o Options) withDefaults() Options {
	o.Domain = cmp.Or(o.Domain, DefaultDomain)
	o.Iterations = cmp.Or(o.Iterations, 4096)
	o.MaxStanza = cmp.Or(o.MaxStanza, 262144)
	o.MaxQueue = cmp.Or(o.MaxQueue, 64<<20)
	o.Transcript = cmp.Or(o.Transcript, 4096)
	o.SM = o.SM.withDefaults()
	o.BOSH = o.BOSH.withDefaults()
	if o.SASL2 != nil {
		o.SASL2 = o.SASL2.withDefaults()
	}
	if o.Mechanisms == nil {
		for _, m := range mechanisms {
			if m.name != "ANONYMOUS" && m.name != "OAUTHBEARER" {
				o.Mechanisms = append(o.Mechanisms, m.name)
			}
		}
	}
	return o
}

// has reports whether a module is wanted.
func (o Options) has(module string) bool {
	if (module == "register" || module == "invite") && o.Register == nil {
		return false
	}
	if module == "bookmarks" && (!o.has("pep") || !o.has("private")) {
		return false
	}
	return !slices.Contains(o.Without, module)
}

// offers lists the mechanisms for one connection.
func (o Options) offers(f saslFacts) []string {
	var list []string
	for _, m := range o.Mechanisms {
		if usable(strings.ToUpper(m), f) {
			list = append(list, strings.ToUpper(m))
		}
	}
	return list
}
