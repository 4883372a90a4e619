package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

const managed = "urn:xmpp:sm:3"

// deliver sends a message whose receipt the server confirms.
func (e *examination) deliver(ctx context.Context) (string, error) {
	if !e.one.Features().Has(managed) {
		return "", errNotOffered
	}
	start := time.Now()
	err := e.one.Deliver(ctx, &stanza.Message{To: e.two.JID(), Type: stanza.Headline, Body: "to be acknowledged"})
	return fmt.Sprintf("the server took a message after %v", time.Since(start).Round(time.Microsecond)), err
}

// resume cuts a connection while a message is on its way, and finds the stream and the message again.
func (e *examination) resume(ctx context.Context) (string, error) {
	if !e.one.Features().Has(managed) {
		return "", errNotOffered
	}
	o, network := through(e.opts)
	c := xmpp.NewClient(e.account, o)
	ctx, stop := context.WithCancel(ctx)
	states, ended := c.State(ctx), make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	defer func() { stop(); <-ended }()
	inbox := c.Messages(ctx, stanza.Chat)
	if _, err := c.Do(ctx, &stanza.IQ{Type: stanza.Get, To: e.account.Domain(), Payload: stanza.Payload(pingQuery{})}); ctx.Err() != nil {
		return "", err
	}
	id := c.JID()
	network.cut()
	start := time.Now()
	if err := e.two.Send(ctx, &stanza.Message{To: id, Type: stanza.Chat, Body: "while you were away"}); err != nil {
		return "", err
	}
	if err := awaitResumed(ctx, states); err != nil {
		return "", err
	}
	took := time.Since(start)
	for m := range inbox {
		if m.Body == "while you were away" {
			return fmt.Sprintf("resumed after %v in %d round trips, with the message that was sent meanwhile", took.Round(time.Millisecond), network.trips()), nil
		}
	}
	return "", errors.New("the message that was sent meanwhile is lost")
}

// awaitResumed waits for the client's stream to be resumed.
func awaitResumed(ctx context.Context, states <-chan xmpp.State) error {
	lost := false
	for st := range states {
		switch {
		case st.Kind == xmpp.Resumed:
			return nil
		case st.Kind == xmpp.Suspended, st.Kind == xmpp.Offline && st.Err != nil:
			lost = true
		case st.Kind == xmpp.Online && lost:
			return errors.New("the stream was not resumed: the server began a new one")
		}
	}
	return fmt.Errorf("the client did not come back: %w", ctx.Err())
}

// keepalive leaves a session alone and finds it alive.
func (e *examination) keepalive(ctx context.Context) (string, error) {
	o := *e.opts
	o.Keepalive, o.DeadAfter = 200*time.Millisecond, 5*time.Second
	s, err := xmpp.Dial(ctx, e.account, &o)
	if err != nil {
		return "", err
	}
	defer s.Close()
	select {
	case <-s.Done():
		return "", s.Err()
	case <-time.After(time.Second):
		return "idle for a second, with a sign of life each 200ms", nil
	}
}

// conflict asks for a resource twice.
func (e *examination) conflict(ctx context.Context) (string, error) {
	addr, err := e.account.WithResource("conflict " + stanza.NewID())
	if err != nil {
		return "", err
	}
	old, err := xmpp.Dial(ctx, addr, e.opts)
	if err != nil {
		return "", err
	}
	defer old.Close()
	young, err := xmpp.Dial(ctx, addr, e.opts)
	if err != nil {
		return "", err
	}
	defer young.Close()
	if young.JID() != addr {
		return "the newer session gets a resource of the server's", nil
	}
	select {
	case <-old.Done():
		return "the older session is put out", expect(errors.Is(old.Err(), xmpp.Conflict), fmt.Sprintf("it ended with %v", old.Err()))
	case <-ctx.Done():
		return "", errors.New("two sessions have one address")
	}
}
