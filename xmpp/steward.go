package xmpp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/canto-im/canto/internal/stream"
)

// ErrTakenOver ends a Client whose stream another process has gone on with: one that was started with the same
// Options.Store, in its place. It never fights its successor: nothing of it is sent any more, nothing reconnected.
var ErrTakenOver = errors.New("xmpp: another process has taken over the stream")

const (
	saveTimeout = 10 * time.Second       // for one access to the store
	saveEvery   = 250 * time.Millisecond // the least time between saves that no acknowledgement waits for
	saveRetry   = 2 * time.Second        // before the store is asked again that did not answer
	leaseTime   = 50 * time.Millisecond  // for how long a look at the store is good: see steward.ours
)

// A steward keeps what another process needs to resume the stream in the Store: written before the <a/> that relies on it
// (XEP-0198 §5), and soon after something was sent. It has a goroutine only while there is something to save. Its value
// in the store has a version, and the first Save that finds another one tells that a successor has taken over.
type steward struct {
	store Store
	key   string
	hurry chan struct{} // an acknowledgement is due

	access sync.Mutex // held from the snapshot to the end of a Save, so that what is saved later is newer

	mu      sync.Mutex // protects what follows
	session *Session   // whose state is saved; nil: none at present
	version uint64     // of our value in the store
	running bool
	last    time.Time // when the last save began
	ack     bool      // an <a/> waits for the save
	dirty   bool      // something was sent since
	saved   uint64    // the newest stanza of ours that the store has
	looked  time.Time // when the store was last seen to hold our value
	lost    bool      // it holds another's
}

// newSteward returns the steward of a client of that address.
func newSteward(store Store, addr string) *steward {
	return &steward{store: store, key: "stream " + addr, hurry: make(chan struct{}, 1)}
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
	if s == nil || v.lost || !v.dirty {
		v.running = false
		return nil, false
	}
	v.ack, v.dirty, v.last = false, false, time.Now()
	return s, ack
}

// stored is the number of the newest stanza of ours that the store has: a successor will see to it.
func (v *steward) stored() uint64 {
	if v == nil {
		return 0
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.saved
}

// save writes the state of s to the store and returns how many stanzas it says are handled.
func (v *steward) save(s *Session) (handled uint32, err error) {
	v.access.Lock()
	defer v.access.Unlock()
	snapshot, sent := s.snapshot()
	if snapshot == nil {
		return 0, errNotResumed
	}
	b, err := snapshot.Append(nil)
	if err != nil {
		return 0, err
	}
	if err := v.replace(b); err != nil {
		return 0, err
	}
	v.mu.Lock()
	v.saved = sent
	v.mu.Unlock()
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

// replace puts b (nil: nothing) in the place of our value. ErrTakenOver: it's not ours any more. access is held.
func (v *steward) replace(b []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), saveTimeout)
	defer cancel()
	v.mu.Lock()
	version, lost := v.version, v.lost
	v.mu.Unlock()
	if lost {
		return ErrTakenOver
	}
	began := time.Now() // a process may be stopped while it saves, and be replaced before it goes on
	now, err := v.store.Save(ctx, v.key, b, version)
	if err != nil {
		return v.judge(err)
	}
	v.mu.Lock()
	v.version, v.looked = now, began
	v.mu.Unlock()
	return nil
}

// judge tells a store that fails from one that holds another's value.
func (v *steward) judge(err error) error {
	if !errors.Is(err, ErrStale) {
		return err
	}
	v.mu.Lock()
	v.lost = true
	s := v.session
	v.mu.Unlock()
	if s != nil {
		go s.takenOver()
	}
	return ErrTakenOver
}

// release takes our value out of the store: the stream it tells of is over.
func (v *steward) release() {
	if v == nil {
		return
	}
	v.attach(nil)
	if v.look() == nil {
		v.access.Lock()
		defer v.access.Unlock()
		_ = v.replace(nil) // what stays is of no use, and the next login finds that out
	}
}

// ours reports whether the stream of s is still ours, with a look at the store when the last one is older than leaseTime.
// A process that was stopped and is woken after a successor took over must not go on with what it had received: the
// server has given that to the successor, which waits for leaseTime before it asks for that. While the store does not answer, this waits: what is passed over would not come
// again in this session.
func (v *steward) ours(s *Session) bool {
	for v != nil {
		v.mu.Lock()
		fresh, lost := time.Since(v.looked) < leaseTime, v.lost
		first := v.version == 0 && v.session == s // two that have saved nothing could not be told apart
		v.mu.Unlock()
		var err error
		switch {
		case lost || fresh && !first:
			return !lost
		case first:
			_, err = v.save(s)
		default:
			err = v.look()
		}
		switch {
		case err == nil:
			return true
		case errors.Is(err, ErrTakenOver):
			return false
		default:
			s.opts.Logger.Error("xmpp: nothing is handed over until the store answers", "key", v.key, "err", err)
			if !s.waits(saveRetry) {
				return false
			}
		}
	}
	return true
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

// look asks the store. An error that is not ErrTakenOver leaves it open.
func (v *steward) look() error {
	ctx, cancel := context.WithTimeout(context.Background(), saveTimeout)
	defer cancel()
	v.access.Lock()
	defer v.access.Unlock()
	began := time.Now()
	_, version, err := v.store.Load(ctx, v.key)
	if err != nil {
		return fmt.Errorf("xmpp: whether the stream is still ours can't be seen in the store: %w", err)
	}
	v.mu.Lock()
	mine := version == v.version
	if mine {
		v.looked = began
	}
	v.mu.Unlock()
	if !mine {
		return v.judge(ErrStale)
	}
	return nil
}

// attach makes s the session that is saved; nil: none.
func (v *steward) attach(s *Session) {
	if v == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.session != s {
		v.saved = 0 // it counts from the beginning
	}
	v.session, v.ack, v.dirty = s, false, false
	if v.lost && s != nil {
		go s.takenOver()
	}
}

// claim loads what a process before this one left, and makes it this one's: from then on the other can't save any more.
func (v *steward) claim(ctx context.Context) (*stream.Snapshot, error) {
	for range 8 { // another may be at it
		b, version, err := v.store.Load(ctx, v.key)
		if err != nil {
			return nil, err
		}
		v.mu.Lock()
		v.version, v.lost = version, false
		v.mu.Unlock()
		if b == nil {
			return nil, nil
		}
		began := time.Now()
		now, err := v.store.Save(ctx, v.key, b, version)
		if errors.Is(err, ErrStale) {
			continue
		}
		if err != nil {
			return nil, err
		}
		v.mu.Lock()
		v.version, v.looked = now, began
		v.mu.Unlock()
		return stream.ReadSnapshot(b, stream.SnapshotLimits{})
	}
	return nil, ErrStale
}
