package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
)

const (
	letters = 2000 // in the archive, of twenty years
	enough  = 700  // when the first run is stopped
	lines   = 3    // said while the second one follows
)

// demo starts a server in this program, where juliet's archive has what romeo and the nurse have written to her. It copies the conversation with
// romeo, is stopped, and goes on; when it's through, romeo says something.
func (sc *script) demo(ctx context.Context) error {
	srv, err := xmpptest.Start(&xmpptest.Options{Archive: &xmpptest.Archive{}})
	if err != nil {
		return err
	}
	defer srv.Close()
	fmt.Println("no XMPP_JID is set: talking to a server inside this program, at", srv.Addr())
	if sc.dir, err = os.MkdirTemp("", "archive"); err != nil {
		return err
	}
	defer os.RemoveAll(sc.dir)
	sc.addr, sc.opts, sc.with = srv.JID("juliet").String(), srv.Options("juliet"), srv.JID("romeo")
	if err := fill(srv); err != nil {
		return err
	}
	first, stop := context.WithCancel(ctx)
	defer stop()
	sc.seen = func(n int, _ bool) {
		if n == enough {
			fmt.Println("stopped after", messages(n))
			stop()
		}
	}
	if err := sc.run(first); err != nil {
		return err
	}
	second, stop := context.WithCancel(ctx)
	defer stop()
	failed := make(chan error, 1)
	sc.seen = func(n int, live bool) {
		switch {
		case live && enough+n == letters:
			go func() { failed <- talk(second, srv) }()
		case enough+n == letters+lines:
			stop()
		}
	}
	if err := sc.run(second); err != nil {
		return err
	}
	return errors.Join(<-failed, check(filepath.Join(sc.dir, "messages.jsonl")))
}

// fill writes the letters, with as many by the nurse in between.
func fill(srv *xmpptest.Server) error {
	const step = 20 * 365 * 24 * time.Hour / (2 * letters)
	began := time.Now().Add(-2 * letters * step)
	for i := range 2 * letters {
		who, at := [...]string{"romeo", "nurse"}[i%2], began.Add(time.Duration(i)*step)
		letter := fmt.Sprintf("<message from='%s' to='%s' type='chat'><body>letter %d</body></message>", srv.JID(who), srv.JID("juliet"), i/2)
		if _, err := srv.Archive(srv.JID("juliet"), letter, at); err != nil {
			return err
		}
	}
	return nil
}

// talk is romeo.
func talk(ctx context.Context, srv *xmpptest.Server) error {
	s, err := xmpp.Dial(ctx, srv.JID("romeo"), srv.Options("romeo"))
	if err != nil {
		return err
	}
	defer s.Close()
	for i := range lines {
		if err := s.Send(ctx, &stanza.Message{To: srv.JID("juliet"), Type: stanza.Chat, Body: fmt.Sprint("letter ", letters+i)}); err != nil {
			return err
		}
	}
	return nil
}

// check holds the file to what was said.
func check(name string) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	written := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	for i, line := range written {
		if !strings.Contains(line, fmt.Sprintf(`"body":"letter %d"`, i)) {
			return fmt.Errorf("archive: line %d is %s", i+1, line)
		}
	}
	fmt.Printf("%d lines in the file: each letter of romeo's once, in order\n", len(written))
	return nil
}
