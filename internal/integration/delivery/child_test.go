package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

// childVariable makes the test binary a child: a bot of its own process, told in it what to do.
const childVariable = "CANTO_DELIVERY_CHILD"

// An order is what a child is to do: log in with the store Dir and talk to Peer until something comes on its standard input,
// then to be quiet, and to leave when that ends.
type order struct {
	Name, Address, Password, Addr, Dir, Peer string

	Gate string // see gatedStore
}

// A child is a party in a process of its own. It writes its journal to its standard output.
type child struct {
	order
	journal *journal
	party   *party
}

// beChild is the life of a child.
func beChild(text string) {
	c := &child{journal: &journal{out: os.Stdout}}
	if err := json.Unmarshal([]byte(text), &c.order); err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	c.connect(ctx)
	enough, leave := make(chan struct{}), make(chan struct{})
	go func() {
		_, _ = os.Stdin.Read(make([]byte, 1))
		close(enough)
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(leave)
	}()
	var talking sync.WaitGroup
	for _, suffix := range []string{".1", ".2", ".3"} {
		talking.Go(func() { c.talk(ctx, c.Name+">peer"+suffix, c.deliver, enough) })
	}
	talking.Go(func() { c.talk(ctx, c.Name+">peer", c.send, enough) })
	ended := make(chan error, 1)
	go func() { ended <- c.party.Run(ctx) }()
	select {
	case err := <-ended:
		c.journal.write(note{Event: "end", Text: ending(err)})
		stop()
		talking.Wait()
	case <-leave:
		talking.Wait()
		stop()
		c.journal.write(note{Event: "end", Text: ending(<-ended)})
	}
}

// replaced begins the text of an end by a successor.
const replaced = "taken over: "

// ending is how Run ended.
func ending(err error) string {
	if errors.Is(err, xmpp.ErrTakenOver) {
		return replaced + err.Error()
	}
	return fmt.Sprint(err)
}

// connect makes the party. Its ledger is the journal.
func (c *child) connect(ctx context.Context) {
	o := &xmpp.Options{
		Password: c.Password, Addr: c.Addr, AllowPlaintext: true, DeadAfter: 5 * time.Second, Store: &gatedStore{xmpp.FileStore(c.Dir), c},
	}
	c.party = newParty(c.Name, jid.MustParse(c.Address), o, newLedger())
	c.party.returned = func(k key) { c.journal.write(note{Event: "back", Key: k.id()}) }
	c.party.bounced = func(k key) { c.journal.write(note{Event: "bounced", Key: k.id()}) }
	c.party.got = func(k key, r receipt) {
		c.journal.write(note{Event: "got", Key: k.id(), Session: r.session, Delayed: r.delayed, Again: r.again, At: time.Now().UnixNano()})
	}
	c.party.whenever(ctx, func(st xmpp.State) {
		c.journal.write(note{Event: "state", Text: string(st.Kind)})
		if st.Err != nil {
			c.journal.write(note{Event: "why", Text: st.Err.Error()})
		}
		if st.Retry > 0 {
			c.party.Wake()
		}
	})
}

// A gatedStore is a Store at whose door a child waits, between its decision to save its stream and the Save, while there is a
// named pipe at order.Gate, until that is closed (see freezeAtGate).
type gatedStore struct {
	xmpp.Store
	c *child
}

func (g *gatedStore) Save(ctx context.Context, key string, value []byte, version uint64) (uint64, error) {
	if _, err := os.Stat(g.c.Gate); err == nil && strings.HasPrefix(key, "stream ") {
		g.c.journal.write(note{Event: "saving", Text: key})
		_, _ = os.ReadFile(g.c.Gate)
	}
	return g.Store.Save(ctx, key, value, version)
}

// talk sends one message after the other.
func (c *child) talk(ctx context.Context, lane string, say func(context.Context, *stanza.Message) (fate, error), enough <-chan struct{}) {
	for n := 1; ctx.Err() == nil && !ended(enough, 0); n++ {
		k, session := key{lane, n}, c.party.now()
		c.journal.write(note{Event: "try", Key: k.id(), Session: session})
		good, err := say(ctx, message(k, jid.MustParse(c.Peer)))
		c.journal.write(note{Event: "said", Key: k.id(), Fate: outcome(good, err), Session: c.party.now()})
	}
}

func (c *child) deliver(ctx context.Context, m *stanza.Message) (fate, error) {
	return delivered, c.party.Deliver(ctx, m)
}

// send is paced by a Deliver now and then: or the sender would never stop.
func (c *child) send(ctx context.Context, m *stanza.Message) (fate, error) {
	err := c.party.Send(ctx, m)
	if k, _ := keyOf(m); k.number%8 == 0 {
		c.party.ask(ctx)
	}
	return accepted, err
}
