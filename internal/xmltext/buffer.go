package xmltext

import (
	"io"
	"sync"
)

const (
	smallBuf = 1 << 10  // what a Decoder keeps while it waits
	bigBuf   = 32 << 10 // what it reads with while there is much to read; pooled
	maxEmpty = 100      // reads of nothing before io.ErrNoProgress
)

// buffer is the bytes that were read and are still needed; its invariant stands in doc.go.
type buffer struct {
	r     io.Reader // nil: b is all there is, and not ours to write
	b     []byte
	keep  int
	start int
	pos   int
	base  int64
	err   error  // came with the last bytes, to be reported when they are used up
	busy  bool   // the last read filled its room, or would have filled a small buffer
	small []byte // the small buffer, while b is a bigger one
}

var bigBufs = sync.Pool{New: func() any { return new([bigBuf]byte) }}

// fill reads more behind what is there. Positions may have moved when it returns, b[keep:] is as it was.
func (f *buffer) fill() error {
	if f.err != nil {
		err := f.err
		f.err = nil
		return err
	}
	if f.r == nil {
		return io.EOF
	}
	f.makeRoom()
	for range maxEmpty {
		room := f.b[len(f.b):cap(f.b)]
		n, err := f.r.Read(room)
		if n > 0 {
			f.b = f.b[:len(f.b)+n]
			f.busy = n >= smallBuf || n == len(room) // what is kept of a stanza may have left little room
			f.err = err
			return nil
		}
		if err != nil {
			f.busy = false
			f.idle()
			return err
		}
	}
	return io.ErrNoProgress
}

// makeRoom moves, grows or shrinks the buffer so that there is room. What is moved is at most half of the capacity, so
// that each byte read pays for a constant number of bytes moved.
func (f *buffer) makeRoom() {
	if f.keep == len(f.b) {
		f.shift()
		if !f.busy {
			f.idle()
		}
	}
	switch {
	case f.busy && cap(f.b) < bigBuf: // also in the middle of a stanza, where a stream that is read in full buffers always is
		f.grow(bigBuf)
	case cap(f.b) == 0:
		f.b = make([]byte, 0, smallBuf)
		f.small = f.b
	case len(f.b) < cap(f.b):
	case len(f.b)-f.keep <= cap(f.b)/2:
		f.shift()
	default:
		f.grow(max(2*cap(f.b), bigBuf))
	}
}

// shift moves b[keep:] to the front.
func (f *buffer) shift() {
	if f.keep > 0 {
		f.moved(f.b[:copy(f.b[:cap(f.b)], f.b[f.keep:])])
	}
}

// grow moves b[keep:] to a buffer of this size.
func (f *buffer) grow(size int) {
	to := f.get(size)
	old := f.b
	f.moved(append(to, f.b[f.keep:]...))
	putBuf(old)
}

// moved takes b for what was b[keep:].
func (f *buffer) moved(b []byte) {
	f.base += int64(f.keep)
	f.start, f.pos = max(f.start-f.keep, 0), f.pos-f.keep
	f.b, f.keep = b, 0
}

// idle gives a big buffer back when nothing in it is needed.
func (f *buffer) idle() {
	if f.keep == len(f.b) && cap(f.b) > smallBuf && f.r != nil {
		f.shift()
		putBuf(f.b)
		f.b = f.small
	}
}

func (f *buffer) get(size int) []byte {
	if size == bigBuf {
		return bigBufs.Get().(*[bigBuf]byte)[:0]
	}
	return make([]byte, 0, size)
}

func putBuf(b []byte) {
	if cap(b) == bigBuf {
		Freed(b)
		bigBufs.Put((*[bigBuf]byte)(b[:bigBuf]))
	}
}
