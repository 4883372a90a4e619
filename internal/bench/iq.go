package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

// asking is requests and their answers, one after the other or as many at a time as there are askers. The twin sends the same
// bytes and reads the same bytes back, and does nothing else; with several askers it sends as many requests in one write.
func (p place) asking(name string, ops, askers int) contest {
	return contest{name: name, unit: "requests", ops: ops, sides: []side{
		{name: "canto", open: func() (*runner, error) { return p.canAsk(askers) }},
		{name: "a bare echo", open: func() (*runner, error) { return p.bareAsk(askers) }},
	}}
}

func ping() (*stanza.IQ, error) {
	payload, err := stanza.ParseElement("<ping xmlns='urn:xmpp:ping'/>")
	return &stanza.IQ{Type: stanza.Get, To: jid.MustParse(domain), Payload: payload}, err
}

func (p place) canAsk(askers int) (*runner, error) {
	s, err := p.session(modeAnswer, nil)
	if err != nil {
		return nil, err
	}
	request, err := ping()
	if err != nil {
		return nil, err
	}
	return &runner{close: s.Close, run: func(n int) error {
		return share(n, askers, func() error { return ask(s, request) })
	}}, nil
}

func ask(s *xmpp.Session, request *stanza.IQ) error {
	reply, err := s.Do(context.Background(), request)
	if err == nil && reply.Type != stanza.Result {
		return fmt.Errorf("the answer is of type %q", reply.Type)
	}
	return err
}

func (p place) bareAsk(askers int) (*runner, error) {
	c, err := p.bare(modeAnswer)
	if err != nil {
		return nil, err
	}
	one, err := ping()
	if err != nil {
		return nil, err
	}
	one.ID = stanza.NewID()
	request, err := stanza.Append(nil, one)
	if err != nil {
		return nil, err
	}
	requests := bytes.Repeat(request, askers)
	answer := strings.Repeat("<iq type='result' id='"+one.ID+answerEnd, askers)
	got := make([]byte, len(answer))
	return &runner{close: c.Close, run: func(n int) error {
		for ; n > 0; n -= askers {
			if _, err := c.Write(requests); err != nil {
				return err
			}
			if _, err := io.ReadFull(c, got); err != nil {
				return err
			}
		}
		if string(got) != answer {
			return fmt.Errorf("the peer said %q", got)
		}
		return nil
	}}, nil
}
