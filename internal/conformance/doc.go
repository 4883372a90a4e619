// Conformance says, requirement by requirement, what Canto keeps of the RFCs that bind an XMPP client, and which tests show
// it.
//
//	go run ./internal/conformance          # runs those tests and writes CONFORMANCE.md and the summary in the README
//	go test ./internal/conformance         # holds the table and the report to the tests' sources, without running them
//	go test -json ./... | go run ./internal/conformance -check    # holds them to a run, as .ci/run does
//
// The command uses the servers that are installed; CANTO_SERVERS=prosody,ejabberd makes it insist on both (package
// internal/integration/servers).
//
// The requirements stand in testdata/requirements.tsv: the feature tables of RFC 6120 §15, RFC 6121 §12 and RFC 7622 §8 as
// far as they name the client, and every sentence of the RFCs in use that has a keyword of RFC 2119 and concerns a client,
// numbered by section ("6120-8.2.3-4"); and the rows of the compliance suites (XEP-0479), which ask and don't bind. pins_test.go pins their number, levels and words. Each row is shown by tests or has a
// reason: testdata/outside.tsv says why it's not ours to show, departs.tsv why we don't follow what is no MUST, later.tsv, for what is no MUST either, which
// part of Canto, not built yet, it belongs to. A row that has neither test nor reason fails the tests of this package. Where
// servers of others can't show a row, unseen.tsv says why.
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
// Words behind the rows begin with one without a hyphen, so that a misspelled row is noticed. In a file where a value is
// computed, any string that begins with rows is taken for a claim.
//
// The claims are read from the sources (claims.go), as far as a plain go test compiles them, and from the run (events.go);
// both must agree, with each other and with the report in the tree. So a test that is skipped, renamed or behind a build tag, a
// row that became milder and a cell that was edited by hand all fail; a test that skips fails by itself (sources.go). The name of a subtest tells where it ran:
// "prosody" and "ejabberd" are servers of others (package integration), all else is in this process.
//
// No test may claim a row that it would pass without.
package main
