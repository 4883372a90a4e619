// Conformance says, requirement by requirement, what Canto keeps of the RFCs that bind an XMPP client, and which tests show
// it.
//
//	go run ./internal/conformance          # runs those tests and writes CONFORMANCE.md and the summary in the README
//	go test ./internal/conformance         # holds the table to the tests, without running them
//
// The command uses the servers that are installed; CANTO_SERVERS=prosody,ejabberd makes it insist on both (package
// internal/integration/servers).
//
// The requirements stand in testdata/requirements.tsv: the feature tables of RFC 6120 §15, RFC 6121 §12 and RFC 7622 §8 as
// far as they name the client, and every sentence of the RFCs in use that has a keyword of RFC 2119 and concerns a client,
// numbered by section ("6120-8.2.3-4"). A row is shown by tests, or testdata/outside.tsv says why it's not ours to show, or
// it's not covered. A row of level MUST that is not covered fails the tests of this package.
//
// # How a test names its rows
//
// By an attribute, which needs no import and stands in the output of go test -json:
//
//	func TestStrangersAreNotAnswered(t *testing.T) {
//		t.Attr("conformance", "6121-2.1.6-2 6121-2.1.6-3")
//
// A table gives them in the names of its subtests: the words at the beginning of a value that are rows count, the rest is
// for people.
//
//	{"6120-8.2.3-1 iq without id", …}
//	t.Run(c.name, func(t *testing.T) {
//		t.Attr("conformance", c.name)
//
// In a file where a value is computed, any string that begins with rows is taken for a claim. The claims are read from the
// sources (claims.go) and, by the command, from the run (run.go); both must agree. The name of a subtest tells where it ran:
// "prosody" and "ejabberd" are servers of others (package integration), all else is in this process.
//
// No test may claim a row that it would pass without.
package main
