package presence

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

var errEvery = errors.New("presence: Mirror needs a period that is longer than zero")

// Mirror asks from at once and then so often, and has us be what it says whenever that has changed. It returns when ctx is
// done or with Close, nil then, or with the first error of from or of sending; the presence stays as it was. On a Client, an error of sending
// that comes from the end of a session is none: the next session begins with what was to be said.
func (k *Keeper) Mirror(ctx context.Context, every time.Duration, from Source) error {
	if every <= 0 {
		return errEvery
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(k.life, cancel)()
	tick := time.NewTicker(every)
	defer tick.Stop()
	var last *stanza.Presence
	var failed *xmpp.Session // the one on which the last sending failed
	for {
		p, err := from(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil && p == nil {
			err = errNothing
		}
		if err != nil {
			return err
		}
		if last == nil || !same(p, last) {
			s := k.current()
			switch err := k.Set(ctx, p); {
			case err == nil || ctx.Err() != nil || err == errClosed: // of which ctx hears a little later
				last, failed = p, nil
			case !k.client || s != nil && s == failed && !ending(s, err):
				return err
			default:
				last, failed = nil, s // said again in time, where a session that goes on was not told
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// same reports whether two presences say the same.
func same(a, b *stanza.Presence) bool {
	return a.Type == b.Type && a.Show == b.Show && a.Status == b.Status && a.Priority == b.Priority && slices.Equal(a.Statuses, b.Statuses) &&
		slices.EqualFunc(a.Payloads, b.Payloads, func(x, y stanza.Element) bool { return x.String() == y.String() })
}

func (k *Keeper) current() *xmpp.Session {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.session
}

// ending reports whether sending has failed because the session is over, or is being closed.
func ending(s *xmpp.Session, err error) bool {
	select {
	case <-s.Done():
		return true
	default:
		return errors.Is(err, xmpp.ErrClosed)
	}
}
