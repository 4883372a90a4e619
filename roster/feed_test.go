package roster

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
)

// A taker is a feed whose values are taken when the test asks for one.
type taker struct {
	feed[Change]
	got  chan Change
	shut chan struct{}
}

func newTaker() *taker {
	tk := &taker{got: make(chan Change), shut: make(chan struct{})}
	tk.feed = feed[Change]{merge: mergeChanges, hand: func(c Change) { tk.got <- c }, shut: func() { close(tk.shut) }}
	return tk
}

// TestFeedMerges holds what is handed over of values that wait: of a contact the way from the first to the last, nothing where
// that leads back, in the order in which the contacts came to wait.
func TestFeedMerges(t *testing.T) {
	a, b, c, d := jid.MustParse("a@x.test"), jid.MustParse("b@x.test"), jid.MustParse("c@x.test"), jid.MustParse("d@x.test")
	at := func(who jid.JID, name string) Item { return Item{JID: who, Name: name} }
	synctest.Test(t, func(t *testing.T) {
		f := newTaker()
		f.put(a, Change{New: at(a, "1")}) // is on its way
		synctest.Wait()
		f.put(b, Change{New: at(b, "1")})
		synctest.Wait() // one at a time: it waits
		f.put(c, Change{New: at(c, "1")})
		f.put(d, Change{Old: at(d, "1"), New: at(d, "2")})
		f.put(b, Change{Old: at(b, "1"), New: at(b, "2")})
		f.put(a, Change{Old: at(a, "1"), New: at(a, "2")})
		f.put(c, Change{Old: at(c, "1")})
		f.put(d, Change{Old: at(d, "2")})
		f.put(d, Change{New: at(d, "3")})
		f.close()
		f.put(c, Change{New: at(c, "after the end")})
		for _, want := range []Change{
			{New: at(a, "1")}, {New: at(b, "2")}, {Old: at(d, "1"), New: at(d, "3")}, {Old: at(a, "1"), New: at(a, "2")},
		} {
			select {
			case <-f.shut:
				assert.Fail(t, "it has ended before", want)
			case got := <-f.got:
				assert.Equal(t, want, got)
			}
		}
		<-f.shut
		f.close() // twice is once
		f.put(c, Change{New: at(c, "after the end")})
		synctest.Wait()
		select {
		case got := <-f.got:
			assert.Fail(t, "nothing comes any more", got)
		default:
		}
	})
}

// TestFeedRests holds that a feed begins anew when it had nothing to hand over.
func TestFeedRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTaker()
		for _, name := range []string{"1", "2", "3"} {
			f.put(bobsJID, Change{New: bobAs(name)})
			assert.Equal(t, name, (<-f.got).New.Name)
			synctest.Wait()
			assert.False(t, f.running)
			assert.Nil(t, f.waiting, "nothing is held")
			assert.Nil(t, f.order)
		}
		f.close()
		<-f.shut
	})
}

// TestFeeds holds who gets what, and that a feed which is added after the end ends at once.
func TestFeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fs feeds[Change]
		all, bobs, gone, late := newTaker(), newTaker(), newTaker(), newTaker()
		fs.add(&all.feed, nil)
		fs.add(&bobs.feed, among([]jid.JID{jid.MustParse("bob@canto.test/phone")}))
		fs.add(&gone.feed, nil)
		fs.remove(&gone.feed)
		<-gone.shut
		assert.Len(t, fs.all, 2, "who has gone is not held")
		other := jid.MustParse("other@canto.test")
		fs.put(other, Change{New: Item{JID: other}})
		fs.put(bobsJID, Change{New: bobAs("Bob")})
		assert.Equal(t, other, (<-all.got).JID())
		assert.Equal(t, bobsJID, (<-all.got).JID())
		assert.Equal(t, bobsJID, (<-bobs.got).JID())
		synctest.Wait()
		fs.close()
		<-all.shut
		<-bobs.shut
		fs.add(&late.feed, nil)
		<-late.shut
		fs.put(bobsJID, Change{New: bobAs("Bob")})
		fs.remove(&all.feed)
		assert.Empty(t, fs.all, "nobody is held")
	})
}

