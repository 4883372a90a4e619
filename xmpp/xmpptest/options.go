package xmpptest

import (
	"crypto/tls"

	"github.com/canto-im/canto/xmpp/xmpptest/internal/server"
)

// DefaultDomain is the domain of a server that is given none; .test never exists in DNS (RFC 6761 §6.2).
const DefaultDomain = server.DefaultDomain

// Options configures a Server. The zero value is a well-behaved server of today: STARTTLS required, TLS 1.2 and 1.3, every
// SCRAM with and without channel binding, PLAIN behind TLS, EXTERNAL for a client that shows a certificate.
type Options struct {
	// Domain is the XMPP domain that is served; empty means DefaultDomain.
	Domain string
	// InMemory opens no port: clients come by Dial, Serve or ServeTLS alone. In a testing/synctest bubble it has to be so.
	InMemory bool

	// StartTLS says whether STARTTLS is required (the zero value), optional or absent.
	StartTLS Policy
	// TLSVersion is the only version spoken, tls.VersionTLS12 or tls.VersionTLS13; 0 means both.
	TLSVersion uint16
	// Certificate is shown to clients; nil means one for Domain, signed by this process's authority (see Roots).
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
	// Without names modules to leave out, for a server that lacks a capability: "roster", "disco", "ping", "version", "time", "last", "offline", "sm", "limits", ….
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

// SASL2 configures the logins of XEP-0388. The zero value is that of a server of today: a resource is bound (XEP-0386: "tag/…",
// the same one for the same id of a user-agent) and a stream resumed with the login, and tokens are given out for the next one
// (XEP-0484). Only leaves the mechanisms of RFC 6120 out; NoBind, NoResume and an empty FAST leave a part out; Inline names
// further features that are said to be enabled with the binding; FAST the mechanisms for tokens; TokenAge is how long a token
// is good (21 days), Rotate gives a new one with each use; Tasks are wanted of a client after it has authenticated.
type SASL2 = server.SASL2

// These are for Options.BOSH.
type (
	// BOSH configures the connection manager of XEP-0124: see its fields. The zero value is that of a server of today: two requests at
	// a time, one of them held, for a minute. Its Fault loses, delays and forges requests and responses.
	BOSH = server.BOSH
	// A BOSHRequest is one that has come.
	BOSHRequest = server.BOSHRequest
	// A BOSHFault is what becomes of it.
	BOSHFault = server.BOSHFault
)

// Archive configures the archives of messages: how many messages are on a Page at most (0: 50), how many each archive Keeps (0: all),
// and NoExtended for a server that has no extended queries. What has a body is kept, or what its sender says is to be stored (XEP-0334);
// accounts have preferences (XEP-0441).
type Archive = server.Archive

// Register configures in-band registration (XEP-0077): see its fields. The zero value asks for a name and a password, in the
// fields of jabber:iq:register, of whoever comes over TLS.
type Register = server.Register

// Rooms configures the service of rooms: see its fields. The zero value is a service of today, which gives ids to messages and
// occupants, answers self-pings, lets anybody make a room, and keeps 20 messages for those who join.
type Rooms = server.Rooms

// These are the kinds of policy that Options knows.
type (
	// A Policy is what a server makes of STARTTLS.
	Policy = server.Policy
	// A ConflictPolicy is the answer to the request for a resource that is bound already; RFC 6120 §7.7.2.2.
	ConflictPolicy = server.ConflictPolicy
	// A SessionFeature is what a server makes of the session establishment of RFC 3921 §3.
	SessionFeature = server.SessionFeature
)

// Values of Options.StartTLS.
const (
	Required = server.Required // offered and required; the zero value
	Optional = server.Optional // offered
	Off      = server.Off      // not offered, not accepted
)

// Values of Options.Conflict.
const (
	Kick     = server.Kick     // the older session ends with the stream error conflict; the zero value
	Refuse   = server.Refuse   // the request fails with the stanza error conflict
	Override = server.Override // the newer session gets a resource that the server makes
)

// Values of Options.Session.
const (
	NoSession       = server.NoSession // the zero value
	SessionOptional = server.SessionOptional
	SessionRequired = server.SessionRequired
)

// Step names what the server says in a negotiation; Options.Tamper sees it.
type Step = server.Step

// The steps, in the order in which they come.
const (
	StepHeader    = server.StepHeader    // the stream header that answers the client's
	StepFeatures  = server.StepFeatures  // the features, after each header
	StepProceed   = server.StepProceed   // STARTTLS goes ahead; what is added to it goes out in clear behind it
	StepChallenge = server.StepChallenge // a SASL challenge
	StepSuccess   = server.StepSuccess   // SASL success; with XEP-0388 it brings what else was asked for
	StepContinue  = server.StepContinue  // tasks to be done in place of success (XEP-0388)
	StepFailure   = server.StepFailure   // SASL failure
	StepRegister  = server.StepRegister  // the answer to a request of one who has not authenticated (XEP-0077)
	StepBind      = server.StepBind      // the answer to the bind request
	StepEnabled   = server.StepEnabled   // the answer to <enable/> of stream management
	StepResumed   = server.StepResumed   // the answer to <resume/>; what is sent again follows
)

// Exchange is one thing that the server is about to say in a negotiation: its Step and its XML; the number of the
// connection (Conn, from 1) and of the stream header on it (Header: 1 before TLS, 2 before SASL, 3 before binding, with
// STARTTLS); whether TLS is in place (Secure); who has authenticated (User); and of SASL steps the Mechanism and how many
// Challenges came before.
type Exchange = server.Exchange
