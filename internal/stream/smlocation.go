package stream

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Location is an address to connect to, as the location of <enabled/> and <see-other-host/> give it
// (XEP-0198 §3, RFC 6120 §4.9.3.19). It says where to connect, never whose certificate to expect there: that stays the
// one of the JID's domain.
type Location struct {
	Host string // a domain name or an IP address, this without brackets
	Port uint16 // 0: not stated
}

// ParseLocation reads "host", "host:port", "[IPv6]" or "[IPv6]:port", with spaces around it. It does not check that
// a host that is no address is a domain name that can be resolved, only that it has no character which could make it
// something else.
func ParseLocation(s string) (Location, error) {
	text := strings.Trim(s, " \t\r\n")
	host, port, err := splitLocation(text)
	if err == nil {
		err = checkHost(host)
	}
	if err != nil {
		return Location{}, fmt.Errorf("location %.100q: %w; connect as if there were none", s, err)
	}
	return Location{Host: strings.Trim(host, "[]"), Port: port}, nil
}

// splitLocation separates host and port; the host keeps its brackets.
func splitLocation(s string) (host string, port uint16, err error) {
	colon := strings.LastIndexByte(s, ':')
	if colon < 0 || strings.HasSuffix(s, "]") {
		return s, 0, nil
	}
	n, err := strconv.ParseUint(s[colon+1:], 10, 16) // takes no sign
	if err != nil || n == 0 {
		return "", 0, fmt.Errorf("the port is %q, want 1 to 65535", s[colon+1:])
	}
	return s[:colon], uint16(n), nil
}

func checkHost(host string) error {
	if strings.HasPrefix(host, "[") {
		addr, err := netip.ParseAddr(strings.TrimSuffix(host[1:], "]"))
		if err != nil || !addr.Is6() || addr.Zone() != "" || !strings.HasSuffix(host, "]") {
			return fmt.Errorf("%q is no IPv6 address in brackets", host)
		}
		return nil
	}
	switch {
	case host == "":
		return fmt.Errorf("it has no host")
	case len(host) > 1023: // RFC 7622 §3.2: the longest domainpart
		return fmt.Errorf("the host has %d bytes, at most 1023", len(host))
	case strings.ContainsFunc(host, notInHost):
		return fmt.Errorf("the host is no domain name and no address; an IPv6 address stands in brackets")
	}
	return nil
}

// notInHost reports whether r can stand in no domain name. Those beyond ASCII are for IDNA to judge.
func notInHost(r rune) bool {
	return r <= ' ' || r == 0x7F || strings.ContainsRune(`:/?#[]@!$&'()*+,;=%<>"\^`+"`{|}", r)
}