// TestEndsOfASubscription holds that a channel closes with its context and OnChange ends with remove, while others go on.
func TestEndsOfASubscription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := local(t, 0)
		ctx, cancel := context.WithCancel(t.Context())
		changes, statuses, others := r.Changes(ctx), r.Watch(ctx), r.Changes(t.Context())
		var calls []Change
		remove := r.OnChange(func(c Change) { calls = append(calls, c) })
		r.take(nil, push{item: bobAs("1")})
		assert.Equal(t, bobAs("1"), (<-changes).New)
		assert.Equal(t, bobAs("1"), (<-others).New)
		synctest.Wait()
		cancel()
		remove()
		synctest.Wait()
		r.take(nil, push{item: bobAs("2")})
		_, open := <-statuses
		assert.False(t, open)
		_, open = <-changes
		assert.False(t, open)
		assert.Equal(t, Change{Old: bobAs("1"), New: bobAs("2")}, <-others)
		synctest.Wait()
		assert.Equal(t, []Change{{New: bobAs("1")}}, calls)
		r.Close()
		_, open = <-others
		assert.False(t, open)
	})
}

// TestTakerThatDoesNotReturn holds that a function which panics, or ends its goroutine, gets the changes that follow, and that the
// panic is logged.
func TestTakerThatDoesNotReturn(t *testing.T) {
	for name, leave := range map[string]func(){"a panic": func() { panic("no such window") }, "an exit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log strings.Builder
				r := local(t, 0)
				r.e = xmpp.NewClient(bobsJID, &xmpp.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
				var told []string
				remove := r.OnChange(func(c Change) {
					if told = append(told, c.New.Name); len(told) == 1 {
						leave()
					}
				})
				r.take(nil, push{item: bobAs("1")})
				synctest.Wait()
				r.take(nil, push{item: bobAs("2")})
				synctest.Wait()
				assert.Equal(t, []string{"1", "2"}, told)
				if name == "a panic" {
					assert.Contains(t, log.String(), "no such window")
					assert.Contains(t, log.String(), bobsJID.String())
					assert.Contains(t, log.String(), "TestTakerThatDoesNotReturn", "the stack")
				}
				remove()
				r.cache.wait()
			})
		})
	}
}

// TestUnreadFeed holds that what waits for a reader who doesn't come is bounded by the contacts, however often changes undo each
// other, and that every contact which differs is handed over once, the oldest first.
func TestUnreadFeed(t *testing.T) {
	who := func(i int) jid.JID { return jid.MustParse(fmt.Sprintf("u%d@canto.test", i)) }
	got, done := make(chan jid.JID), make(chan struct{})
	f := &feed[Change]{merge: mergeChanges, shut: func() { close(done) }}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	f.hand = func(c Change) {
		select {
		case got <- c.JID():
		case <-ctx.Done():
		}
	}
	for i := range 3 {
		f.put(who(i), Change{New: Item{JID: who(i)}})
	}
	x := Item{JID: who(100)}
	for i := range 10_000 {
		for _, y := range []Item{x, {JID: who(1000 + i)}} {
			f.put(y.JID, Change{New: y})
			f.put(y.JID, Change{Old: y})
		}
	}
	for range 10_000 { // the same one, again and again
		f.put(x.JID, Change{New: x})
		f.put(x.JID, Change{Old: x})
	}
	f.put(x.JID, Change{New: x})
	f.mu.Lock()
	assert.LessOrEqual(t, len(f.order), 2*len(f.waiting)+orderSlack+1)
	assert.LessOrEqual(t, cap(f.order), 1024)
	f.mu.Unlock()
	for _, i := range []int{0, 1, 2, 100} {
		assert.Equal(t, who(i), <-got)
	}
	f.close()
	<-done
}
