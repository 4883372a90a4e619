// Bench shows how fast and how small Canto is, beside a twin that does the same work in the plainest way: encoding/xml, bare
// bytes on the same kind of connection, a scan of memory.
//
//	go run ./internal/bench                 # all of it: prints the tables, writes PERFORMANCE.md and the README's table
//	go run ./internal/bench -only receive   # the contests whose names match, and nothing written
//	go test -bench . ./internal/bench       # the same sides as Go benchmarks, one by one, for profiles
//
// Only ratios within one run mean anything: the sides of a contest take turns, round after round on a collected heap, and
// what is told is the median of the rounds' ratios. CPU time is that of the process in user and system mode; it's what a
// program pays for having Canto inside, and it suffers less than the wall clock when others use the machine.
//
// The other ends run in processes of their own (child.go): a peer that does next to nothing (peer.go), or the server of
// package xmpptest where many sessions meet (crowd.go). The streams come from package corpus.
//
// A contest (contest.go) is a list of sides; each file with the name of an activity makes one. What does not fit in rounds is
// counted once: the memory of an idle session (crowd.go), flights (connect.go), growth (growth.go). budget.go says what must
// hold of all this, report.go writes it down, and notes.md holds what no run can tell.
package main
