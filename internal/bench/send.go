package main

import (
	"context"
	"encoding/xml"
	"io"
	"net"
	"strings"
	"sync"

	"github.com/canto-im/canto/internal/corpus"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

// sending is handing chat messages to a session until the peer has them all: by one goroutine, each waiting for the last
// (a lone sender writes at once), or by many at a time, who share writes. The twins marshal an equal struct with
// encoding/xml straight to the connection, one at a time, and write the bytes of the message as they are.
func (p place) sending(name string, ops, senders int) contest {
	c := contest{name: name, unit: "messages", ops: ops, size: len(corpus.Chat), sides: []side{
		{name: "canto", open: func() (*runner, error) { return p.canSend(senders) }},
		{name: encodingXML, open: func() (*runner, error) { return p.xmlSend(senders) }},
	}}
	if senders == 1 {
		c.sides = append(c.sides, side{name: "a bare write", open: p.rawSend})
	}
	return c
}

// share runs f(i) for each of n operations, from so many goroutines, and returns the first error.
func share(n, senders int, f func() error) error {
	errs := make(chan error, senders)
	var all sync.WaitGroup
	for i := range senders {
		mine := n / senders
		if i < n%senders {
			mine++
		}
		all.Go(func() {
			for range mine {
				if err := f(); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	all.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}

func (p place) canSend(senders int) (*runner, error) {
	done := make(chan struct{}, 1)
	s, err := p.session(modeSink, func(s *xmpp.Session) {
		xmpp.OnMessage(s, func(context.Context, *stanza.Message) error {
			done <- struct{}{}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	st, err := stanza.Parse([]byte(strings.Replace(corpus.Chat, "<message", "<message xmlns='jabber:client'", 1)))
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	return &runner{close: s.Close, run: func(n int) error {
		if err := s.Send(ctx, orderMessage(n, 0)); err != nil {
			return err
		}
		if err := share(n, senders, func() error { return s.Send(ctx, st) }); err != nil {
			return err
		}
		select {
		case <-done:
			return nil
		case <-s.Done():
			return ended(s)
		}
	}}, nil
}

func (p place) xmlSend(senders int) (*runner, error) {
	var m corpus.Message
	if err := xml.Unmarshal([]byte(corpus.Chat), &m); err != nil {
		return nil, err
	}
	return p.bareSend(senders, func(c net.Conn) func() error {
		var mu sync.Mutex
		enc := xml.NewEncoder(c)
		return func() error {
			mu.Lock()
			defer mu.Unlock()
			return enc.Encode(&m)
		}
	})
}

func (p place) rawSend() (*runner, error) {
	b := []byte(corpus.Chat)
	return p.bareSend(1, func(c net.Conn) func() error {
		return func() error {
			_, err := c.Write(b)
			return err
		}
	})
}

// bareSend is a runner that sends on a connection with what sender makes of it.
func (p place) bareSend(senders int, sender func(net.Conn) func() error) (*runner, error) {
	c, err := p.bare(modeSink)
	if err != nil {
		return nil, err
	}
	send := sender(c)
	return &runner{close: c.Close, run: func(n int) error {
		if _, err := io.WriteString(c, order(n, 0)); err != nil {
			return err
		}
		if err := share(n, senders, send); err != nil {
			return err
		}
		return exchange(c, "", doneMessage)
	}}, nil
}
