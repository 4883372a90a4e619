// Victim is a program as the users of Canto write it, to be attacked by the tests of package hostile. It takes its orders
// from standard input and reports on standard output, one JSON value a line.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/canto-im/canto/internal/integration/hostile"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/roster"
	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

func main() {
	v := &victim{out: json.NewEncoder(os.Stdout), clients: map[string]*client{}}
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	for {
		var o hostile.Order
		err := in.Decode(&o)
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			err = v.obey(o)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "victim:", err)
			os.Exit(1)
		}
	}
}

// A victim is the program.
type victim struct {
	mu       sync.Mutex // protects what follows
	out      *json.Encoder
	clients  map[string]*client
	asked    int
	worst    time.Duration
	attempts int
}

func (v *victim) say(r hostile.Report) {
	v.mu.Lock()
	defer v.mu.Unlock()
	_ = v.out.Encode(r)
}

func (v *victim) obey(o hostile.Order) error {
	switch o.Do {
	case "honest":
		go v.ask(o)
	case "attack":
		v.start(o)
	case "stop":
		go v.stop(o.Name)
	case "measure":
		return v.measure()
	default:
		return fmt.Errorf("unknown order %q", o.Do)
	}
	return nil
}

// A client is one that is attacked.
type client struct {
	stop     context.CancelFunc
	ended    chan struct{} // closed when Run has returned
	messages int64
}

// options are what a program on a server without TLS needs.
func options(o hostile.Order) *xmpp.Options {
	return &xmpp.Options{
		Password: "secret", Addr: o.Addr, AllowPlaintext: true, Keepalive: o.Patience, DeadAfter: o.Patience, CloseTimeout: time.Second,
	}
}

// start runs a client and reports each of its ends.
func (v *victim) start(o hostile.Order) {
	ctx, stop := context.WithCancel(context.Background())
	c := &client{stop: stop, ended: make(chan struct{})}
	v.mu.Lock()
	v.clients[o.Name] = c
	v.mu.Unlock()
	options := options(o)
	options.SASL = append(sasl.Password("victim", "secret", nil), sasl.Anonymous(""))
	options.Trace = &xmpp.Trace{Step: func(step xmpp.Step, _ string, _ time.Duration, _ error) {
		v.mu.Lock()
		defer v.mu.Unlock()
		if step == xmpp.StepTCP {
			v.attempts++
		}
	}}
	cl := xmpp.NewClient(jid.MustParse("victim@hostile.test"), options)
	cl.Online = func(ctx context.Context, s *xmpp.Session) error { return s.Send(ctx, &stanza.Presence{}) }
	xmpp.OnMessage(cl, func(context.Context, *stanza.Message) error {
		v.mu.Lock()
		c.messages++
		v.mu.Unlock()
		if o.Slow {
			<-ctx.Done()
		}
		return nil
	})
	states := cl.State(ctx)
	go func() {
		for st := range states {
			if st.Err != nil {
				v.say(hostile.Report{What: "state", Name: o.Name, Text: st.Err.Error()})
			}
		}
	}()
	go v.openRoster(ctx, cl)
	if use := uses[o.Use]; use != nil {
		go func() { v.say(hostile.Report{What: "used", Name: o.Name, Text: fmt.Sprint(use(ctx, cl))}) }()
	}
	go func() {
		defer close(c.ended)
		v.say(hostile.Report{What: "ended", Name: o.Name, Text: fmt.Sprint(cl.Run(ctx))})
	}()
}

// openRoster has the roster and its contacts' presence followed.
func (v *victim) openRoster(ctx context.Context, cl *xmpp.Client) {
	r, err := roster.Open(ctx, cl)
	if err != nil {
		return // the client's end says why
	}
	defer r.Close()
	_ = r.HandleRequests(ctx, roster.Ask, func(context.Context, roster.Request) error { return nil })
	<-ctx.Done()
}

func (v *victim) stop(name string) {
	v.mu.Lock()
	c := v.clients[name]
	delete(v.clients, name)
	v.mu.Unlock()
	c.stop()
	<-c.ended
	v.mu.Lock()
	n := c.messages
	v.mu.Unlock()
	v.say(hostile.Report{What: "stopped", Name: name, Messages: n})
}

// ask is the honest session: one question after the other, to its own server.
func (v *victim) ask(o hostile.Order) {
	s, err := xmpp.Dial(context.Background(), jid.MustParse("honest@canto.test"), options(o))
	if err != nil {
		v.say(hostile.Report{What: "ended", Name: "honest", Text: err.Error()})
		return
	}
	v.say(hostile.Report{What: "ready", Name: "honest"})
	for tick := time.Tick(10 * time.Millisecond); ; <-tick {
		begin := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		_, err := s.Do(ctx, &stanza.IQ{Type: stanza.Get, To: s.JID().Domain(), Payload: ping})
		cancel()
		if err != nil {
			v.say(hostile.Report{What: "ended", Name: "honest", Text: err.Error()})
			return
		}
		v.mu.Lock()
		v.asked++
		v.worst = max(v.worst, time.Since(begin))
		v.mu.Unlock()
	}
}

var ping = stanza.Payload(struct {
	XMLName xml.Name `xml:"urn:xmpp:ping ping"`
}{})

// measure reports what the process has used.
func (v *victim) measure() error {
	for range 2 { // a sync.Pool lets go what was not used since the last but one
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	r := hostile.Report{What: "measured", Heap: int64(m.HeapAlloc), Goroutines: runtime.NumGoroutine()}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(status)) {
		var kilobytes int64
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kilobytes); err == nil {
			r.Peak = kilobytes << 10
		}
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kilobytes); err == nil {
			r.Resident = kilobytes << 10
		}
	}
	v.mu.Lock()
	r.Asked, r.Worst, r.Attempts = v.asked, v.worst, v.attempts
	v.worst = 0
	v.mu.Unlock()
	v.say(r)
	return nil
}
