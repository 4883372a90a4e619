package hostile

import "time"

// An Order is one thing that the victim is to do.
type Order struct {
	Do   string // "honest", "attack", "stop", "measure"
	Name string // of the client that is meant
	Addr string // where its server is

	Use      string        // what it does beside, one of the Use…; "": nothing
	Slow     bool          // its message handler does not return before the client is stopped
	Patience time.Duration // Options.Keepalive and DeadAfter; 0: their defaults
}

// What a program does with the packages that are built on xmpp.
const (
	UseRoom         = "room"         // is in the room garden@rooms.hostile.test and reads all its events
	UseUnreadRoom   = "unread room"  // has a channel of the events, from which it takes nothing
	UseArchive      = "archive"      // follows our account's archive from its beginning
	UseConversation = "conversation" // keeps the conversation with eve@hostile.test, and answers requests for receipts
	UseBookmarks    = "bookmarks"    // follows the bookmarks
)

// A Report is one thing that has happened to the victim.
type Report struct {
	What string // "ready", "state", "ended", "stopped", "measured", "used"
	Name string // of the client
	Text string // why a session or an attempt ended, or what Run has returned, or how what Order.Use says has ended

	Peak, Resident, Heap int64         // bytes: the most and the present resident memory of the process, and the living heap
	Goroutines           int           // of the whole process
	Asked                int           // questions of the honest session that were answered
	Worst                time.Duration // how long the slowest answer took since the last measurement
	Messages             int64         // handed over to the client's handler
	Attempts             int           // connections that clients have tried to make
}
