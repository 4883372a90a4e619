package sasl

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// checkOffer compares what the server says it offered (XEP-0474) and the version of TLS that it says it uses (XEP-0515) to
// what arrived here. Both are under the proofs of SCRAM, so that nobody without the password can change them as well.
func (x *scramExchange) checkOffer(first firstMessage) error {
	hash, vouched := first.extensions['h']
	switch {
	case x.gs2.needHash && !vouched:
		return x.fail(serverFirst, ErrDowngrade,
			"no announced type of channel binding is usable, tls-server-end-point is missing (XEP-0440), and the server does not vouch for that (XEP-0474)")
	case x.conn.NeedHash && !vouched:
		return x.fail(serverFirst, ErrDowngrade, "the server offers less than it did, and does not vouch for that (XEP-0474)")
	case vouched && subtle.ConstantTimeCompare([]byte(hash), []byte(offerHash(x.m.hash, x.conn))) != 1:
		return x.fail(serverFirst, ErrDowngrade,
			"the mechanisms or types of channel binding that the server sent are not those that arrived (XEP-0474)")
	}
	version, told := first.extensions['t']
	if told && x.conn.TLSVersion != 0 && version != fmt.Sprintf("%04x", x.conn.TLSVersion) {
		return x.fail(serverFirst, ErrDowngrade, "the server's TLS version is %s and ours %04x (XEP-0515)", quoted(version), x.conn.TLSVersion)
	}
	return nil
}

// offerHash is the hash of XEP-0474 section 6.1. The order is that of "i;octet": by bytes.
func offerHash(h scramHash, c Conn) string {
	s := sortedList(c.Mechanisms)
	if c.BindingTypes != nil {
		s += "\x1f" + sortedList(c.BindingTypes)
	}
	return base64.StdEncoding.EncodeToString(h.sum([]byte(s)))
}

func sortedList(list []string) string {
	return strings.Join(slices.Sorted(slices.Values(list)), "\x1e")
}
