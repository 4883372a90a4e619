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
// All code of the package is in its tests.
//
// Prosody and ejabberd take part with -delivery.servers: the runs on them are not yet the same every time. On ejabberd 23.01 up
// to 3 of 4,557 messages, the first ones of a party, were missing at the end of a run on a busy machine, and one of 1,236
// acknowledged ones after a kill -9 (which the server may lose); on the server in process none ever was. Until that is
// understood, the claim is made for the server in process alone:
//
//	go test ./internal/integration/delivery                      # the server in process
//	go test ./internal/integration/delivery -delivery.servers    # and the real ones
package delivery
