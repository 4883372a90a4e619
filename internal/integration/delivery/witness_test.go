package delivery

import (
	"bytes"
	"html"
	"regexp"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A witness reads the wire of one account, beside the library and with nothing of it, and can say where a message was last seen.
// Its methods may be called from any goroutine.
type witness struct {
	mu      sync.Mutex // protects what follows, and the lines and streams
	streams map[string]*managed
	sent    map[key]*passage // to the server
	read    map[key]*passage // from the server: its place and times
	again   []string         // what was sent again without need
}

// A passage is the way of a message to the server, or from it.
type passage struct {
	place int  // of the first time among all that was sent, or read
	times int  // how often it was
	due   int  // how often a <resumed/> said that the server did not have it
	acked bool // the server has said since that it has it
}

// A managed is a stream under stream management (XEP-0198), over all its connections.
type managed struct {
	owner *line // the newest connection
	n     int   // number of the last stanza sent
	open  []open
}

// An open message was sent under a number and not acknowledged.
type open struct {
	n int
	k key
}

// A line is one connection of the account.
type line struct {
	w        *witness
	stream   *managed // nil: not managed
	up, down []byte   // what is not read yet
}

func newWitness() *witness {
	return &witness{streams: make(map[string]*managed), sent: make(map[key]*passage), read: make(map[key]*passage)}
}

// connection begins a line.
func (w *witness) connection() *line { return &line{w: w} }

var (
	upward   = regexp.MustCompile(`<(message|presence|iq|enable)\b((?: [a-z:]+='[^']*')*) ?/?>`)
	downward = regexp.MustCompile(`<(a|resumed|enabled)\b((?: [a-z:]+=(?:'[^']*'|"[^"]*"))*) ?/?>|<body>([^<]*)</body>`)
	ofID     = regexp.MustCompile(` (?:prev)?id=['"]([^'"]*)['"]`)
	ofH      = regexp.MustCompile(` h=['"](\d+)['"]`)
)

// scan calls f with each match in b and returns what may be the beginning of the next one.
func scan(b []byte, what *regexp.Regexp, f func(part func(i int) string)) []byte {
	for {
		at := what.FindSubmatchIndex(b)
		if at == nil {
			return bytes.Clone(b[max(0, bytes.LastIndexByte(b[:max(0, len(b)-1)], '<')-200):])
		}
		f(func(i int) string {
			if at[2*i] < 0 {
				return ""
			}
			return string(b[at[2*i]:at[2*i+1]])
		})
		b = b[at[1]:]
	}
}

func first(what *regexp.Regexp, in string) string {
	if m := what.FindStringSubmatch(in); m != nil {
		return m[1]
	}
	return ""
}

// says takes what goes to the server.
func (l *line) says(b []byte) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	l.up = scan(append(l.up, b...), upward, func(part func(int) string) {
		if part(1) == "enable" {
			l.stream = &managed{owner: l}
			return
		}
		n := 0
		if l.stream != nil && l.stream.owner == l {
			l.stream.n++
			n = l.stream.n
		}
		if k, ok := parseKey(first(ofID, part(2))); ok && part(1) == "message" {
			l.w.goes(k)
			if n > 0 {
				l.stream.open = append(l.stream.open, open{n, k})
			}
		}
	})
}

// goes enters that k was sent. mu is held.
func (w *witness) goes(k key) {
	p := enter(w.sent, k)
	if p.times++; p.times > 1+p.due {
		w.again = append(w.again, k.id())
	}
}

// enter returns the passage of k.
func enter(list map[key]*passage, k key) *passage {
	p := list[k]
	if p == nil {
		p = &passage{place: len(list)}
		list[k] = p
	}
	return p
}

// hears takes what comes from the server.
func (l *line) hears(b []byte) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	l.down = scan(append(l.down, b...), downward, func(part func(int) string) {
		id := first(ofID, part(2))
		h, err := strconv.Atoi(first(ofH, part(2)))
		switch {
		case part(1) == "enabled" && l.stream != nil:
			l.w.streams[id] = l.stream
		case part(1) == "resumed" && l.w.streams[id] != nil && err == nil:
			l.stream = l.w.streams[id]
			l.stream.owner = l
			l.acknowledged(h)
			for _, o := range l.stream.open {
				l.w.sent[o.k].due++
			}
			l.stream.open, l.stream.n = nil, h
		case part(1) == "a" && l.stream != nil && l.stream.owner == l && err == nil:
			l.acknowledged(h)
		case part(1) == "":
			if k, ok := parseKey(html.UnescapeString(part(3))); ok {
				enter(l.w.read, k).times++
			}
		}
	})
}

