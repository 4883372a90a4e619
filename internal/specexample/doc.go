// Package specexample holds a package to the examples of the specifications that it implements: each one decodes into the
// package's types, and means the same when it's encoded again.
//
//	func TestExamplesOfTheXEPs(t *testing.T) {
//		specexample.Run(t, "testdata/xep0203.xml", map[string]specexample.Codec{
//			"jabber:client message": specexample.As[stanza.Message](),
//			"urn:xmpp:delay delay":  specexample.As[stamp.Delay](),
//		}, map[string]string{
//			"4": "a question of service discovery: package disco's",
//		})
//	}
//
// Run goes through each example of the file, one subtest each, and gives every element that has a Codec, wherever it stands in
// the example, to that codec: decoded and encoded, the meaning of the two has to be the same (see Meaning). An example in which nothing
// has a codec fails, unless the last argument says why; and so does a reason for an example that has something, or that is not there, and a codec
// that no example needs. So the test fails for an example that was forgotten, and for one that was added.
//
// # The files
//
// Tests never read the specifications themselves: the examples are copied into the testdata of the package, one file for each XEP.
//
//	go run ./internal/specexample/author xep-0203.md >xmpp/stamp/testdata/xep0203.xml
//
// does that from the text of a XEP as Markdown. The file is
//
//	<examples xep="0203" version="2.0">
//	<example number="1" title="Receiving a Message Sent While Offline" xmlns="jabber:client">
//	<message …>…</message>
//	</example>
//	…
//	</examples>
//
// with the text of the example as it stands in the XEP, but for what is no XML there: comments, and lines of dots or brackets that
// stand for more. What is still not well-formed is a comment that says what is wrong, for the author to mend. An example may hold several
// stanzas. Elements without a namespace are in "jabber:client", as on a stream.
//
// # Meaning
//
// Meaning writes an element such that two have the same text exactly when they mean the same to a receiver: names with their
// namespaces and no prefixes, attributes in order, children with the order kept among those of one name only, no
// white space around text, no text beside children. It's a line for each, so that a test shows what differs.
//
// Test support: it imports the standard library alone.
package specexample
