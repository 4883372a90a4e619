package server

import (
	"net"
	"sync"
	"time"
)

// A delayLine lets bytes through late and in order: a long cable, not a slow one.
type delayLine struct {
	conn   net.Conn
	closed <-chan struct{}
	done   chan struct{} // closed when the goroutine has ended

	mu    sync.Mutex // protects what follows
	queue []lateBytes
	err   error
	wake  chan struct{} // capacity 1: something is in the queue
	idle  chan struct{} // closed while nothing waits; replaced when something does
}

type lateBytes struct {
	due  time.Time
	data []byte
}

func newDelayLine(c net.Conn, closed <-chan struct{}) *delayLine {
	l := &delayLine{conn: c, closed: closed, done: make(chan struct{}), wake: make(chan struct{}, 1), idle: make(chan struct{})}
	close(l.idle)
	go l.run()
	return l
}

func (l *delayLine) write(p []byte, delay time.Duration) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return 0, l.err
	}
	if len(l.queue) == 0 {
		select {
		case <-l.idle:
			l.idle = make(chan struct{})
		default:
		}
	}
	l.queue = append(l.queue, lateBytes{due: time.Now().Add(delay), data: append([]byte(nil), p...)})
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return len(p), nil
}

// wait returns once the line is empty or dead.
func (l *delayLine) wait() {
	l.mu.Lock()
	idle := l.idle
	l.mu.Unlock()
	select {
	case <-idle:
	case <-l.done:
	}
}

func (l *delayLine) run() {
	defer close(l.done)
	for {
		l.mu.Lock()
		if len(l.queue) == 0 {
			select {
			case <-l.idle:
			default:
				close(l.idle)
			}
			l.mu.Unlock()
			select {
			case <-l.wake:
				continue
			case <-l.closed:
				return
			}
		}
		next := l.queue[0]
		l.queue = l.queue[1:]
		l.mu.Unlock()
		if !l.deliver(next) {
			return
		}
	}
}

func (l *delayLine) deliver(b lateBytes) bool {
	t := time.NewTimer(time.Until(b.due))
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.closed:
		return false
	}
	if _, err := l.conn.Write(b.data); err != nil {
		l.mu.Lock()
		l.err = err
		l.mu.Unlock()
		return false
	}
	return true
}
