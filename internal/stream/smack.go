package stream

import (
	"fmt"
	"strconv"

	"github.com/canto-im/canto/internal/ns"
)

// Ack takes the h of an <a/>: it appends the values of the stanzas that are now acknowledged to dst, oldest first, and
// returns the extended slice. A repeated h acknowledges nothing and is no error: an <a/> answers each <r/>, whether or
// not there is news (XEP-0198 §4).
//
// h counts modulo 2³², so it is read relative to the last one: it stands for h−last stanzas more, modulo 2³². When
// that is more than were sent since, the error is an *AckError, nothing is acknowledged, dst comes back as it was, and
// the stream is to be closed with AckError.Condition.
//
// The queue keeps none of the values it returned. Its memory follows what it holds: after 32 acknowledgements in a row
// that found less than a quarter of it in use it is cut down to twice what it needed; Trim does so at once.
func (q *Queue[T]) Ack(dst []T, h uint32) ([]T, error) {
	return q.settle(dst, h, "a", 0)
}

// Resume takes the h of <resumed/>, or of a <failed/> that has one, as Ack takes that of <a/> (XEP-0198 §5). After
// <resumed/> the stanzas of Unacked must be sent again; they keep their numbers. After <failed/> their fate is unknown.
//
// An h below what the peer had acknowledged before means that it lost what it had taken responsibility for: the
// *AckError then says AckBackwards, and the stream cannot be resumed without a gap.
func (q *Queue[T]) Resume(dst []T, h uint32) ([]T, error) {
	return q.settle(dst, h, "resumed", 0)
}

// ResumeSaved is Resume for a queue that was restored from a Snapshot which may be older than the end of the stream:
// up to unsaved stanzas may have been sent after it was taken, and the peer may have handled them. An h that lies so
// far ahead acknowledges all that is held, and the numbers go on from there.
func (q *Queue[T]) ResumeSaved(dst []T, h uint32, unsaved uint32) ([]T, error) {
	return q.settle(dst, h, "resumed", unsaved)
}

// settle acknowledges up to h, which may lie up to ahead stanzas beyond the newest that is held.
func (q *Queue[T]) settle(dst []T, h uint32, element string, ahead uint32) ([]T, error) {
	more := uint64(h - uint32(q.acked)) // XEP-0198 §4: from 2³²−1, h goes on with zero
	held := uint64(q.n)
	if more > held+uint64(ahead) {
		return dst, q.ackError(h, element)
	}
	q.noteSlack(q.n)
	dst = q.drop(dst, int(min(more, held)))
	if more > held {
		q.acked += more - held
	}
	return dst, nil
}

// ackError tells on which side of the window h lies: on the nearer one, except that nothing lies before the first
// stanza.
func (q *Queue[T]) ackError(h uint32, element string) *AckError {
	sent, acked := uint32(q.Sent()), uint32(q.acked)
	e := &AckError{Problem: AckTooHigh, Element: element, H: h, Sent: sent, Acked: acked}
	if behind := acked - h; uint64(behind) <= q.acked && behind <= h-sent {
		e.Problem = AckBackwards
	}
	return e
}

// AckProblem says what is wrong with an h.
type AckProblem uint8

// The two ways in which an h can lie outside the window of unacknowledged stanzas.
const (
	AckTooHigh   AckProblem = iota + 1 // more stanzas than were sent
	AckBackwards                       // fewer than were acknowledged before
)

// AckError reports that the peer acknowledged what it cannot have handled. Nothing was acknowledged. The numbers are
// those of the wire, modulo 2³².
type AckError struct {
	Problem AckProblem
	Element string // where h stood: "a", or "resumed" for <resumed/> and <failed/>
	H       uint32 // the h received
	Sent    uint32 // how many stanzas were sent
	Acked   uint32 // how many of them were acknowledged before
}

// Error says which h was wrong, and what it had to lie between.
func (e *AckError) Error() string {
	what := "more stanzas than were sent"
	if e.Problem == AckBackwards {
		what = "fewer stanzas than before"
	}
	return fmt.Sprintf("stream management: <%s h='%d'/> acknowledges %s: want %d to %d; end the stream with %s",
		e.Element, e.H, what, e.Acked, e.Sent, e.Condition())
}

// Condition returns the stream error that the stream is to be closed with (XEP-0198 §6).
func (e *AckError) Condition() string { return "undefined-condition" }

// Text returns the words for the stream error.
func (e *AckError) Text() string {
	if e.Problem == AckBackwards {
		return fmt.Sprintf("You acknowledged %d stanzas, but had acknowledged %d before.", e.H, e.Acked)
	}
	return fmt.Sprintf("You acknowledged %d stanzas, but I only sent you %d so far.", e.H, e.Sent)
}

// StreamError returns the stream error that the stream is to be closed with, as XEP-0198 example 17 has it.
func (e *AckError) StreamError() *Error {
	return &Error{Condition: e.Condition(), Text: e.Text(), Lang: "en", App: string(e.AppendApp(nil)), cause: e}
}

// AppendApp appends the application-specific condition of the stream error, <handled-count-too-high/> (XEP-0198 §6).
// It stands for both problems: counted modulo 2³² from the last h, one that went backwards is too high as well, and
// RFC 6120 §4.9.3.21 wants undefined-condition to come with a condition that tells more.
func (e *AckError) AppendApp(dst []byte) []byte {
	dst = append(dst, "<handled-count-too-high xmlns='"+ns.SM+"' h='"...)
	dst = strconv.AppendUint(dst, uint64(e.H), 10)
	dst = append(dst, "' send-count='"...)
	dst = strconv.AppendUint(dst, uint64(e.Sent), 10)
	return append(dst, "'/>"...)
}
