package xmpp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

const (
	clientPort = 5222            // RFC 6120 §14.7
	maxTargets = 32              // hosts that are tried for one domain, whatever its SRV records say
	srvGrace   = 2 * time.Second // how long one SRV lookup is waited for when the other has an answer
)

// A resolver answers DNS questions; *net.Resolver is one.
type resolver interface {
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// A target is one place where a domain's server may be reached.
type target struct {
	host   string // a name in A-labels without its final dot, or an IP address without brackets
	port   uint16
	direct bool  // TLS from the first byte (XEP-0368), never STARTTLS; false: the other way round
	srv    bool  // named by a SRV record: the name is absolute, so the search list of the machine has no say
	why    error // at a fallback: the SRV lookup that failed, to be told if the fallback fails too
}

// String returns host:port.
func (t target) String() string { return net.JoinHostPort(t.host, strconv.Itoa(int(t.port))) }

// lookupName returns the name to ask DNS for the addresses of.
func (t target) lookupName() string {
	if t.srv {
		return t.host + "."
	}
	return t.host
}

// errNoService says that the domain's owner has declared, by SRV records with the target ".", that there is no XMPP
// service for clients. Asking again is of no use.
var errNoService = errors.New("the domain declares in DNS that it has no XMPP service for clients (SRV target \".\")")

// errOtherDenied goes with the failed lookup of one service when the domain declares that it has not got the other.
var errOtherDenied = errors.New("the other service is declared not to be available (SRV target \".\")")

// resolve returns where the server of domain may be reached, in the order in which to try. The domain is what jid.JID.Host
// gives: a name with A-labels, or an IP address, here with or without brackets. The error says which question to DNS
// failed and how; a *net.DNSError is in it.
func resolve(ctx context.Context, r resolver, domain string) ([]target, error) {
	return resolveDrawing(ctx, r, domain, rand.IntN)
}

// resolveDrawing is resolve with the source of chance for the weights: draw returns a number in [0, n).
func resolveDrawing(ctx context.Context, r resolver, domain string, draw func(n int) int) ([]target, error) {
	if ip, ok := addressLiteral(domain); ok {
		return []target{{host: ip.String(), port: clientPort}}, nil
	}
	host := strings.TrimSuffix(domain, ".")
	if !isHostName(host) {
		return nil, fmt.Errorf("%q is neither an IP address nor a name that DNS could know", domain)
	}
	if isLocalhost(host) {
		return []target{{host: host, port: clientPort}}, nil
	}
	answers, err := lookupServices(ctx, r, host)
	if err != nil {
		return nil, err
	}
	var records []srvRecord
	for _, a := range answers {
		records = append(records, a.records...)
	}
	if len(records) > 0 {
		// RFC 6120 §3.2.1 (8): with SRV records there is no fallback, even if none of them leads anywhere.
		return orderRecords(records, draw), nil
	}
	return srvFallback(host, answers)
}

// srvFallback says where to go without usable SRV records: to the domain itself, unless DNS has said not to.
func srvFallback(host string, answers []srvAnswer) ([]target, error) {
	var failed []error
	denied, unusable := false, false
	for _, a := range answers {
		denied = denied || a.denied
		unusable = unusable || a.unusable
		if a.err != nil {
			failed = append(failed, a.err)
		}
	}
	switch {
	// RFC 6120 §3.2.1 (3) and XEP-0368 §5: "." ends it, and forbids the fallback.
	case denied && len(failed) == 0:
		return nil, errNoService
	case unusable:
		return nil, joinReasons(failed)
	case denied:
		return nil, joinReasons(append(failed, errOtherDenied))
	}
	// RFC 6120 §3.2.1 (9), §3.2.2: no records, or no answer: the domain itself at the registered port.
	return []target{{host: host, port: clientPort, why: joinReasons(failed)}}, nil
}

// isLocalhost says whether a name is one that RFC 6761 §6.3 keeps out of DNS.
func isLocalhost(host string) bool {
	host = strings.ToLower(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// addressLiteral reads a domainpart that is an IP address. It needs no DNS.
func addressLiteral(domain string) (netip.Addr, bool) {
	if s, ok := strings.CutPrefix(domain, "["); ok && strings.HasSuffix(s, "]") {
		ip, err := netip.ParseAddr(s[:len(s)-1])
		return ip, err == nil && ip.Is6()
	}
	ip, err := netip.ParseAddr(domain)
	return ip, err == nil
}

// isHostName says whether s can be asked for in DNS as the name of a host (RFC 1123 §2.1; underscores are borne with).
// A name whose last label is a number would be an IPv4 address, which a SRV record may not name.
func isHostName(s string) bool {
	if len(s) > 253 {
		return false
	}
	label := ""
	for label = range strings.SplitSeq(s, ".") {
		if len(label) == 0 || len(label) > 63 || strings.Trim(label, "-") != label {
			return false
		}
		for _, c := range []byte(label) {
			if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
				return false
			}
		}
	}
	return strings.Trim(label, "0123456789") != ""
}

// A lookupError is a question that DNS did not answer as hoped, told so that a person sees whether the name or the DNS
// server is at fault.
type lookupError struct {
	question string // what was looked up
	err      error
}

// Error names the question and tells "there is none" from "could not find out".
func (e *lookupError) Error() string {
	return fmt.Sprintf("looking up %s: %s: %v", e.question, e.reason(), e.err)
}

// Unwrap returns the resolver's error.
func (e *lookupError) Unwrap() error { return e.err }

func (e *lookupError) reason() string {
	var dns *net.DNSError
	errors.As(e.err, &dns)
	switch {
	case dnsNotFound(e.err):
		return "no such name or no such record (NXDOMAIN or an empty answer)"
	case errors.Is(e.err, context.Canceled):
		return "given up"
	case errors.Is(e.err, context.DeadlineExceeded), dns != nil && dns.IsTimeout:
		return "no answer from DNS in time"
	case dns != nil:
		return "the DNS server failed (such as SERVFAIL)"
	}
	return "not answered"
}

// dnsNotFound says whether DNS answered, and the answer was that there is nothing.
func dnsNotFound(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}

// A reasonList is the reasons why one thing could not be done, in the order in which they turned up.
type reasonList []error

// joinReasons returns errs as one error, nil when there is none.
func joinReasons(errs []error) error {
	switch len(errs) {
	case 0:
		return nil
	case 1:
		return errs[0]
	}
	return reasonList(errs)
}

// Error is all of the reasons on one line.
func (l reasonList) Error() string {
	var b strings.Builder
	for i, err := range l {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(err.Error())
	}
	return b.String()
}

// Unwrap returns the reasons, for errors.Is and errors.As.
func (l reasonList) Unwrap() []error { return l }
