package integration

import (
	"strings"
	"sync"

	"github.com/canto-im/canto/xmpp"
)

// A tape records what goes over the streams of some options, as Options.Trace shows it, and counts flights: how often the client
// speaks after it has heard something, TLS aside.
type tape struct {
	mu             sync.Mutex // protects what follows
	sent, received strings.Builder
	flights        int
	ours           bool // the last word
}

func (p *tape) trace() *xmpp.Trace {
	return &xmpp.Trace{
		Sent: func(xml []byte) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.sent.Write(xml)
			if !p.ours {
				p.flights, p.ours = p.flights+1, true
			}
		},
		Received: func(xml []byte) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.received.Write(xml)
			p.ours = false
		},
	}
}

// read returns what is on the tape.
func (p *tape) read() (sent, received string, flights int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent.String(), p.received.String(), p.flights
}
