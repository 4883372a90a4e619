// Package xmltext is the syntax of an XMPP stream: an incremental tokenizer and an append-style encoder for the XML that
// RFC 6120 §11 allows. It knows names, namespaces, text and well-formedness; what a stanza is stands one floor above.
//
//	d := xmltext.NewDecoder(conn, xmltext.Limits{})
//	for {
//		t, err := d.ReadToken()
//		if err != nil {
//			return err
//		}
//		fmt.Println(t.Kind, t.Name)
//	}
//
// # One buffer
//
// A Decoder owns one buffer, and its whole state is positions in it:
//
//	buf.b   [ … consumed … | keep … | token … | unread … ]   free up to cap
//	        0             keep     start     pos        len
//
// Invariant: 0 ≤ keep ≤ start ≤ pos ≤ len(b). Bytes before keep may be overwritten by the next refill; bytes from keep on
// stay, though they may move to the front (then every position moves with them). b[start:pos] is the token that was
// returned last; base is the offset of b[0] in the stream, so base+pos is the input offset. While a token is being read
// pos stands still at its first byte, and how far the reading came is kept relative to it (tagScan, textScan): a refill may
// move the bytes, but it cannot make the work done so far wrong, and it goes on where it stopped. Only what is shorter than a
// stated constant (a reference, an XML declaration, a multi-byte character) is looked at again from its beginning.
//
// # Fast and slow
//
// The consume functions (scan.go) are pure functions of a []byte: they return how far they came and a fault, which is one
// of ok, more (the input ends before the answer is known) and the errors. A fault depends on the bytes before it only,
// never on how they were cut into chunks. The limit on the bytes of a stanza is a window over the buffer, so that a byte
// behind the limit is never seen and the same input gives the same error at every chunking.
//
// Only fill touches the reader. A read error that is not io.EOF is returned as it is and changes nothing: the next call
// goes on where this one stopped.
//
// # Names
//
// Names are interned: those of the XMPP specifications once for the process, others in a small table of the Decoder, which
// forgets rather than grows. Namespace bindings are a stack that is searched from the top, with an index beside it when it
// is long; the attributes of a start tag are compared through a one-word filter. Nothing a peer sends makes one byte cost
// more than a constant.
//
// # Departures
//
// From XML 1.0: a comment, a processing instruction, a document type declaration and a reference to an entity that is not
// one of the five predefined ones are errors (RFC 6120 §11.1); U+FEFF at the start is text, not a mark (RFC 6120 §11.6); a
// numeric reference is at most 32 bytes long.
//
// From encoding/xml, which checks less; where the two disagree, this package follows the specifications. encoding/xml
// accepts any <! as a directive, undeclared prefixes, rebinding of xml and xmlns, xmlns:p="", duplicate attributes, a second root, an attribute
// without white space before it and content after the root; it decides on names by the tables of the fourth edition of
// XML 1.0 (we: the fifth); it splits a name with two colons; it leaves white space in attribute values as it is
// (XML 1.0 §3.3.3 makes it spaces); it reports the declaration as a token; it lets a name begin with a colon; it takes
// surrogates and other non-characters in numeric references for U+FFFD.
package xmltext
