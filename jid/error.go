package jid

import "fmt"

// Part names a part of an address in a [ParseError].
type Part string

// The parts of an address, and the URI around it.
const (
	Localpart    Part = "localpart"
	Domainpart   Part = "domainpart"
	Resourcepart Part = "resourcepart"
	WholeURI     Part = "URI"
)

// Reason says why something is no address, or no xmpp: URI. It is an error itself, so that errors.Is(err, jid.TooLong)
// asks for it.
type Reason string

// The reasons of a [ParseError].
const (
	Empty        Reason = "is empty"                                              // RFC 7622 §3.2, §3.3, §3.4
	TooLong      Reason = "is too long"                                           // 1023 bytes a part; DNS: 63 a label, 253 a name
	NotUTF8      Reason = "is not UTF-8"                                          // RFC 7622 §3.1
	Disallowed   Reason = "holds a character that is not allowed there"           // RFC 8264 §8, RFC 5892 §3, RFC 7622 §3.3.1
	OutOfContext Reason = "holds a character that is not allowed where it stands" // RFC 5892 appendix A
	MixedBidi    Reason = "mixes right-to-left and left-to-right text"            // RFC 5893 §2
	BadLabel     Reason = "has an invalid label"                                  // RFC 5890 §2.3, RFC 5891 §5.4
	BadIP        Reason = "is in brackets but is no IPv6 address"                 // RFC 7622 §3.2
	Unstable     Reason = "does not settle when it is mapped"                     // RFC 8264 §7
	OuterSpace   Reason = "begins or ends with a space"                           // XEP-0106 §3.2
	BadScheme    Reason = "does not begin with xmpp:"                             // RFC 5122 §2.2
	BadEncoding  Reason = "holds a % without two hexadecimal digits"              // RFC 3986 §2.1
)

// Error returns the reason as a phrase.
func (r Reason) Error() string { return string(r) }

// ParseError says which part of an address is wrong, and why.
type ParseError struct {
	Part   Part   // which part
	Reason Reason // what is wrong with it; errors.Is knows it
	Rune   rune   // the character that is not allowed; 0 when the reason is another
	Label  string // the label of a domainpart that is wrong; "" for an empty label, and when it is not about one
	Input  string // what was given
}

// maxQuoted is how many bytes of the input an error message repeats.
const maxQuoted = 128

// Error returns the message: the input quoted and shortened, the part, the reason, and what to do where that is known.
func (e *ParseError) Error() string {
	msg := fmt.Sprintf("jid: %s: %s %s", shorten(e.Input), e.Part, e.Reason)
	if e.Label != "" || e.Reason == BadLabel {
		msg += ": " + shorten(e.Label)
	}
	if e.Rune != 0 {
		msg += fmt.Sprintf(": %#U", e.Rune)
	}
	if e.Part == Localpart && e.Reason == Disallowed && escapeOf(e.Rune) != "" {
		msg += " (Escape writes it as " + escapeOf(e.Rune) + ")"
	}
	return msg
}

// Unwrap returns the reason.
func (e *ParseError) Unwrap() error { return e.Reason }

// in completes an error of a part.
func (e *ParseError) in(part Part, input string) *ParseError {
	e.Part, e.Input = part, input
	return e
}

func shorten(s string) string {
	if len(s) > maxQuoted {
		return fmt.Sprintf("%q…", s[:maxQuoted])
	}
	return fmt.Sprintf("%q", s)
}

func disallowed(r rune) *ParseError {
	return &ParseError{Reason: Disallowed, Rune: r}
}
