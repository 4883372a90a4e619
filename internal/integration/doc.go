// Package integration tries whole sessions against servers that Canto did not write: the same tests run on the in-process
// server of xmpptest, on Prosody and on ejabberd, on two versions of each.
//
//	go test ./internal/integration                                        # with what is installed
//	CANTO_SERVERS=prosody,ejabberd,prosody13,ejabberd24 go test -v ./internal/integration      # with all, or it fails
//
// A place (place_test.go) is one of those servers as a test sees it: addresses, a certificate authority, accounts. What a test
// expects of all servers stands in the test; where servers differ, a table names them. Package servers starts the real
// ones, package relay stands between a test and any of them when the network is to fail.
//
// All code of the package is in its tests.
package integration
