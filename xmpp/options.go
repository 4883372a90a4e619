package xmpp

import (
	"cmp"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"time"

	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/stanza"
)

// Options say how to connect and how to behave. A nil *Options and zero fields mean the defaults stated at each field.
// Options are copied when they are given to Dial, NewSession or NewClient: later changes have no effect.
type Options struct {
	// Password authenticates the JID's localpart with every mechanism that takes a password: SCRAM (with channel
	// binding where both sides can), then, inside TLS only, PLAIN.
	Password string
	// SASL replaces what Password would give: mechanisms with credentials of their own, best first. The first that the
	// server offers and this connection allows is used. Empty: from Password; without one either, ANONYMOUS.
	SASL []sasl.Mechanism

	// AllowDowngrade permits one step back: to log in with a weaker mechanism or channel binding than this account was seen to
	// have before, by this Client or by what Store knows. That is then what's expected from now on. False: that's an error
	// that names both, since somebody on the way may have taken the better one out of the server's offer. It's none where the
	// server vouches for its offer (XEP-0474).
	AllowDowngrade bool
	// ForgetToken makes this the last login with the token that Store has of an earlier one: the server is told to take it no
	// more (XEP-0484 §3.6), none is asked for, and Store keeps none, nor what was derived from the password. It's how to log out of a device that others use: Dial with
	// it, and Close. False: the next login may take a token.
	ForgetToken bool
	// Software is what the server and the account's owner are told of the program (XEP-0388), and, with servers that make the
	// resource (XEP-0386), the beginning of it, which others see, too: so no host's or user's name. Empty: "canto".
	Software string
	// Inline is what is to be enabled together with the binding, such as <enable xmlns='urn:xmpp:carbons:2'/> or
	// <inactive xmlns='urn:xmpp:csi:0'/>: in the same flight, and before anything can arrive. A server that can't (XEP-0386) is
	// not asked; ConnectionState.Inlined says what was done.
	Inline []stanza.Element

	// Addr is the host:port to connect to. Empty: found by DNS from the JID's domain (SRV records of RFC 6120 §3.2 and
	// XEP-0368, else the domain itself at port 5222). The certificate is checked against the JID's domain all the same.
	Addr string
	// DirectTLS says that Addr speaks TLS from the first byte (XEP-0368), usually at port 5223. False: STARTTLS.
	// With DNS, the records say which.
	DirectTLS bool
	// TLS is cloned and completed: the server name is always the JID's domain, the least version is TLS 1.2 (RFC 9325).
	// RootCAs, Certificates (for EXTERNAL), VerifyConnection (for pinning: see the example) and the like are yours. What DNS says
	// of certificates (DANE, RFC 7673) is not asked for, since Resolver can't tell what DNSSEC has signed: who has one that can
	// compares the TLSA records in VerifyConnection, beside the check that is made in any case. InsecureSkipVerify is refused:
	// a server with a certificate of its own goes into RootCAs. Nil: the system's roots.
	TLS *tls.Config
	// Dial makes TCP connections. It gets names unresolved, so that a proxy can resolve them; with Addr empty, the SRV
	// records are asked of Resolver all the same, so who wants no DNS of their own (Tor) sets Addr. Nil: net.Dialer,
	// trying IPv6 and IPv4 as RFC 8305 says.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Transport carries the stream in place of TCP and the TLS in it, to whatever place it finds: the Connect of a
	// websocket.Dialer, for one. Addr and DirectTLS then mean nothing. uri is where a server has sent us (RFC 7395 §3.6.1), ""
	// at first: what is less secure than the transport's own way it has to refuse. o are these options, completed, with a TLS
	// that accepts a certificate for the host that is asked for (RFC 7395 §6, XEP-0156 §2.2) or for the JID's domain. The conn
	// gets whole elements with each Write, and has two more methods: ConnectionState, as *tls.Conn has it, and
	// Finish(time.Duration), which closes it in order within that time. It may have a third, Unbound() bool: true says that a login
	// can't be bound to its TLS, because that is not one channel, or not the server's. Nil: TCP.
	Transport func(ctx context.Context, account jid.JID, o *Options, uri string) (net.Conn, error)
	// Resolver is asked for SRV records and addresses. Nil: net.DefaultResolver.
	Resolver *net.Resolver
	// Lang is the xml:lang of our stream: the language of what we send, and in which we'd like to be answered. Empty:
	// none.
	Lang string
	// AllowPlaintext permits to go on without TLS where the server offers none. Nothing that is sent is then secret,
	// and the server is whoever answered; PLAIN would show the password to all on the way. False: that's an error.
	AllowPlaintext bool

	// Limits bound what a peer may send and what is held for a slow consumer.
	Limits Limits
	// Keepalive is how long the connection may be silent before something is done about it: when we have sent nothing
	// for so long, a space goes out (RFC 6120 §4.6.1), and when nothing has arrived for so long, the server is asked
	// for a sign of life. It's less where the server says that it takes silence for less than twice as long (XEP-0478).
	// 0: one minute. Negative: never.
	Keepalive time.Duration
	// DeadAfter is how long the server may leave us without an answer when it owes one: to the sign of life asked for
	// after Keepalive, in each step of the negotiation, and in taking bytes that we write. A dead connection is thus
	// noticed after Keepalive + DeadAfter at the latest (while the reader waits for a slow consumer, after twice Keepalive +
	// DeadAfter); under stream management, DeadAfter after something was sent that
	// the server has to acknowledge. 0: 30 seconds.
	DeadAfter time.Duration
	// CloseTimeout is how long Close waits for the server to close its stream too (RFC 6120 §4.4), how long a server that closes
	// first may take to read what we have said, and how long a handler may take, at least, for each stanza that a lost session
	// had received, before its ctx ends. 0: 5 seconds.
	CloseTimeout time.Duration
	// RequestTimeout is how long a Request taken from Session.IQs may stay unanswered before it's answered with
	// internal-server-error in its taker's place. 0: one minute.
	RequestTimeout time.Duration

	// Store keeps small values that should outlive the process: the stream, for a Client; and for every session the id by which
	// the server knows this installation, a token to log in with (XEP-0484) and what SCRAM has derived from the password (RFC 5802
	// §3), both as good as the password at this server, and how the account has logged in at best (see AllowDowngrade). No password
	// is kept there; a wrong one is not noticed as long as token or keys will do. Nil: memory only.
	//
	// A Client with stream management asks the store, every 50 ms at most and before it hands over what it has received, whether the
	// stream is still its own: a store that is slow holds that up.
	Store Store
	// Undelivered gets what could not be handed to the server, or may not have arrived there, together with the reason.
	// It's called from the goroutine that found out and must not block: no Send, whose next session may wait for it. Nil: such stanzas are logged (not their content).
	Undelivered func(st stanza.Stanza, err error)
	// BeforeLogin is called with each connection that has TLS, before anything of the login is said: for what a stranger may do
	// there, such as to register (see package register). It gets the features that the server offers at this point, and asks with do,
	// one request at a time, whose errors are those of Session.Do. What goes either way is not in the trace. ctx is that of the dialing, and
	// the time between requests is the caller's. With its error the dialing ends, as a *DialError of StepAuth; after nil the login
	// follows on the same stream. Without TLS the dialing ends before it is called. Nil: nothing.
	BeforeLogin func(ctx context.Context, offered Features, do func(*stanza.IQ) (*stanza.IQ, error)) error
	// Setup is called with each new session after it's bound and before the first stanza is handed over: the place to
	// register handlers and to open channels without missing anything. It must not wait for the server. A session that it
	// closes is of no use: Dial and NewSession then return an error that is ErrClosed, and Client.Run ends.
	Setup func(*Session)
	// Logger gets what a person would want to know later: no bodies, no SASL content. Nil: silent.
	Logger *slog.Logger
	// Trace observes the steps of the connection and the bytes on the wire. Nil: nothing.
	Trace *Trace

	// Role is for the packages below this one (xmpp/component): what we are on the stream. Its type is of an internal package, so
	// that other modules have the zero value alone, which is a client.
	Role stream.Role

	remembers bool // what was learned in a login serves the next one
}

