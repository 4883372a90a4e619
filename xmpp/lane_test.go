package xmpp

import (
	"strings"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/stretchr/testify/require"
)

func sized(n int) arrival { return arrival{size: n} }

// Whoever pushes into an idle lane starts the dispatcher, nobody else does; it rests when the lane is empty.
func TestLaneStartsOneDispatcher(t *testing.T) {
	var l lane
	held, start := l.push(sized(1))
	require.True(t, start)
	require.Equal(t, 1, held)
	held, start = l.push(sized(2))
	require.False(t, start)
	require.Equal(t, 3, held)
	require.False(t, l.claim(), "there is one")

	batch := l.take(true)
	require.Equal(t, []arrival{sized(1), sized(2)}, batch)
	_, start = l.push(sized(4))
	require.False(t, start, "it's at work")
	for _, a := range batch {
		l.done(a.size)
	}
	l.back(batch)
	held, _ = l.held()
	require.Equal(t, 4, held)
	batch = l.take(true)
	require.Equal(t, []arrival{sized(4)}, batch)
	l.done(4)
	require.Nil(t, l.take(false), "it may not rest")
	_, start = l.push(sized(8))
	require.False(t, start)
	require.Len(t, l.take(true), 1)
	l.done(8)
	require.Nil(t, l.take(true))
	require.Nil(t, l.queue, "an idle lane keeps no memory")
	require.True(t, l.claim())
	require.False(t, l.claim())
}

// A batch in the dispatcher's hands counts until it's done, and its memory serves again.
func TestLaneReusesItsMemory(t *testing.T) {
	var l lane
	push := func() {
		for range 100 {
			l.push(sized(1))
		}
	}
	push()
	l.back(l.take(false))
	push()
	l.back(l.take(false))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		push()
		batch := l.take(false)
		for _, a := range batch {
			l.done(a.size)
		}
		l.back(batch)
	}))
}

// Who waits for room is told of every change and of a wake.
func TestLaneTells(t *testing.T) {
	var l lane
	l.push(sized(3))
	_, news := l.held()
	_, same := l.held()
	require.Equal(t, news, same)
	select {
	case <-news:
		t.Fatal("nothing has changed")
	default:
	}
	l.done(1)
	<-news
	held, news := l.held()
	require.Equal(t, 2, held)
	l.wake()
	<-news
}

// Whoever waits while the dispatcher finishes stanza after stanza misses none of it.
func TestLaneTellsWhoBeginsToWait(t *testing.T) {
	const stanzas = 10000
	var l lane
	for range stanzas {
		l.push(sized(1))
	}
	go func() {
		for range stanzas {
			l.done(1)
		}
	}()
	for {
		held, news := l.held()
		if held == 0 {
			return
		}
		<-news
	}
}

// What came together is handed in together; before an answer completes its call, and before the reader waits for bytes,
// all that came before is in the lane.
func TestReaderHandsInBatches(t *testing.T) {
	const message = "<message from='a@b'/>"
	in := "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>" +
		strings.Repeat(message, 2) + "<iq type='result' id='q'/>" + strings.Repeat(message, trayStanzas) + message
	o := new(Options).withDefaults()
	l := newLink(nil, o, "")
	l.dec.Reset(strings.NewReader(in))
	_, err := l.dec.ReadToken()
	require.NoError(t, err)
	s := newSession(l, o, nil, nil)
	s.lane.claim() // there is a dispatcher, and it does nothing
	c, err := s.calls.add("q", jid.JID{}, jid.JID{}, nil)
	require.NoError(t, err)

	queued := func(n int) {
		for range n {
			require.NoError(t, s.readOne(l))
		}
	}
	queued(2)
	require.Empty(t, s.lane.queue)
	queued(1)
	require.Len(t, c.reply, 1)
	require.Len(t, s.lane.queue, 2)
	queued(trayStanzas - 1)
	require.Len(t, s.lane.queue, 2)
	queued(1)
	require.Len(t, s.lane.queue, 2+trayStanzas)
	queued(1)
	require.NoError(t, s.settle(l, newWatchdog(s, l)))
	require.Len(t, s.lane.queue, 2+trayStanzas+1)
	s.lane.done(s.lane.queue[0].size)
	require.True(t, s.lane.over(0))
}
