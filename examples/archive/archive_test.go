package main

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// juliet is the script on an account with 120 messages by romeo in its archive.
func juliet(t *testing.T) (*xmpptest.Server, *script) {
	t.Helper()
	srv := xmpptest.NewServerWith(t, &xmpptest.Options{Archive: &xmpptest.Archive{}})
	sc := &script{addr: srv.JID("juliet").String(), opts: srv.Options("juliet"), dir: t.TempDir()}
	write(t, srv, srv.JID("juliet"), srv.JID("romeo"), 0, 120)
	return srv, sc
}

// write puts numbered messages into an archive.
func write(t *testing.T, srv *xmpptest.Server, owner, by jid.JID, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		m := fmt.Sprintf("<message from='%s' to='%s' type='chat'><body>%d</body><x xmlns='urn:x'/></message>", by, owner, i)
		_, err := srv.Archive(owner, m, time.Unix(int64(i), 0))
		require.NoError(t, err)
	}
}

// until runs the script up to its n-th message, if that comes.
func (sc *script) until(t *testing.T, last int) (n int) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	sc.seen = func(had int, _ bool) {
		if n = had; n == last {
			stop()
		}
	}
	require.NoError(t, sc.run(ctx))
	require.NotErrorIs(t, ctx.Err(), context.DeadlineExceeded, "%d messages of %d", n, last)
	return n
}

func (sc *script) journal() string { return filepath.Join(sc.dir, "messages.jsonl") }

// written are the texts in the file.
func (sc *script) written(t *testing.T) (texts []string) {
	t.Helper()
	b, err := os.ReadFile(sc.journal())
	require.NoError(t, err)
	for line := range strings.Lines(string(b)) {
		var e entry
		require.NoError(t, json.Unmarshal([]byte(line), &e))
		var m stanza.Message
		require.NoError(t, xml.Unmarshal([]byte(e.XML), &m))
		assert.Len(t, m.Payloads, 1, "the whole of it is there")
		texts = append(texts, e.Body)
	}
	return texts
}

func count(from, to int) (texts []string) {
	for i := from; i < to; i++ {
		texts = append(texts, fmt.Sprint(i))
	}
	return texts
}

// TestStoppedAnywhere: however often it's stopped, and wherever, all is there once and in order.
func TestStoppedAnywhere(t *testing.T) {
	_, sc := juliet(t)
	for _, n := range []int{1, 49, 1, 50, 7, 12} {
		sc.until(t, n)
	}
	assert.Equal(t, count(0, 120), sc.written(t))
}

// TestKilled: a process that is killed has not said where it was, and has not written its last line to the end.
func TestKilled(t *testing.T) {
	srv, sc := juliet(t)
	sc.until(t, 30)
	state := filepath.Join(sc.dir, "state")
	require.NoError(t, os.CopyFS(filepath.Join(sc.dir, "before"), os.DirFS(state)))
	sc.until(t, 45)
	require.NoError(t, os.RemoveAll(state))
	require.NoError(t, os.Rename(filepath.Join(sc.dir, "before"), state))
	f, err := os.OpenFile(sc.journal(), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteString(`{"id":"x","body":"` + strings.Repeat("long ", 100_000))
	require.NoError(t, err)
	require.NoError(t, f.Close())
	write(t, srv, srv.JID("juliet"), srv.JID("romeo"), 120, 130)
	sc.until(t, 130-30)
	assert.Equal(t, count(0, 130), sc.written(t))
}

// TestConversation: what others write is left out, and what is written meanwhile is not.
func TestConversation(t *testing.T) {
	srv, sc := juliet(t)
	sc.with = srv.JID("nurse")
	write(t, srv, srv.JID("juliet"), sc.with, 0, 5)
	write(t, srv, srv.JID("juliet"), srv.JID("paris"), 0, 5)
	nurse := srv.Session(t, "nurse", nil)
	x, err := stanza.ParseElement("<x xmlns='urn:x'/>")
	require.NoError(t, err)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	sc.seen = func(n int, live bool) {
		assert.Equal(t, n >= 5, live)
		if n == 10 {
			stop()
			return
		}
		if live {
			assert.NoError(t, nurse.Send(ctx, &stanza.Message{To: srv.JID("juliet"), Type: stanza.Chat, Body: fmt.Sprint(n), Payloads: []stanza.Element{x}}))
		}
	}
	require.NoError(t, sc.run(ctx))
	assert.Equal(t, count(0, 10), sc.written(t))
}

// TestRoom: what was said in a room, and what is said while we are in it.
func TestRoom(t *testing.T) {
	srv, sc := juliet(t)
	garden := srv.Room("garden")
	require.NoError(t, garden.Make(nil))
	sc.room = jid.MustParse(garden.JID().String() + "/juliet")
	say := func(i int) { assert.NoError(t, garden.Say("romeo", fmt.Sprint(i), fmt.Sprint(i))) }
	for i := range 5 {
		say(i)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	sc.seen = func(n int, live bool) {
		if n == 8 {
			stop()
		} else if live {
			say(n)
		}
	}
	require.NoError(t, sc.run(ctx))
	b, err := os.ReadFile(sc.journal())
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	require.Len(t, lines, 8)
	for i, line := range lines {
		assert.Contains(t, line, fmt.Sprintf(`"from":"garden@conference.canto.test/romeo","body":"%d"`, i))
	}
}

// TestOpen: a file that holds something else is left as it is.
func TestOpen(t *testing.T) {
	name := filepath.Join(t.TempDir(), "folder", "file")
	j, err := open(name)
	require.NoError(t, err)
	j.close()
	text := []byte("{\"id\":\"a\"}\nDear diary\n{\"id\":\"b\"}\n")
	require.NoError(t, os.WriteFile(name, text, 0o600))
	_, err = open(name)
	require.ErrorContains(t, err, "what begins at byte 11 is no message")
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, text, b)
}

// TestLongFile: of a long file the last ids are known, whatever its length.
func TestLongFile(t *testing.T) {
	for _, n := range []int{0, 1, remembered, 2*remembered - 1, 2 * remembered, 5*remembered + 1} {
		name := filepath.Join(t.TempDir(), "file")
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "{\"id\":\"%d\"}\n", i)
		}
		require.NoError(t, os.WriteFile(name, []byte(b.String()), 0o600))
		j, err := open(name)
		require.NoError(t, err)
		for i := max(0, n-remembered); i < n; i++ {
			require.True(t, j.had[fmt.Sprint(i, "  ")], "%d of %d", i, n)
		}
		assert.Less(t, len(j.last), 2*remembered)
		j.close()
	}
}
