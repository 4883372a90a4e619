package xmpp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/canto-im/canto/internal/stream"
)

// ErrTakenOver ends a Client whose stream another process has gone on with: one that was started with the same
// Options.Store, in its place. It never fights its successor: nothing of it is sent any more, nothing reconnected.
var ErrTakenOver = errors.New("xmpp: another process has taken over the stream")

// leaseTime is for how long a look at the store is good: see steward.ours.
const leaseTime = 50 * time.Millisecond

// Whose the stream is, the store decides. What stands there has a version, and names the steward that stored it: a
// successor replaces it (claim) before it does anything else, and from then on whoever was before finds another's value
// where its own was. A version alone is no proof of that: a store may do what it was told and fail to say so.

// claim loads what a process before this one left, and makes it this one's: from then on the other can't save any more.
func (v *steward) claim(ctx context.Context) (*stream.Snapshot, error) {
	v.access.Lock()
	defer v.access.Unlock()
	for range 8 { // another may be at it
		b, version, err := v.store.Load(ctx, v.key)
		if err != nil {
			return nil, err
		}
		v.holds(version, nil, time.Time{})
		if b == nil {
			return nil, nil
		}
		p, bad := stream.ReadSnapshot(b, stream.SnapshotLimits{})
		if bad == nil { // else the other is shut out all the same
			p.Owner = v.owner
			if b, err = p.Append(nil); err != nil {
				return nil, err
			}
		}
		began := time.Now()
		now, err := v.store.Save(ctx, v.key, b, version)
		if errors.Is(err, ErrStale) {
			continue
		}
		if err != nil {
			return nil, err
		}
		v.holds(now, p, began)
		return p, bad
	}
	return nil, ErrStale
}

// holds notes that the store held p, which is ours and has this version, at the time of a look; nil is nothing that a
// successor could go on with.
func (v *steward) holds(version uint64, p *stream.Snapshot, at time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.version, v.looked, v.lost = version, at, false
	if v.saved = (savepoint{}); p != nil {
		v.saved = savepoint{p.ID, p.Sent()}
	}
}

// replace puts p in the place of our value. ErrTakenOver: it's not ours any more. access is held.
func (v *steward) replace(p *stream.Snapshot) error {
	p.Owner = v.owner
	b, err := p.Append(nil)
	if err != nil {
		return err
	}
	for range 2 {
		v.mu.Lock()
		version, lost := v.version, v.lost
		v.mu.Unlock()
		if lost {
			return ErrTakenOver
		}
		began := time.Now() // a process may be stopped while it saves, and be replaced before it goes on
		var now uint64
		if now, err = v.write(b, version); err == nil {
			v.holds(now, p, began)
			return nil
		}
		// It may be stored all the same (see Store.Save); and what we stored before, and held for failed, may be in the way.
		switch found, unseen := v.examine(); {
		case errors.Is(unseen, ErrTakenOver):
			return unseen
		case unseen != nil:
			return err
		case bytes.Equal(found, b):
			return nil
		case !errors.Is(err, ErrStale):
			return err
		}
	}
	return err
}

// write is Store.Save, within saveTimeout.
func (v *steward) write(b []byte, version uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), saveTimeout)
	defer cancel()
	return v.store.Save(ctx, v.key, b, version)
}

// examine looks at what the store holds, and returns that when it's ours. ErrTakenOver: it is another's; any other error leaves
// it open. access is held.
func (v *steward) examine() ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), saveTimeout)
	defer cancel()
	began := time.Now()
	b, version, err := v.store.Load(ctx, v.key)
	if err != nil {
		return nil, fmt.Errorf("xmpp: whether the stream is still ours can't be seen in the store: %w", err)
	}
	v.mu.Lock()
	same := version == v.version
	if same {
		v.looked = began
	}
	v.mu.Unlock()
	if same {
		return b, nil
	}
	if p, err := stream.ReadSnapshot(b, stream.SnapshotLimits{}); err == nil && p.Owner == v.owner {
		v.holds(version, p, began) // a Save that was held for failed
		return b, nil
	}
	v.giveWay()
	return nil, ErrTakenOver
}

// giveWay ends the session: a successor goes on with the stream.
func (v *steward) giveWay() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.lost = true
	if v.session != nil {
		go v.session.takenOver()
	}
}

// look asks the store whose the stream is. An error that is not ErrTakenOver leaves it open.
func (v *steward) look() error {
	v.access.Lock()
	defer v.access.Unlock()
	_, err := v.examine()
	return err
}

// ours reports whether the stream of s is still ours, with a look at the store when the last one is older than leaseTime.
// A process that was stopped and is woken after a successor took over must not go on with what it had received: the
// server has given that to the successor, which waits for leaseTime before it asks for that. While the store does not
// answer, this waits: what is passed over would not come again in this session.
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
			if _, err = v.save(s); errors.Is(err, errNotResumed) {
				err = v.look() // it has ended before there was anything that somebody could go on with
			}
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

// release takes our value out of the store: the stream it tells of is over, and what it had open was given back.
func (v *steward) release() {
	if v == nil {
		return
	}
	v.attach(nil)
	v.clear()
}

// discard is clear for who may not wait; see settled.
func (v *steward) discard() {
	v.mu.Lock()
	defer v.mu.Unlock()
	before, done := v.discarding, make(chan struct{})
	v.discarding = done
	go func() {
		defer close(done)
		if before != nil {
			<-before
		}
		v.clear()
	}()
}

// settled waits until what was discarded is out of the store, or could not be taken out within saveTimeout.
func (v *steward) settled() {
	if v == nil {
		return
	}
	v.mu.Lock()
	done := v.discarding
	v.mu.Unlock()
	if done != nil {
		<-done
	}
}

// clear is release for a stream that has been followed by one which is not saved, or will be.
func (v *steward) clear() {
	v.access.Lock()
	defer v.access.Unlock()
	v.mu.Lock()
	version, idle := v.version, v.session == nil
	v.mu.Unlock()
	if !idle || version == 0 {
		return
	}
	if _, err := v.write(nil, version); err == nil { // what stays is of no use, and the next login finds that out
		v.holds(0, nil, time.Time{})
	}
}
