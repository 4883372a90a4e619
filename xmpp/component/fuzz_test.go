package component_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/component"
)

// FuzzServer lets a server say anything: the session comes or not, ends, and says why; nothing hangs or panics.
func FuzzServer(f *testing.F) {
	const header = `<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:component:accept' from='plays.shakespeare.lit' id='3BF96D32'>`
	for _, seed := range []string{
		header + `<handshake/>`,
		header + `<handshake/><message from='reader@shakespeare.lit' to='macbeth@plays.shakespeare.lit'><body>hi</body></message></stream:stream>`,
		header + `<handshake/><iq type='get' id='1' from='reader@shakespeare.lit' to='macbeth@plays.shakespeare.lit'><q xmlns='urn:x'/></iq>`,
		header + `<handshake/><iq type='result' id='1' from='@' to='@'/><presence xmlns='jabber:client'/><a:b xmlns:a='urn:a'/>`,
		header + `<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`,
		header + `<handshake xmlns='jabber:client'/>`,
		header + `<stream:features/>`,
		`<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' id='&#x20;&lt;'><handshake xmlns='jabber:component:accept'>x</handshake>`,
		`<stream:stream xmlns:stream='http://etherx.jabber.org/streams'>`, `<html>`, `<!DOCTYPE x>`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		ours, theirs := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, theirs) }() // until it's closed
		go func() {
			_, _ = theirs.Write(said) // as much as is read
			theirs.Close()
		}()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		s, err := component.NewSession(ctx, ours, plays, clear())
		if err != nil {
			var dial *xmpp.DialError
			if !errors.As(err, &dial) || err.Error() == "" {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		if s.JID() != plays {
			t.Fatal(s.JID())
		}
		select {
		case <-s.Done():
		case <-ctx.Done():
			t.Fatal("the session has not ended with its connection")
		}
		if s.Err() == nil {
			t.Fatal("it ended without a reason")
		}
	})
}
