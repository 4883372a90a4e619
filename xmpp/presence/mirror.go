package presence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
)

// A Source says what we are, each time it's asked. It returns soon after ctx ends.
type Source func(ctx context.Context) (*stanza.Presence, error)

// maxSource is how many bytes of a file or of a command's output are looked at.
const maxSource = 64 << 10

// Parse reads presence from text, as File and Command find it: the first word may be one of online, chat, away, xa, dnd and
// offline, the rest is the status; without such a word we're online and all of it is the status. White space around it does not
// count. Characters that XML can't carry are left out.
//
//	dnd in a meeting
func Parse(text string) *stanza.Presence {
	text = strings.TrimSpace(strings.Map(sendable, strings.ToValidUTF8(text, "")))
	word, rest := text, ""
	if i := strings.IndexAny(text, " \t\n\r:"); i >= 0 {
		word, rest = text[:i], strings.TrimLeft(text[i:], " \t\n\r:")
	}
	p, known := words[strings.ToLower(word)]
	if !known {
		return &stanza.Presence{Status: text}
	}
	p.Status = rest
	return &p
}

// words are those that Parse knows.
var words = map[string]stanza.Presence{
	"online":  {},
	"chat":    {Show: stanza.FreeForChat},
	"away":    {Show: stanza.Away},
	"xa":      {Show: stanza.ExtendedAway},
	"dnd":     {Show: stanza.DoNotDisturb},
	"offline": {Type: stanza.Unavailable},
}

// sendable keeps what XML can carry (XML 1.0 §2.2) and takes a CR for a line end.
func sendable(r rune) rune {
	switch {
	case r == '\r':
		return '\n'
	case r == '\t', r == '\n', r >= 0x20 && r < 0xFFFE, r >= 0x10000:
		return r
	}
	return -1
}

// File is a Source that reads the file, by the rules of Parse. A file that is not there is an error.
func File(path string) Source {
	return func(context.Context) (*stanza.Presence, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("presence: %w", err)
		}
		defer f.Close()
		b, err := io.ReadAll(io.LimitReader(f, maxSource))
		if err != nil {
			return nil, fmt.Errorf("presence: %w", err)
		}
		return Parse(string(b)), nil
	}
}

// Command is a Source that runs a program and reads what it prints, by the rules of Parse. No shell is involved. A program that
// fails is an error, with what it says on its standard error. What it leaves running is not waited for longer than a second.
func Command(name string, args ...string) Source {
	return func(ctx context.Context) (*stanza.Presence, error) {
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.WaitDelay = time.Second // a grandchild may keep the pipes open
		var out, said limited
		cmd.Stdout, cmd.Stderr = &out, &said
		if err := cmd.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
			return nil, fmt.Errorf("presence: %q: %w %q", name, err, bytes.TrimSpace(said.b))
		}
		return Parse(string(out.b)), nil
	}
}

// limited keeps the beginning of what is written to it.
type limited struct{ b []byte }

func (l *limited) Write(p []byte) (int, error) {
	l.b = append(l.b, p[:min(len(p), maxSource-len(l.b))]...)
	return len(p), nil
}

var errEvery = errors.New("presence: Mirror needs a period that is longer than zero")

// Mirror asks from at once and then so often, and has us be what it says whenever that has changed. It returns when ctx is
// done or with Close, nil then, or with the first error of from or of sending; the presence stays as it was. On a Client, an error of sending
// that comes from the end of a session is none: the next session begins with what was to be said.
func (k *Keeper) Mirror(ctx context.Context, every time.Duration, from Source) error {
	if every <= 0 {
		return errEvery
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(k.life, cancel)()
	tick := time.NewTicker(every)
	defer tick.Stop()
	var last *stanza.Presence
	var failed *xmpp.Session // the one on which the last sending failed
	for {
		p, err := from(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil && p == nil {
			err = errNothing
		}
		if err != nil {
			return err
		}
		if last == nil || !same(p, last) {
			s := k.current()
			switch err := k.Set(ctx, p); {
			case err == nil || ctx.Err() != nil:
				last, failed = p, nil
			case !k.client || s != nil && s == failed && !ending(s, err):
				return err
			default:
				last, failed = nil, s // said again in time, where a session that goes on was not told
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// same reports whether two presences say the same.
func same(a, b *stanza.Presence) bool {
	return a.Type == b.Type && a.Show == b.Show && a.Status == b.Status && a.Priority == b.Priority && slices.Equal(a.Statuses, b.Statuses) &&
		slices.EqualFunc(a.Payloads, b.Payloads, func(x, y stanza.Element) bool { return x.String() == y.String() })
}

func (k *Keeper) current() *xmpp.Session {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.session
}

// ending reports whether sending has failed because the session is over, or is being closed.
func ending(s *xmpp.Session, err error) bool {
	select {
	case <-s.Done():
		return true
	default:
		return errors.Is(err, xmpp.ErrClosed)
	}
}
