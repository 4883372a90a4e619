package xmpp

import (
	"testing"

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
