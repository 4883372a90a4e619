package stream

// Stream management (XEP-0198): notes on how the pieces in sm*.go fit together.
//
// Everything here is a plain value that one owner changes under its own lock: no I/O, no clock (moments are handed in),
// no goroutine, and no idea of what a stanza is.
//
//	smelement.go, smfailed.go, smvalue.go    the elements on the wire
//	smlocation.go                            the address that <enabled/> may name for the next connection
//	smqueue.go, smack.go                     Queue: what was sent and is not acknowledged yet
//	sminbound.go, smbits.go                  Inbound: what was received, and how much of it counts as handled
//	smpolicy.go                              AckPolicy: when to write <r/> and <a/>
//	smsnapshot.go, smsnapshotread.go         Snapshot: all of it as bytes, for another process
//
// Counting. XEP-0198 §4 counts modulo 2³². Inside, each stanza has a number that never wraps (uint64, the first one is
// 1), so that a number names one stanza for the life of the stream; only at the wire is it cut to 32 bits. An h that
// arrives is read as the one number it can stand for within the window of unacknowledged stanzas; an h that stands for
// none is an error, whichever side of the window it lies on.
//
// The life of a stream, as its owner sees it:
//
//   - After <enable/> was written: a new Queue; each stanza written from then on is pushed, before <enabled/> came or
//     after (XEP-0198 §4, note: the counter starts after sending <enable/>).
//   - After <enabled/> was read: a new Inbound; each stanza from then on is received, and done once its handlers
//     returned or it was taken from its channel.
//   - The connection is lost: the values stay. The next connection sends Inbound.Resume in <resume/>; at <resumed/> the
//     owner calls Queue.Resume and writes what is left of Queue.Unacked again, in order; Inbound.Receive then tells
//     which stanzas the server sends for the second time.
//   - At <failed/>: Queue.Resume with its h, if it has one; what is left has an unknown fate and is given back.
