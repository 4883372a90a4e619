// Package jid implements XMPP addresses (RFC 7622), their escaping (XEP-0106) and xmpp: URIs (RFC 5122, XEP-0147).
//
//	addr, err := jid.Parse("Romeo@Montague.example/Orchard")
//	if err != nil {
//		return err
//	}
//	fmt.Println(addr)                // romeo@montague.example/Orchard
//	fmt.Println(addr.Localpart())    // romeo
//	fmt.Println(addr.Domainpart())   // montague.example
//	fmt.Println(addr.Resourcepart()) // Orchard
//	seen := map[jid.JID]bool{addr.Bare(): true}
//
// An address that was parsed is canonical, so that == is the comparison that the RFC asks for. Whatever comes from a user,
// a file or the wire goes through [Parse] once; after that no code needs to think of case, Unicode or lengths again.
//
// # How it is made
//
// A JID is its canonical text and two lengths that follow from the text; its parts are slices of it. There is no way to a JID that does not enforce the rules: the zero JID aside, a JID is an address.
//
// Nearly all addresses on the wire are ASCII and canonical. [Parse] sees that with one table look-up a byte, allocates
// nothing and shares the text that it was given. (Who parses a piece of a large text and keeps it may want strings.Clone.)
// Any other address takes the way of the RFC, part by part, and in this order: cut at the separators, map, check, measure.
//
// The Unicode tables are those of x/text and x/net, in the version that goes with the Go release. Where these packages and
// the RFCs differ, the result here is the RFC's:
//
//   - Localparts and resourceparts are checked before they are case-mapped and normalized (RFC 8265 §3.3.2, §4.2.1), so that
//     KELVIN SIGN and conjoining Hangul jamo are refused. Package precis checks afterwards.
//   - Localparts without right-to-left text need not meet the Bidi Rule (RFC 8265 §3.3.1), so that "1é" is one. Package
//     precis applies the rule to all that is not ASCII.
//   - A domain's characters have the IDNA2008 property (RFC 5892), so that "♥.example" is refused. Package idna follows UTS 46;
//     what remains of it here is Punycode.
//   - Cherokee letters fold to their capitals, which are valid in a domain therefore. In package cases they change places.
//   - A ZERO WIDTH NON-JOINER needs a joining letter after it (RFC 5892 A.1), in a domain too. Package idna takes any.
//   - An A-label has to stand for its U-label and be the one that does (RFC 5891 §5.4): "xn--" is none. No label is empty.
//
// Where the RFCs leave a choice: a domain is mapped as RFC 5895 says before it is checked, IDEOGRAPHIC FULL STOP to a dot as
// well, but without compatibility mappings, so that ROMAN NUMERAL FOUR is refused. Reserved labels ("ab--cd") and
// underscores are refused, since they are no NR-LDH labels. IPv6 addresses are compared as they are spelled, in lower case,
// and future kinds of IP literals are refused (RFC 7622 §3.2 names none). Contextual rules are asked last (RFC 8264 §7). A
// space may begin or end a resourcepart (erratum 4560).
package jid
