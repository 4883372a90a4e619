package main

import (
	"fmt"
	"log"
	"time"

	"github.com/canto-im/canto/xmpp/mam"
)

// A progress tells how far a run has come: by the time when what it writes was said, as nobody knows how many messages are still to come.
type progress struct {
	newest *mam.Item // in the archive when we began; nil: there was none
	live   bool      // we're past it
	n      int       // messages in this run
	first  time.Time // when the first of them was said
	tenths int       // of the way, as was told last
	began  time.Time
	seen   func(n int, live bool)
}

// begin tells where it begins.
func (p *progress) begin(j *journal) {
	p.began = time.Now()
	switch {
	case p.newest == nil:
		log.Print("the archive is empty; now what comes")
		p.live = true
	case p.newest.ID == j.id:
		log.Print("all that is in the archive is here; now what comes")
		p.live = true
	case j.id != "":
		log.Printf("going on behind message %s", j.id)
	default:
		log.Printf("from the beginning to %s", day(p.newest.Stamp))
	}
}

// pass notes a message that was written.
func (p *progress) pass(it *mam.Item) {
	if p.n++; p.n == 1 {
		p.first = it.Stamp
	}
	switch {
	case p.live && it.Message != nil && it.Message.Body != "":
		fmt.Printf("%s %s: %q\n", it.Stamp.Local().Format(time.TimeOnly), it.Message.From, it.Message.Body)
	case p.live:
	case it.ID == p.newest.ID:
		log.Printf("%s in %v: all that was in the archive is here; now what comes", messages(p.n), time.Since(p.began).Round(time.Millisecond))
		p.live = true
	default:
		p.tell(it)
	}
	p.seen(p.n, p.live)
}

// tell says how far we are, at each tenth of the way.
func (p *progress) tell(it *mam.Item) {
	way, gone := p.newest.Stamp.Sub(p.first), it.Stamp.Sub(p.first)
	if way <= 0 || int(10*gone/way) <= p.tenths {
		return
	}
	p.tenths = int(10 * gone / way)
	log.Printf("%3d %%: %s, the last one of %s; %.0f a second", 10*p.tenths, messages(p.n), day(it.Stamp), float64(p.n)/time.Since(p.began).Seconds())
}

func messages(n int) string {
	if n == 1 {
		return "1 message"
	}
	return fmt.Sprint(n, " messages")
}

func day(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }
