package mam

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/carbons"
	"github.com/canto-im/canto/xmpp/stamp"
)

// FollowOptions say what Follow follows. Nil and zero fields mean the defaults.
type FollowOptions struct {
	Archive jid.JID // whose: the bare address of a room that we're in; zero: our account's
	With    jid.JID // what was sent to or by this one alone, as Filter.With; zero: all. Each With has a place of its own in the Store
	First   int     // how many of the newest messages the very first run begins with; 0: none, only what comes from then on; negative: all
	Page    int     // how many are asked for at once; 0: 50
}

const (
	// patience is how long a query that has failed may stand before a session that has not ended.
	patience = 2 * time.Second
	// storeTimeout bounds the keeping of the cursor.
	storeTimeout = 10 * time.Second
)

// late is how long a message that is there is waited for in its archive.
var late = []time.Duration{time.Second, 3 * time.Second}

// Follow yields the messages of an archive as one stream, in the order of the archive, each once: first what has come since the last
// one that an earlier Follow has yielded, in this process or another one, as xmpp.Options.Store knows it; then what comes, as long as ctx and e
// last. It goes on across cuts: with a Client, in its next session. What comes by another device, or was sent by us, is there as soon as something
// comes that is told to us. A message that is live and in no archive is yielded in its place, as an Item without ID.
//
// As long as the loop has a message in hand, the next live one waits, and with it all that e receives (see xmpp.Session.Messages): it may send and
// ask, but what waits for a stanza to be handed over, such as muc.Join and muc.Room.Deliver, is for another goroutine.
//
// A message counts as had when the loop asks for the next one: one at which the loop is left comes again. The cursor is kept after each page, and
// at the end: a process that is killed gets some again, which Item.ID tells. Where the archive has forgotten where we were, it goes on with
// what it has that is not older.
//
// ejabberd gives messages of the same microsecond the same id. They're all yielded if they stand in one answer of the archive; one that is
// live, too, if its sender has given it an id of its own. Where a page, a session or a process ends between the two, and the second is not live,
// it's lost: an archive can't be asked for what stands behind the first of two that it doesn't tell apart.
//
// An error ends it: xmpp.ErrStale says that another process follows the same archive in our place; others are those of Query.
func Follow(ctx context.Context, e xmpp.Endpoint, o *FollowOptions) iter.Seq2[*Item, error] {
	return func(yield func(*Item, error) bool) {
		f := &follower{e: e, yield: yield, wake: make(chan *xmpp.Session, 1)}
		if o != nil {
			f.opts = *o
		}
		if f.of = f.opts.Archive; f.of.IsZero() {
			f.of = e.JID().Bare()
		}
		if err := f.run(ctx); err != nil && !f.left && ctx.Err() == nil {
			yield(nil, err)
		}
	}
}

// A follower is one Follow at work. All of it runs in the loop's goroutine, but for what wakes it.
type follower struct {
	e      xmpp.Endpoint
	opts   FollowOptions
	of     jid.JID
	yield  func(*Item, error) bool
	left   bool // the loop was left
	wake   chan *xmpp.Session
	at     *xmpp.Session // the newest session
	cursor cursor
	fresh  int // messages since the cursor was kept

	known memory
	just  *Item // what was handed over last of what the archive answers
}

// errLeft ends what is under way when the loop was left.
var errLeft = errors.New("mam: the loop was left")

// A signal is a live message.
type signal struct {
	id   string    // in the archive; "": it's in none
	sent time.Time // when it was sent, where it was kept for us since: a room's history, what has come while we were offline
	m    *stanza.Message
}

