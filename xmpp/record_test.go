package xmpp_test

import (
	"sync"
	"testing/synctest"
)

// A recording is what a client has sent, byte by byte, white space too.
type recording struct {
	mu  sync.Mutex
	raw []byte
}

// record takes listen's place.
func (p *peer) record() *recording {
	r := &recording{}
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := p.conn.Read(buf)
			r.mu.Lock()
			r.raw = append(r.raw, buf[:n]...)
			r.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return r
}

// text returns what has been sent since it was called last, once nothing moves any more.
func (r *recording) text() string {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	s := string(r.raw)
	r.raw = nil
	return s
}
