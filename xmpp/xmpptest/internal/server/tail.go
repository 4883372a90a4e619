package server

import "io"

// A tail is a reader that remembers what it has read while a negotiation runs, so that what the parser of one stream
// read ahead is not lost to the parser of the next: a client may send its new header right behind the last response.
type tail struct {
	r      io.Reader
	forget bool   // the negotiation is over
	seen   []byte // what was read since the last restart or trim
	again  []byte // what is read before r
}

// tailLimit bounds what is remembered: more than any parser reads ahead.
const tailLimit = 1 << 20

func (t *tail) Read(p []byte) (n int, err error) {
	if len(t.again) > 0 {
		n = copy(p, t.again)
		t.again = t.again[n:]
	} else {
		n, err = t.r.Read(p)
	}
	switch {
	case t.forget:
		t.seen = nil
	case n > 0:
		t.seen = append(t.seen, p[:n]...)
		t.seen = t.seen[max(0, len(t.seen)-tailLimit):]
	}
	return n, err
}

// trim forgets all but the last unread bytes.
func (t *tail) trim(unread int) {
	t.seen = t.seen[max(0, len(t.seen)-unread):]
	if len(t.seen) == 0 {
		t.seen = nil
	}
}

// partial is what was read since the last trim, unless it was to be forgotten.
func (t *tail) partial() []byte { return append([]byte(nil), t.seen...) }

// restart hands the last unread bytes out once more.
func (t *tail) restart(unread int) {
	unread = min(unread, len(t.seen))
	rest := append([]byte(nil), t.seen[len(t.seen)-unread:]...)
	t.again = append(rest, t.again...)
	t.seen = nil
}