// Limits bound what a peer may make us hold. Zero fields mean the defaults.
type Limits struct {
	StanzaBytes int // one element of the stream on the wire, its payloads included; 0: 1 MiB
	// AnswerBytes is what StanzaBytes is for the answer of our own account to a request that we have sent to it and that
	// waits: a whole roster is one stanza (RFC 6121 §2.1.4). Never less than StanzaBytes. 0: 32 MiB, some 200,000 contacts.
	AnswerBytes int

	Depth      int // nesting of elements below the stream's root; 0: 64
	Attributes int // attributes of one element; 0: 256
	NameBytes  int // a name or a namespace; 0: 1024

	// LaneSoft is how many bytes of received stanzas may wait for handlers and channels before the socket is no longer
	// read (unless a Do waits for its answer). 0: 1 MiB.
	LaneSoft int
	// LaneHard is how many may wait at all: past it the session ends with ErrSlowConsumer. 0: 64 MiB.
	LaneHard int
	// SendBytes is how many encoded bytes may wait for the socket before Send waits. 0: 256 KiB.
	SendBytes int
}

// withDefaults returns a copy of o in which every zero field has its default.
func (o *Options) withDefaults() *Options {
	var c Options
	if o != nil {
		c = *o
	}
	c.SASL = append([]sasl.Mechanism(nil), c.SASL...)
	c.Inline = append([]stanza.Element(nil), c.Inline...)
	c.remembers = c.Store != nil
	c.Keepalive = cmp.Or(c.Keepalive, time.Minute)
	c.DeadAfter = cmp.Or(c.DeadAfter, 30*time.Second)
	c.CloseTimeout = cmp.Or(c.CloseTimeout, 5*time.Second)
	c.RequestTimeout = cmp.Or(c.RequestTimeout, time.Minute)
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Trace == nil {
		c.Trace = &Trace{}
	}
	if c.Store == nil {
		c.Store = newMemoryStore()
	}
	l := &c.Limits
	l.StanzaBytes = cmp.Or(l.StanzaBytes, 1<<20)
	l.AnswerBytes = max(cmp.Or(l.AnswerBytes, 32<<20), l.StanzaBytes)
	l.Depth = cmp.Or(l.Depth, 64)
	l.Attributes = cmp.Or(l.Attributes, 256)
	l.NameBytes = cmp.Or(l.NameBytes, 1024)
	l.LaneSoft = cmp.Or(l.LaneSoft, 1<<20)
	l.LaneHard = max(cmp.Or(l.LaneHard, 64<<20), l.LaneSoft)
	l.SendBytes = cmp.Or(l.SendBytes, 256<<10)
	return &c
}
