package presence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/canto-im/canto/stanza"
)

// A Source says what we are, each time it's asked. It returns soon after ctx ends.
type Source func(ctx context.Context) (*stanza.Presence, error)

// maxSource is how many bytes of a file or of a command's output are looked at.
const maxSource = 64 << 10

// Parse reads presence from text, as File and Command find it: the first word may be one of online, chat, away, xa, dnd and
// offline, with or without a colon, the rest is the status; without such a word we're online and all of it is the status. White
// space around it does not count. Characters that XML can't carry are left out.
//
//	dnd in a meeting
//
// A status that itself begins with one of these words needs one before it:
//
//	online: away game tonight
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