func (f *follower) run(ctx context.Context) error {
	if err := f.cursor.load(ctx, xmpp.StoreOf(f.e), f.of, f.opts.With); err != nil {
		return err
	}
	for _, id := range f.cursor.Same {
		f.known.add(&Item{ID: id})
	}
	defer func() { _ = f.keep(context.WithoutCancel(ctx)) }() // what it says was said before, or is too late to be told
	if !f.cursor.Begun {                                      // before anything is live: what comes between is in the archive behind it
		_ = f.begin(ctx) // catchUp does it again, and says why not
	}
	remove, err := xmpp.OnSession(ctx, f.e, func(_ context.Context, s *xmpp.Session) (func(), error) {
		for {
			select {
			case f.wake <- s:
				return nil, nil
			case <-f.wake: // an older one
			}
		}
	})
	if err != nil {
		return err
	}
	defer remove()
	if f.of == f.e.JID().Bare() {
		if off, err := carbons.Enable(ctx, f.e); err == nil { // else what other devices do is heard of later
			defer func() {
				ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
				defer cancel()
				_ = off(ctx) // a session that ends has none anyhow
			}()
		}
	}
	lives, cancel := context.WithCancel(ctx)
	defer cancel()
	live := xmpp.Channel(lives, f.e, xmpp.Pattern{Kind: stanza.KindMessage}, f.hear)
	for {
		err = nil
		select {
		case f.at = <-f.wake:
			err = f.catchUp(ctx)
		case s, open := <-live:
			if !open {
				return f.ending()
			}
			err = f.take(ctx, s)
		case <-ctx.Done():
			return nil
		}
		if err != nil && !f.passes(ctx, err) {
			return err
		}
	}
}

// ending is why there are no more live messages.
func (f *follower) ending() error {
	if s, ok := f.e.(*xmpp.Session); ok {
		return s.Err()
	}
	return nil
}

// passes reports whether err is that of a session which is over: the next one begins with what this one has left.
func (f *follower) passes(ctx context.Context, err error) bool {
	var refused *stanza.Error
	if errors.Is(err, errLeft) || errors.Is(err, xmpp.ErrStale) || errors.As(err, &refused) {
		return false
	}
	if f.at == nil { // a live message was looked for before the session was
		select {
		case f.at = <-f.wake:
		default:
			return false
		}
	}
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case <-f.at.Done():
		return true
	case <-ctx.Done():
	case <-t.C:
	}
	return false
}

// hear makes a signal of a message that has arrived.
func (f *follower) hear(ctx context.Context, st stanza.Stanza) (s signal, ok bool) {
	m := st.(*stanza.Message)
	own := f.e.JID()
	if at := xmpp.SessionFrom(ctx); at != nil {
		own = at.JID()
	}
	for _, e := range m.Payloads {
		if e.Is(ns.MAM, "result") { // of no query, or of another's
			return s, false
		}
	}
	if c, err := carbons.Read(m, own); err != nil {
		return s, false
	} else if c != nil {
		m = c.Message
	}
	if m.Type == stanza.MessageError || stamp.Archive(m, own) != f.of || !f.wanted(m) {
		return s, false
	}
	id, _ := stamp.IDBy(m, f.of)
	if len(id) > maxID {
		id = ""
	}
	d, _ := stamp.Of(m, f.of, f.of.Domain())
	return signal{id, d.Stamp, m}, true
}

// wanted reports whether the archive gives a message out with our filter: XEP-0313 §4.1.1, a bare address stands for all of its resources, and our
// own for what we've said to ourselves.
func (f *follower) wanted(m *stanza.Message) bool {
	with := f.opts.With
	is := func(who jid.JID) bool { return who == with || who.Bare() == with }
	if with.IsZero() || is(m.From) && is(m.To) {
		return true
	}
	return with.Bare() != f.of && (is(m.From) || is(m.To))
}

// filter is what every query of the archive has.
func (f *follower) filter() Filter {
	return Filter{Archive: f.opts.Archive, With: f.opts.With, Page: f.opts.Page}
}

// take hands over a live message in its place: behind all that is in the archive before it.
func (f *follower) take(ctx context.Context, s signal) error {
	live := &Item{ID: s.id, Archive: f.of, Stamp: time.Now(), Message: s.m}
	switch old := f.cursor.isBehind(s.sent); {
	case old && (s.id != "" || s.m.Type == stanza.GroupChat): // what is not kept may yet come late, but for a room's history
		return nil
	case s.id == "", f.known.isNamesake(live): // of which the archive has nothing behind the cursor
		return f.hand(live)
	}
	for i := 0; !f.known.has(s.id); i++ {
		if err := f.catchUp(ctx); err != nil {
			return err
		}
		switch {
		case f.known.has(s.id):
		case !s.sent.IsZero() && !s.sent.Truncate(time.Second).After(f.cursor.Stamp): // before the cursor, in the same second
			return nil
		case i == len(late): // an archive that has named it and hasn't got it
			return f.hand(live)
		default:
			select {
			case <-time.After(late[i]):
			case <-ctx.Done():
				return nil
			}
		}
	}
	return nil
}

