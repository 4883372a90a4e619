package stream

import "fmt"

// MaxOpen is how far beyond the handled prefix a restored Inbound may reach: the bits of so many stanzas take 128 KiB.
const MaxOpen = 1 << 20

// Inbound is the inbound ledger of a managed stream: which stanzas were received, and how many count as handled
// (XEP-0198 §4). A stanza counts once its handlers returned or it was taken from its channel, not before: what was
// acknowledged and then lost with the process would be nobody's responsibility.
//
// Stanzas are numbered as they are received, from 1, without wrapping; they may be done in any order. h can only say
// how many were handled from the start on, so it is the length of the done prefix. The zero Inbound is ready and counts
// from 0, as a stream does when it is enabled. It is not safe for concurrent use and must not be copied once used.
//
// It takes one bit for each stanza between the first that is not done and the last that is, and nothing while stanzas
// are done in order.
type Inbound struct {
	handled  uint64  // every stanza up to this number is done
	received uint64  // every stanza up to this number is done or in the caller's hands; never below handled
	cursor   uint64  // number of the last stanza that was read on this connection
	ahead    bitRing // what is done beyond handled
}

// RestoreInbound returns the Inbound of a stream on which the stanzas up to number handled are done, and besides those
// the ones of done (ascending, each more than handled+1, none more than MaxOpen beyond handled). Stanzas that were
// received and not done are not in the hands of the process that restores: they count as not received. The peer is
// going to send all from handled+1 on again; Receive tells which of them are not done.
func RestoreInbound(handled uint64, done []uint64) (*Inbound, error) {
	if err := checkDone(handled, done); err != nil {
		return nil, err
	}
	in := &Inbound{handled: handled, received: handled, cursor: handled}
	for _, number := range done {
		in.ahead.add(handled, number)
	}
	return in, nil
}

// checkDone holds what RestoreInbound wants of its arguments.
func checkDone(handled uint64, done []uint64) error {
	last := handled + 1
	for _, number := range done {
		if number <= last || number-handled > MaxOpen {
			return fmt.Errorf("stream management: stanza %d cannot be done after %d with all up to %d handled",
				number, last, handled)
		}
		last = number
	}
	return nil
}

// Receive numbers the stanza that was just read. fresh is false for one that the peer sent again after a resumption
// and that is done already or still in the caller's hands: it must be dropped, and not be reported as done for its
// second coming.
func (in *Inbound) Receive() (number uint64, fresh bool) {
	in.cursor++
	if in.cursor <= in.received {
		return in.cursor, false
	}
	in.received = in.cursor
	return in.cursor, !in.ahead.has(in.handled, in.cursor)
}

// Done records that the stanza of that number was handled. It returns false, and changes nothing, when there is no
// such stanza in the caller's hands: not received, or done before.
func (in *Inbound) Done(number uint64) bool {
	if number <= in.handled || number > in.received || in.ahead.has(in.handled, number) {
		return false
	}
	if number != in.handled+1 {
		in.ahead.add(in.handled, number)
		return true
	}
	in.handled = in.ahead.absorb(number)
	in.received = max(in.received, in.handled) // a restored stream may know stanzas as done that are yet to come again
	return true
}

// H returns the value for the h of <a/>: how many stanzas are handled, modulo 2³².
func (in *Inbound) H() uint32 { return uint32(in.handled) }

// Handled returns how many stanzas are handled, not cut to 32 bits.
func (in *Inbound) Handled() uint64 { return in.handled }

// Open returns how many stanzas lie between the handled prefix and the last one received: what the peer has to keep for
// us beside what is on its way, and what it sends again when the stream is resumed now.
func (in *Inbound) Open() uint64 { return in.received - in.handled }

// Resume returns the h for <resume/> and expects the peer to go on with the stanza after it (XEP-0198 §5: the peer
// sends again what h does not cover). Call it once the old connection is read to its end, for each new connection.
func (in *Inbound) Resume() (h uint32) {
	in.cursor = in.handled
	return in.H()
}

// AppendDone appends the numbers of the stanzas that are done beyond the handled prefix to dst, ascending: what
// RestoreInbound takes.
func (in *Inbound) AppendDone(dst []uint64) []uint64 { return in.ahead.appendMembers(dst, in.handled) }
