// Package stream knows what frames the stanzas of an XMPP stream: its header (RFC 6120 §4.7), the features (§4.3.2), its
// errors (§4.9), and the ledgers of stream management (XEP-0198). All of it is a pure function of its input: no socket, no
// clock, no stanza types. For a stream that a server opens:
//
//	d := xmltext.NewDecoder(conn, xmltext.Limits{})
//	header, err := stream.ReadHeader(d) // an *Error is to be sent back
//	tok, err := d.ReadToken()           // <stream:features>
//	features, err := stream.ReadFeatures(d)
//
// header.go, features.go with sasl2.go, and error.go hold one of these each, children.go the loop that they share. A login with
// XEP-0388 is one request (authenticate.go) and its outcome (outcome.go). The files that begin with sm are stream management;
// sm.go explains them.
//
// Strings that the functions return are copies: they do not refer to the decoder's memory.
package stream
