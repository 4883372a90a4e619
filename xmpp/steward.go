package xmpp

import (
	"errors"
	"sync"
	"time"

	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/stanza"
)

const (
	saveTimeout = 10 * time.Second       // for one access to the store
	saveEvery   = 250 * time.Millisecond // the least time between saves that no acknowledgement waits for
	saveRetry   = 2 * time.Second        // before the store is asked again that did not answer
)

// A savepoint is how much of a stream the store has.
type savepoint struct {
	stream string // its SM-ID: the numbers of each begin anew
	sent   uint64 // the newest stanza of ours
}

// A steward keeps what another process needs to resume the stream in the Store: written before the <a/> that relies on it
// (XEP-0198 §5), and soon after something was sent. It has a goroutine only while there is something to save. Whose
// the stream is, fence.go finds out.
type steward struct {
	store Store
	key   string
	owner string        // stands in all that it saves, and in nobody else's
	hurry chan struct{} // an acknowledgement is due

	access sync.Mutex // held from the snapshot to the end of a Save, so that what is saved later is newer

	mu      sync.Mutex // protects what follows
	session *Session   // whose state is saved; nil: none at present
	version uint64     // of our value in the store
	running bool
	last    time.Time // when the last save began
	ack     bool      // an <a/> waits for the save
	dirty   bool      // something was sent since
	saved   savepoint // what the store has of ours
	looked  time.Time // when the store was last seen to hold our value
	lost    bool      // it holds another's

	discarding <-chan struct{} // closed when the last discard is done; nil: there was none
}

// newSteward returns the steward of a client of that address.
func newSteward(store Store, addr string) *steward {
	return &steward{store: store, key: "stream " + addr, owner: stanza.NewID(), hurry: make(chan struct{}, 1)}
}

// acknowledge has an <a/> written for what is handled, after that is saved. It reports false when nothing is to be saved.
func (v *steward) acknowledge() bool { return v.want(true) }

// touch has what was sent saved, soon.
func (v *steward) touch() { v.want(false) }

// want has the state saved. A nil steward saves nothing.
func (v *steward) want(ack bool) bool {
	if v == nil {
		return false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.session == nil || v.lost {
		return v.lost // who has been replaced says nothing any more
	}
	v.ack, v.dirty = v.ack || ack, true
	if !v.running {
		v.running = true
		go v.run()
	}
	if ack {
		select {
		case v.hurry <- struct{}{}:
		default: // it knows
		}
	}
	return true
}

// run saves until there is nothing to save.
func (v *steward) run() {
	for {
		s, ack := v.next()
		if s == nil {
			return
		}
		h, err := v.save(s)
		switch {
		case err == nil && ack:
			s.out.acknowledge(func() []byte { return stream.AppendAck(nil, s.intake.tell(h)) })
		case err != nil && !errors.Is(err, ErrTakenOver) && !s.hasEnded():
			// Without the save there is no <a/>: the server keeps what it sent, and nothing is lost.
			s.opts.Logger.Error("xmpp: the state of the stream can't be saved", "key", v.key, "err", err)
			s.waits(saveRetry)
			v.again(s, ack)
		}
	}
}

// again has the state of s saved after that has failed.
func (v *steward) again(s *Session, ack bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.session == s && !s.hasEnded() {
		v.ack, v.dirty = v.ack || ack, true
	}
}

// next waits until a save is due: at once when an acknowledgement waits for it, else saveEvery after the last one. It
// returns the session to save and whether to acknowledge; nil when there is nothing to save, and run must end.
func (v *steward) next() (s *Session, ack bool) {
	v.mu.Lock()
	wait := saveEvery - time.Since(v.last)
	s = v.session
	if s != nil && v.dirty && !v.ack && wait > 0 {
		v.mu.Unlock()
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-v.hurry:
		case <-s.done:
		}
		t.Stop()
		v.mu.Lock()
	}
	defer v.mu.Unlock()
	s, ack = v.session, v.ack
	if s == nil || !v.dirty {
		v.running = false
		return nil, false
	}
	v.ack, v.dirty, v.last = false, false, time.Now()
	return s, ack
}

// stored is the number of the newest stanza of ours that the store has of the stream with that SM-ID: a successor will see to it.
func (v *steward) stored(id string) uint64 {
	if v == nil {
		return 0
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.saved.stream != id {
		return 0
	}
	return v.saved.sent
}

// save writes the state of s to the store and returns how many stanzas it says are handled.
func (v *steward) save(s *Session) (handled uint32, err error) {
	v.access.Lock()
	defer v.access.Unlock()
	snapshot := s.snapshot()
	if snapshot == nil {
		return 0, errNotResumed
	}
	if err := v.replace(snapshot); err != nil {
		return 0, err
	}
	return uint32(snapshot.Handled), nil
}

// record is save where there is something to save to.
func (v *steward) record(s *Session) error {
	if v == nil {
		return nil
	}
	_, err := v.save(s)
	if errors.Is(err, errNotResumed) {
		return nil // the program has closed it meanwhile, and attach finds that out
	}
	return err
}

// waits waits for d and reports whether the session has not ended, and may still hand over, then.
func (s *Session) waits(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.given:
	case <-s.done:
	}
	return false
}

// attach makes s the session that is saved; nil: none.
func (v *steward) attach(s *Session) {
	if v == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.session, v.ack, v.dirty = s, false, false
	if v.lost && s != nil {
		go s.takenOver()
	}
}
