package server

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// plain is RFC 4616.
type plain struct{ facts saslFacts }

func (p *plain) step(in []byte) (saslReply, *saslFailure) {
	if in == nil {
		return saslReply{}, nil
	}
	// RFC 4616 §2: message = [authzid] NUL authcid NUL passwd
	parts := bytes.Split(in, []byte{0})
	if len(parts) != 3 || len(parts[1]) == 0 || len(parts[2]) == 0 {
		return saslReply{}, failure("malformed-request", "")
	}
	user := string(parts[1])
	cred, ok := p.facts.accounts.credential(user)
	if !ok || subtle.ConstantTimeCompare([]byte(saslPrep(string(parts[2]))), []byte(saslPrep(cred.password))) != 1 {
		return saslReply{}, failure("not-authorized", "")
	}
	if f := authorizeAs(p.facts, user, string(parts[0])); f != nil {
		return saslReply{}, f
	}
	return saslReply{done: true, user: user}, nil
}

// authorizeAs checks the authorization identity of an account that has proved its name.
func authorizeAs(f saslFacts, user, authzid string) *saslFailure {
	// RFC 6120 §6.3.8: the authorization identity is a bare JID; nobody may act for another here.
	if authzid == "" {
		return nil
	}
	if as, ok := f.accounts.local(authzid); !ok || as != user {
		return failure("invalid-authzid", "")
	}
	return nil
}

// external is RFC 4422 appendix A with the client certificates of XEP-0178.
type external struct{ facts saslFacts }

func (e *external) step(in []byte) (saslReply, *saslFailure) {
	if in == nil {
		return saslReply{}, nil
	}
	if e.facts.tls == nil || len(e.facts.tls.PeerCertificates) == 0 {
		return saslReply{}, failure("not-authorized", "no client certificate was presented")
	}
	names := xmppAddrs(e.facts.tls.PeerCertificates[0])
	authzid := string(in)
	if len(names) == 0 {
		return e.mapped(authzid)
	}
	if authzid == "" {
		// XEP-0178 §2: without an authorization identity the certificate must name exactly one account.
		if len(names) != 1 {
			return saslReply{}, failure("invalid-authzid", "the certificate does not name one account")
		}
		authzid = names[0]
	}
	if !slices.Contains(names, authzid) {
		return saslReply{}, failure("invalid-authzid", "the certificate does not name this account")
	}
	user, ok := e.facts.accounts.local(authzid)
	if !ok {
		return saslReply{}, failure("not-authorized", "")
	}
	return saslReply{done: true, user: user}, nil
}

// mapped finds the account of a certificate that has no address, by its common name (XEP-0178 §2, case 3).
func (e *external) mapped(authzid string) (saslReply, *saslFailure) {
	user, ok := e.facts.accounts.local(e.facts.tls.PeerCertificates[0].Subject.CommonName + "@" + e.facts.domain)
	if !ok {
		return saslReply{}, failure("not-authorized", "")
	}
	return saslReply{done: true, user: user}, authorizeAs(e.facts, user, authzid)
}

// anonymous is RFC 4505; the trace information is read and forgotten.
type anonymous struct{ facts saslFacts }

func (a *anonymous) step(in []byte) (saslReply, *saslFailure) {
	if in == nil {
		return saslReply{}, nil
	}
	return saslReply{done: true, user: a.facts.accounts.anonymous()}, nil
}

// oauthBearer is RFC 7628.
type oauthBearer struct {
	facts  saslFacts
	failed bool
}

func (o *oauthBearer) step(in []byte) (saslReply, *saslFailure) {
	switch {
	case o.failed: // RFC 7628 §3.2.3: the client acknowledges the error with %x01, then the exchange fails
		return saslReply{}, failure("not-authorized", "")
	case in == nil:
		return saslReply{}, nil
	}
	token, authzid, err := parseBearer(string(in))
	if err != nil {
		return saslReply{}, failure("malformed-request", err.Error())
	}
	user, ok := o.facts.accounts.token(token)
	if !ok {
		o.failed = true
		text, err := json.Marshal(map[string]string{"status": "invalid_token"})
		if err != nil {
			return saslReply{}, failure("temporary-auth-failure", err.Error())
		}
		return saslReply{data: text}, nil
	}
	if f := authorizeAs(o.facts, user, authzid); f != nil {
		return saslReply{}, f
	}
	return saslReply{done: true, user: user}, nil
}

// parseBearer reads gs2-header kvsep *(key=value kvsep) kvsep; RFC 7628 §3.1.
func parseBearer(msg string) (token, authzid string, err error) {
	parts := strings.Split(msg, "\x01")
	if n := len(parts); n < 3 || parts[n-1] != "" || parts[n-2] != "" {
		return "", "", fmt.Errorf("the message is not closed by two separators")
	}
	gs2 := strings.Split(parts[0], ",")
	if len(gs2) != 3 || gs2[2] != "" {
		return "", "", fmt.Errorf("bad gs2-header %q", parts[0])
	}
	if gs2[1] != "" {
		id, ok := scramUnescape(strings.TrimPrefix(gs2[1], "a="))
		if !ok || !strings.HasPrefix(gs2[1], "a=") {
			return "", "", fmt.Errorf("bad authzid %q", gs2[1])
		}
		authzid = id
	}
	for _, kv := range parts[1 : len(parts)-2] {
		if v, ok := strings.CutPrefix(kv, "auth="); ok {
			scheme, value, _ := strings.Cut(v, " ")
			if !strings.EqualFold(scheme, "Bearer") || value == "" {
				return "", "", fmt.Errorf("no bearer token")
			}
			return strings.TrimLeft(value, " "), authzid, nil
		}
	}
	return "", "", fmt.Errorf("no auth value")
}
