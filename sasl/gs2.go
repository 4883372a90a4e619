package sasl

import (
	"slices"
	"strings"
)

// gs2 is what a SCRAM exchange says about channel binding.
type gs2 struct {
	flag    string  // gs2-cbind-flag of RFC 5802 section 7
	binding Binding // with flag "p=…"
	// needHash: without channel binding, but the offer is one that a faithful server does not make. Only a server that
	// vouches for its offer (XEP-0474) may make it.
	needHash bool
}

// plusGS2 decides for a mechanism that binds to the channel.
func plusGS2(mechanism string, c Conn) (gs2, error) {
	b, ok := c.binding()
	if !ok {
		return gs2{}, fail(mechanism, "", ErrNoBinding, "the connection has %s, the server announces %s",
			bindingTypes(c.Bindings), announced(c.BindingTypes))
	}
	return gs2{flag: "p=" + b.Type, binding: b}, nil
}

// barGS2 decides for a mechanism that does not bind to the channel. The rules are those of XEP-0440 section 3.
func barGS2(mechanism string, c Conn) (gs2, error) {
	offered := c.offersBinding()
	_, common := c.binding()
	switch {
	case len(c.Bindings) == 0: // Rule 2, RFC 5802 section 6: a client without channel binding says so.
		return gs2{flag: "n"}, nil
	case !offered && len(c.BindingTypes) > 0: // Rule 5.
		return gs2{}, fail(mechanism, "", ErrDowngrade, "types of channel binding are announced, but no mechanism that uses them (XEP-0440)")
	case !offered: // Rule 3, RFC 5802 section 6: never "n". A server whose -PLUS was stripped on the way notices.
		return gs2{flag: "y"}, nil
	case c.BindingTypes == nil && c.SASL2: // Rule 4.
		return gs2{}, fail(mechanism, "", ErrDowngrade, "mechanisms with channel binding are offered, but no type of it is announced (XEP-0440)")
	case c.BindingTypes == nil || common || slices.Contains(c.BindingTypes, TLSServerEndPoint):
		// The server can and we can, but not both the same, or the caller chose not to. "y" would be a false alarm.
		return gs2{flag: "n"}, nil
	}
	// Rule 6 in the form of XEP-0474 section 7: every server has tls-server-end-point, unless it vouches for having none.
	return gs2{flag: "n", needHash: true}, nil
}

// header is the gs2-header of RFC 5802 section 7.
func (g gs2) header(authzID string) string {
	if authzID != "" {
		authzID = "a=" + saslname(authzID)
	}
	return g.flag + "," + authzID + ","
}

// saslname escapes a name as RFC 5802 section 5.1 says.
func saslname(s string) string { return saslnameEscaper.Replace(s) }

var saslnameEscaper = strings.NewReplacer("=", "=3D", ",", "=2C")

// bindingTypes lists what a connection has, for an error.
func bindingTypes(bindings []Binding) string {
	types := make([]string, len(bindings))
	for i, b := range bindings {
		types[i] = b.Type
	}
	return quoted(strings.Join(types, " "))
}

// announced lists what a server announced, for an error.
func announced(types []string) string {
	if types == nil {
		return "nothing (XEP-0440)"
	}
	return quoted(strings.Join(types, " "))
}
