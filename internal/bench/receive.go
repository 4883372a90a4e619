package main

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/canto-im/canto/internal/corpus"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

// receiving is taking chat messages from a socket to a handler that gets them typed. The twin is a loop of encoding/xml
// that decodes them into an equal struct and calls the handler.
func (p place) receiving(name string, ops int) contest {
	return contest{name: name, unit: "messages", ops: ops, size: len(corpus.Chat), sides: []side{
		{name: "canto", open: p.canReceive},
		{name: "canto, channel", open: p.canReceiveChannel},
		{name: encodingXML, open: p.xmlReceive},
	}}
}

// wrong says that a message is not the one that the peer sends.
func wrong(from, body string) error { return fmt.Errorf("received %q from %q", body, from) }

const sender = "romeo@example.net/orchard"

func (p place) canReceive() (*runner, error) {
	left, done := 0, make(chan error, 1)
	s, err := p.session(modeFlood, func(s *xmpp.Session) {
		xmpp.OnMessage(s, func(_ context.Context, m *stanza.Message) error {
			if left--; left == 0 {
				done <- check(m)
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return &runner{close: s.Close, run: func(n int) error {
		left = n // the dispatcher sees it: it reads what came after the peer has seen the order
		if err := s.Send(context.Background(), orderMessage(n, 0)); err != nil {
			return err
		}
		select {
		case err := <-done:
			return err
		case <-s.Done():
			return ended(s)
		}
	}}, nil
}

func check(m *stanza.Message) error {
	if m.From.String() != sender || !strings.HasPrefix(m.Body, "But soft") || len(m.Payloads) != 5 {
		return wrong(m.From.String(), m.Body)
	}
	return nil
}

func (p place) canReceiveChannel() (*runner, error) {
	var inbox <-chan *stanza.Message
	s, err := p.session(modeFlood, func(s *xmpp.Session) { inbox = s.Messages(context.Background()) })
	if err != nil {
		return nil, err
	}
	return &runner{close: s.Close, run: func(n int) error {
		if err := s.Send(context.Background(), orderMessage(n, 0)); err != nil {
			return err
		}
		var last *stanza.Message
		for range n {
			m, ok := <-inbox
			if !ok {
				return ended(s)
			}
			last = m
		}
		return check(last)
	}}, nil
}

func (p place) xmlReceive() (*runner, error) {
	c, err := p.bare(modeFlood)
	if err != nil {
		return nil, err
	}
	d := xml.NewDecoder(io.MultiReader(strings.NewReader(corpus.Head), c))
	for range 2 { // the declaration and the root
		if _, err := d.Token(); err != nil {
			return nil, err
		}
	}
	left := 0
	handle := func(m *corpus.Message) error {
		if left--; left == 0 && (m.From != sender || !strings.HasPrefix(m.Body, "But soft") || len(m.Payloads) != 5) {
			return wrong(m.From, m.Body)
		}
		return nil
	}
	return &runner{close: c.Close, run: func(n int) error {
		left = n
		if _, err := io.WriteString(c, order(n, 0)); err != nil {
			return err
		}
		for range n {
			m := new(corpus.Message)
			if err := d.Decode(m); err != nil {
				return err
			}
			if err := handle(m); err != nil {
				return err
			}
		}
		return nil
	}}, nil
}
