package xmpp

import "time"

// A Trace observes a connection, as net/http/httptrace does for HTTP. Each function may be nil. They are called one at a
// time per direction, from whatever goroutine is at work, and must not block nor call the session.
type Trace struct {
	// Step is called when a step of connecting has ended, with its error, how long it took, and the address it was
	// taken at ("" before there is one).
	Step func(step Step, addr string, took time.Duration, err error)
	// Sent and Received get what goes over the stream, inside TLS, as it's written and read: a piece may hold several
	// stanzas or a part of one. The content of SASL elements, what is asked and answered before the login, and what accounts
	// are registered with (XEP-0077), their passwords among it, is replaced by "[SASL]". The slice is valid during the
	// call. Bodies are in it: a trace is for finding errors, not for keeping.
	Sent, Received func(xml []byte)
}

func (t *Trace) step(step Step, addr string, start time.Time, err error) {
	if t.Step != nil {
		t.Step(step, addr, time.Since(start), err)
	}
}

func (t *Trace) sent(b []byte) {
	if t.Sent != nil && len(b) > 0 {
		t.Sent(b)
	}
}

func (t *Trace) received(b []byte) {
	if t.Received != nil && len(b) > 0 {
		t.Received(b)
	}
}