// acknowledged takes the server's h. mu is held.
func (l *line) acknowledged(h int) {
	s := l.stream
	for len(s.open) > 0 && s.open[0].n <= h {
		l.w.sent[s.open[0].k].acked = true
		s.open = s.open[1:]
	}
}

// needless lists what was sent again although no <resumed/> asked for it.
func (w *witness) needless() (list []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range w.again {
		list = append(list, id+": sent again although the server has it, or may have it")
	}
	return list
}

// swallowed reports whether the server has acknowledged k to the sender's account, and none of the receiver's connections
// has brought it: nobody but the server can have lost it.
func swallowed(k key, sender, receiver *witness) bool {
	if sender == nil || receiver == nil {
		return false
	}
	sender.mu.Lock()
	p := sender.sent[k]
	taken := p != nil && p.acked
	sender.mu.Unlock()
	receiver.mu.Lock()
	defer receiver.mu.Unlock()
	return taken && receiver.read[k] == nil
}

// doubled is how often the server said with <resumed/> that it had not got k, was sent k once more for that, and gave the
// receiver's account one more.
func doubled(k key, sender, receiver *witness) int {
	if sender == nil || receiver == nil {
		return 0
	}
	sender.mu.Lock()
	n := 0
	if p := sender.sent[k]; p != nil {
		n = min(p.due, p.times-1)
	}
	sender.mu.Unlock()
	receiver.mu.Lock()
	defer receiver.mu.Unlock()
	if p := receiver.read[k]; p != nil {
		return min(n, p.times-1)
	}
	return 0
}

// turned reports whether the server has got a before b from the sender's account, and gave b before a to the receiver's.
func turned(a, b key, sender, receiver *witness) bool {
	if sender == nil || receiver == nil {
		return false
	}
	sender.mu.Lock()
	p, q := sender.sent[a], sender.sent[b]
	straight := p != nil && q != nil && p.place < q.place
	sender.mu.Unlock()
	receiver.mu.Lock()
	defer receiver.mu.Unlock()
	i, j := receiver.read[a], receiver.read[b]
	return straight && i != nil && j != nil && j.place < i.place
}

// TestWitness: what the witness says excuses a server, so it must not be wrong.
func TestWitness(t *testing.T) {
	a, b := key{"a>b", 1}, key{"a>b", 2}
	message := func(k key) []byte {
		return []byte("<message type='chat' id='" + k.id() + "' to='b@x'><body>" + html.EscapeString(k.id()) + "</body></message>")
	}
	begin := func() (from, to *witness, l *line) {
		from, to = newWitness(), newWitness()
		l = from.connection()
		l.says([]byte("<enable xmlns='urn:xmpp:sm:3' resume='true'/><presence/>"))
		for _, c := range append(message(a), message(b)...) { // byte by byte
			l.says([]byte{c})
		}
		l.hears([]byte(`<enabled id="s" resume="1"/>`))
		return from, to, l
	}
	from, to, l := begin()
	assert.False(t, swallowed(a, from, to), "not acknowledged")
	l.hears([]byte("<a xmlns='urn:xmpp:sm:3' h='"))
	l.hears([]byte("2'/>"))
	assert.True(t, swallowed(a, from, to))
	assert.False(t, swallowed(b, from, to), "the first number is the presence's")
	assert.False(t, swallowed(a, nil, to))
	assert.False(t, swallowed(a, from, nil))
	to.connection().hears(message(a))
	assert.False(t, swallowed(a, from, to), "it came")

	next := from.connection()
	next.hears([]byte("<resumed previd='s' h='2'/>"))
	l.says(message(a)) // the old connection has nothing to say any more
	assert.Equal(t, []string{a.id()}, from.again)
	next.says(message(b))
	assert.Equal(t, []string{a.id()}, from.again)
	to.connection().hears(append(message(a), message(b)...))
	assert.Equal(t, 0, doubled(a, from, to))
	assert.Equal(t, 0, doubled(b, from, to), "it came once")
	to.connection().hears(append(message(a), message(b)...))
	assert.Equal(t, 0, doubled(a, from, to), "the server had acknowledged it")
	assert.Equal(t, 1, doubled(b, from, to))
	next.says(message(b))
	assert.Equal(t, []string{a.id(), b.id()}, from.again)

	from, to, _ = begin()
	receiver := to.connection()
	receiver.hears(message(b))
	assert.False(t, turned(a, b, from, to))
	receiver.hears(message(a))
	assert.True(t, turned(a, b, from, to))
	assert.False(t, turned(b, a, from, to))
}
