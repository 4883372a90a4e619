// Package delivery proves that nothing is lost: senders and receivers keep a ledger while connections, servers and
// processes fail, and a judge balances it.
//
//	go test ./internal/integration/delivery                                    # the short run: a minute or two
//	go test ./internal/integration/delivery -timeout 2h -delivery.long=20      # the long run: 20 times as many faults
//	go test ./internal/integration/delivery -run TestRandomCuts -delivery.seed=123   # the run of one seed again
//	CANTO_SERVERS=prosody,ejabberd go test -v ./internal/integration/delivery  # with both, or it fails
//
// # The ledger
//
// A message has an id of its own, made of who sends to whom and its number. The ledger (ledger_test.go) has, for each: what the sender's
// call said (Send and Deliver: accepted, acknowledged, refused, unknown), whether it came back through
// Options.Undelivered, and each time that it was handed to the receiver, in which session and how it was marked: with a delay
// (XEP-0203), or as xmpp.Redelivered. The judge (judge_test.go) states of each run:
//
//   - lost: accepted, never reported unknown and never received;
//   - falsely acknowledged: Deliver returned nil and nobody received it, or the in-process server does not know it;
//   - sent though refused: an error that is not ErrUnknownDelivery says that nothing was sent;
//   - silently twice: received again without a mark, or twice in one session, or taken twice by the in-process server;
//   - given back: the server returned it to its sender with an error, which only one without an offline store may;
//   - out of order: overtaken by a later one within a session of its sender and one of its receiver.
//
// All have to be empty. What is received twice and marked is counted apart: nobody can exclude it (XEP-0198 §4). So is what a
// server had acknowledged and lost when it was killed, and what a process had sent without an acknowledgement when it was.
//
// # The faults
//
// In process, everything runs in a testing/synctest bubble over a network in memory (path_test.go) that loses what is under way
// when it is cut, may fall silent in one direction or both with nobody told, and may bring the bytes of an old connection when a
// newer one has already resumed the stream. Time costs nothing there. On Prosody and ejabberd, package relay stands
// between, on the loopback interface. Processes that are killed or frozen are the test binary, started again (process_test.go).
//
// What goes wrong is a function of the seed, connection by connection and byte by byte; how goroutines take turns is not, so a
// seed repeats the faults of a run, and what depends on turns too may take several attempts (-count=20).
//
// All code of the package is in its tests. Which line was broken to see which test fail stands in testdata/mutations.md.
//
// # What is ejabberd's
//
// Prosody and the server in process are held to all of that. ejabberd 23.01, of Debian 12, has three races of its own, and
// what they do is counted apart, but only where the wire says that it was the server: a witness (witness_test.go) reads what each
// account sends and receives beside the library, numbers it by itself and follows what the server acknowledges.
//
//   - Swallowed: <a/> or <resumed/> acknowledged it to the sender, and none of the receiver's connections ever brought it. Two
//     clients of 40 lines of plain sockets, without Canto, without a cut, one flooding the other who logs in again and again, lost
//     32 of 17,064 acknowledged messages in 60 logins that way: the offline store drops what is written to it while it's being
//     emptied (Prosody: 0 of 30,428). Without mod_offline the same two lost none in 60 logins: 10,729 received, 6,743 given back
//     with an error, none both, none neither. So ejabberd runs without it here, and what it gives back is reported. What
//     remains races a resumption: what is on its way to the old connection's process when that hands its state to the new one.
//   - Doubled: <resumed/> said that the server had not got it, it was sent again for that, and the receiver's connections brought it
//     twice. Seen: number 42 to 48 of a stream, written 220 ms before <resumed h='35'/>; the receiver's wire has them twice, 1 ms
//     apart. The old process still passes on what it has read after it has told the new one how far it was.
//   - Turned round: sent in one order on the sender's wire, and in the other on the receiver's.
//
// What was sent again and no <resumed/> asked for it is a fault on every server. To see a wire: -delivery.record=DIR.
//
// A process that is stopped (SIGSTOP) between its look at the store and the call of a handler goes on with that one message when
// it's woken, whoever has its stream by then: no library can take that back. It's counted apart, one for each stop at most.
package delivery
