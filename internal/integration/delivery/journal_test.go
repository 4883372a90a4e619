package delivery

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"sync"

	"github.com/canto-im/canto/xmpp"
)

// A note is a line in the journal of a process: one event, written whole, so that it stands even if the process is killed next.
type note struct {
	Event   string // try, said, back, bounced, got, state, odd, end
	Key     string `json:",omitempty"`
	Session string `json:",omitempty"` // got: the receiver's; try, said: the sender's
	Fate    fate   `json:",omitempty"` // said
	Delayed bool   `json:",omitempty"`
	Again   bool   `json:",omitempty"`
	At      int64  `json:",omitempty"` // got: when the handler began, in Unix nanoseconds
	Text    string `json:",omitempty"`
}

// A journal is where a process of its own writes what the ledger of the test has to know.
type journal struct {
	mu  sync.Mutex // protects out
	out *os.File
}

func (j *journal) write(n note) {
	b, err := json.Marshal(n)
	if err != nil {
		panic(err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	_, _ = j.out.Write(append(b, '\n')) // who does not read it has ended the test
}

// outcome is what a call has returned.
func outcome(good fate, err error) fate {
	switch {
	case err == nil:
		return good
	case errors.Is(err, xmpp.ErrUnknownDelivery):
		return unknown
	}
	return refused
}

// copyTo enters the journal that comes from r into the ledger until it ends; other lines go to other.
func copyTo(book *ledger, name string, r io.Reader, other func(n note)) {
	in := bufio.NewScanner(r)
	for in.Scan() {
		var n note
		if err := json.Unmarshal(in.Bytes(), &n); err != nil {
			other(note{Event: "odd", Text: in.Text()})
			continue
		}
		k, ok := parseKey(n.Key)
		switch {
		case !ok:
			other(n)
		case n.Event == "try":
			book.try(k, n.Session)
		case n.Event == "said":
			book.change(k, func(e *entry) {
				e.fate = n.Fate
				if e.epoch != n.Session {
					e.epoch = ""
				}
			})
		case n.Event == "back":
			book.undelivered(k)
		case n.Event == "bounced":
			book.bounced(k)
		case n.Event == "got":
			book.received(k, receipt{session: name + n.Session, delayed: n.Delayed, again: n.Again, at: n.At})
		}
	}
}
