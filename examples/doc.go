// Package examples holds the tests of the programs below it: each is built and run as its reader would.
//
//	go run ./examples/echobot
//
// Every program runs without arguments, on a server inside it; XMPP_JID and XMPP_PASSWORD make it use a real account.
package examples
