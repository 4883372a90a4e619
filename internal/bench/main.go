package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/canto-im/canto/internal/corpus"
	"github.com/canto-im/canto/internal/tree"
)

func main() {
	if played, err := playPart(); played {
		exit(err)
	}
	rounds := flag.Int("rounds", 9, "how often each side of a contest has its turn")
	only := flag.String("only", "", "hold only the contests whose names match this `regexp`, and write nothing")
	sessions := flag.Int("sessions", 10_000, "how many idle sessions there are in one process; a fifth of them are busy in another")
	flag.Parse()
	match, err := regexp.Compile(*only)
	if err == nil && *only != "" {
		err = some(*rounds, match)
	} else if err == nil {
		err = all(*rounds, *sessions)
	}
	exit(err)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// contests are all that are held in rounds, on streams of that size.
func contests(a *peerAddr, size int) []contest {
	list := streams(size)
	for _, p := range []place{{peer: a}, {peer: a, secure: true}} {
		list = append(list,
			p.receiving(p.called("receive"), 20_000),
			p.sending(p.called("send"), 20_000, 64),
			p.sending(p.called("send alone"), 20_000, 1),
			p.asking(p.called("request"), 1_000, 1),
			p.asking(p.called("64 requests at a time"), 6_400, 64),
			p.connecting(p.called("connect"), 20))
	}
	return list
}

// some holds the contests that match and prints them.
func some(rounds int, match *regexp.Regexp) error {
	var addr peerAddr
	peer, err := start("peer", &addr)
	if err != nil {
		return err
	}
	var list []contest
	for _, c := range contests(&addr, corpus.Size) {
		if match.MatchString(c.name) {
			list = append(list, c)
		}
	}
	held, err := hold(list, rounds, tell)
	if err == nil {
		fmt.Print(contestTable(held))
	}
	return errors.Join(err, peer.end())
}

func tell(round int, name string) { fmt.Fprintf(os.Stderr, "round %d: %s\n", round, name) }

// all measures everything and writes it down. It fails, after that, when a budget does not hold.
func all(rounds, sessions int) error {
	root, err := tree.Root()
	if err != nil {
		return err
	}
	r, err := measureAll(rounds, sessions)
	if err != nil {
		return err
	}
	text := r.text()
	fmt.Print(text)
	if err := os.WriteFile(filepath.Join(root, reportFile), []byte(text), 0o644); err != nil {
		return err
	}
	if err := inREADME.Write(filepath.Join(root, "README.md"), r.summary()); err != nil {
		return err
	}
	return r.broken()
}

// measureAll is one run.
func measureAll(rounds, sessions int) (r *results, err error) {
	var addr peerAddr
	peer, err := start("peer", &addr)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, peer.end()) }()
	r = &results{rounds: rounds, ways: routes()}
	if r.contests, err = hold(contests(&addr, corpus.Size), rounds, tell); err != nil {
		return nil, err
	}
	for i := range r.ways {
		if err := r.ways[i].count(); err != nil {
			return nil, fmt.Errorf("%s: %w", r.ways[i].name, err)
		}
	}
	if r.growths, err = (place{peer: &addr}).growths(); err != nil {
		return nil, err
	}
	if r.crowds, err = idleCrowds(addr); err != nil {
		return nil, err
	}
	more, err := serverCrowds(sessions, 10)
	r.crowds = append(r.crowds, more...)
	return r, err
}

// idleCrowds are a thousand sessions that do nothing, and as many bare connections.
func idleCrowds(a peerAddr) (list []counted, err error) {
	for _, c := range []counted{
		{name: "idle, no TLS", crowd: crowd{Peer: a, Size: 1000}},
		{name: "bare connections, no TLS", crowd: crowd{Peer: a, Size: 1000, Bare: true}},
		{name: "idle, TLS", crowd: crowd{Peer: a, Size: 1000, Secure: true}},
		{name: "bare connections, TLS", crowd: crowd{Peer: a, Size: 1000, Secure: true, Bare: true}},
	} {
		tell(0, c.name)
		if c.count, err = c.inProcess(); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		list = append(list, c)
	}
	return list, nil
}

// serverCrowds are as many idle sessions as are wanted, and a fifth of them busy for so long, on the server of xmpptest.
func serverCrowds(sessions, seconds int) (list []counted, err error) {
	for _, c := range []counted{
		{name: "idle, TLS, stream management", crowd: crowd{Size: sessions, Secure: true}},
		{name: "busy, TLS, stream management", crowd: crowd{Size: sessions / 5, Secure: true, Seconds: seconds}},
	} {
		tell(0, c.name)
		server, err := start("server", &c.Peer)
		if err != nil {
			return nil, err
		}
		c.count, err = c.inProcess()
		if err := errors.Join(err, server.end()); err != nil {
			return nil, fmt.Errorf("%d sessions, %s: %w", c.Size, c.name, err)
		}
		list = append(list, c)
	}
	return list, nil
}
