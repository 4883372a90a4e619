package server

import (
	"crypto/tls"
	"slices"
	"strings"
)

// A saslExchange is the server's side of one authentication: a state machine that sees messages only, so that it serves
// the SASL of RFC 6120 and what follows it alike.
type saslExchange interface {
	// step takes the client's next message, nil for none (the client sent no initial response).
	step(in []byte) (saslReply, *saslFailure)
}

// A saslReply is what the server has to say: a challenge, or, when done, that the client is user.
type saslReply struct {
	data []byte // nil: none; additional data of success when done
	done bool
	user string // the localpart of the account, when done
}

// A saslFailure is a <failure/>: one of the conditions of RFC 6120 §6.5 and a text for humans.
type saslFailure struct {
	condition string
	text      string
}

func failure(condition, text string) *saslFailure {
	return &saslFailure{condition: condition, text: text}
}

// saslFacts is what a mechanism may know of the connection and the server.
type saslFacts struct {
	opts       *Options
	accounts   credentialStore
	domain     string
	tls        *tls.ConnectionState // nil on a connection in clear
	serverCert []byte               // our own certificate, DER: tls-server-end-point
	offered    []string             // mechanisms that this stream's features offered
	announced  []string             // channel-binding types that its features announced (XEP-0440); nil: not announced
	types      []string             // channel-binding types that we accept
}

// A credentialStore answers questions about accounts.
type credentialStore interface {
	credential(user string) (credential, bool)      // the account's secret
	token(token string) (user string, ok bool)      // the owner of an OAuth 2.0 token
	anonymous() (user string)                       // a fresh account for one session
	local(address string) (user string, local bool) // the localpart of an address of this domain, if there is such an account
}

// mechanisms is every mechanism that the server can do, strongest first; a name ending in -PLUS needs a channel binding.
var mechanisms = []struct {
	name string
	make func(f saslFacts) saslExchange
}{
	{"EXTERNAL", func(f saslFacts) saslExchange { return &external{facts: f} }},
	{"SCRAM-SHA-512-PLUS", func(f saslFacts) saslExchange { return newScram(f, scramSHA512, true) }},
	{"SCRAM-SHA-256-PLUS", func(f saslFacts) saslExchange { return newScram(f, scramSHA256, true) }},
	{"SCRAM-SHA-1-PLUS", func(f saslFacts) saslExchange { return newScram(f, scramSHA1, true) }},
	{"SCRAM-SHA-512", func(f saslFacts) saslExchange { return newScram(f, scramSHA512, false) }},
	{"SCRAM-SHA-256", func(f saslFacts) saslExchange { return newScram(f, scramSHA256, false) }},
	{"SCRAM-SHA-1", func(f saslFacts) saslExchange { return newScram(f, scramSHA1, false) }},
	{"OAUTHBEARER", func(f saslFacts) saslExchange { return &oauthBearer{facts: f} }},
	{"PLAIN", func(f saslFacts) saslExchange { return &plain{facts: f} }},
	{"ANONYMOUS", func(f saslFacts) saslExchange { return &anonymous{facts: f} }},
}

// newExchange starts the mechanism of that name, if the stream offered it.
func newExchange(name string, f saslFacts) (saslExchange, *saslFailure) {
	if !slices.Contains(f.offered, name) {
		// RFC 6120 §6.5.7: the initiating entity did not use one of the mechanisms offered.
		return nil, failure("invalid-mechanism", "")
	}
	for _, m := range mechanisms {
		if m.name == name {
			return m.make(f), nil
		}
	}
	return nil, failure("invalid-mechanism", "")
}

// usable reports whether a mechanism can be offered on this connection at all.
func usable(name string, f saslFacts) bool {
	switch {
	case strings.HasSuffix(name, "-PLUS"):
		return f.tls != nil && (len(f.types) > 0 || f.opts.PlusAlways)
	case name == "EXTERNAL":
		// RFC 6120 §6.3.4: offered when the certificate that the client presented is acceptable.
		return f.tls != nil && (len(f.tls.PeerCertificates) > 0 || f.opts.ExternalAlways)
	case name == "PLAIN", name == "OAUTHBEARER":
		return f.tls != nil || f.opts.PlainInClear
	}
	return true
}