// catchUp hands over what is in the archive behind the cursor.
func (f *follower) catchUp(ctx context.Context) error {
	if !f.cursor.Begun {
		if err := f.begin(ctx); err != nil {
			return err
		}
	}
	before := f.cursor
	behind := f.filter()
	behind.After = before.ID
	n, err := f.through(ctx, behind, nil)
	forgotten := errors.Is(err, stanza.ItemNotFound) && before.ID == f.cursor.ID
	if forgotten {
		xmpp.LoggerOf(f.e).Warn("mam: the archive has forgotten the last message that was had; what is older than the oldest that it has is lost", "archive", f.of)
	}
	// Archives that Prosody 13 keeps in files say of an id that they have forgotten that there is nothing behind it. One that tells no times
	// has nothing but the id.
	if before.ID != "" && (forgotten || err == nil && n == 0 && !before.Stamp.IsZero()) {
		behind = f.filter()
		behind.Start = before.Stamp
		_, err = f.through(ctx, behind, &before)
	}
	if err != nil {
		return err
	}
	return f.keep(ctx)
}

// through hands over what the filter lets through and was not had, and says how much there was. With since it's what is behind that, which the
// archive may have or not.
func (f *follower) through(ctx context.Context, filter Filter, since *cursor) (n int, err error) {
	f.just = nil
	var held []*Item // what is as old as since: it's new if that doesn't come
	for it, err := range Query(ctx, f.e, filter) {
		if err != nil {
			return n, err
		}
		n++
		switch {
		case since != nil && it.ID == since.ID:
			held = nil
			continue
		case since != nil && it.Stamp.Before(since.Stamp): // Prosody 13 has that in its files' archives, too
			continue
		case since != nil && it.Stamp.Equal(since.Stamp):
			held = append(held, it)
			continue
		}
		if err := f.pass(ctx, append(held, it)...); err != nil {
			return n, err
		}
		held = nil
	}
	return n, f.pass(ctx, held...)
}

// pass hands over those messages that were not had, and moves the cursor behind them.
func (f *follower) pass(ctx context.Context, items ...*Item) error {
	for _, it := range items {
		if err := ctx.Err(); err != nil && !f.just.isOther(it) { // in the middle of a page: the rest comes again
			return err
		}
		if !f.known.has(it.ID) || f.just.isOther(it) {
			if err := f.hand(it); err != nil {
				return err
			}
			f.just = it
		}
		f.cursor.pass(it)
		if f.fresh++; f.fresh >= max(f.opts.Page, defaultPage) {
			if err := f.keep(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// begin finds where the very first run begins.
func (f *follower) begin(ctx context.Context) error {
	if f.opts.First >= 0 {
		newest, n := f.filter(), 0
		newest.Backwards, newest.Page = true, min(f.opts.First+1, defaultPage)
		for it, err := range Query(ctx, f.e, newest) {
			if err != nil {
				return err
			}
			if n++; n > f.opts.First { // the one in front of the first
				f.cursor.pass(it)
				break
			}
		}
	}
	f.cursor.Begun = true
	f.fresh++
	return nil
}

// hand gives a message to the loop.
func (f *follower) hand(it *Item) error {
	if !f.yield(it, nil) {
		f.left = true
		return errLeft
	}
	if it.ID == "" {
		return nil
	}
	f.known.add(it)
	return nil
}

// keep saves the cursor if it has moved.
func (f *follower) keep(ctx context.Context) error {
	if f.fresh == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	err := f.cursor.save(ctx)
	switch {
	case err == nil:
		f.fresh = 0
	case errors.Is(err, xmpp.ErrStale):
		return fmt.Errorf("mam: another follows the archive of %q: %w", f.of, err)
	default: // then some may come again
		xmpp.LoggerOf(f.e).Warn("mam: where we are in the archive can't be kept", "archive", f.of, "err", err)
	}
	return nil
}
