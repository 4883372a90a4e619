// Package hostile lets hostile servers loose on a program and measures it from outside.
//
// The program is ./victim: a process of its own, built without the race detector, which runs Clients at the hostile server
// (as plain a program as there is: a message handler, and the roster open) and, beside them, an honest session at an honest
// server, which never stops asking for the time of day, as it were. It reports how its sessions ended, how long the honest one
// waited at most, and what the operating system says it has used: the peak of its resident memory counts, whatever Go says.
//
// Where an attack needs it, the victim is in a room, follows an archive or the bookmarks, or keeps a conversation as well (Order.Use), and the
// hostile server is polite until it's at that (attend_test.go).
//
// Every row of the table in attacks_test.go is one way to attack, from the first byte of a stream to a bound session. It says
// what the session's end must say, and within how much memory the process must stay. TestSoak plays them all at once, for as
// long as it's told:
//
//	go test ./internal/integration/hostile -run TestSoak -hostile.for 1h -timeout 2h -v
package hostile
