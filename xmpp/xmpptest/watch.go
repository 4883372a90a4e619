package xmpptest

import (
	"bytes"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"sync"

	"github.com/canto-im/canto/xmpp"
)

// watchVariable has every session that is configured by Options or Session watched, in all tests that are run with it: what it
// logs and what it shows of the wire must have no secret in it. One that does stops the program.
const watchVariable = "CANTO_WATCH"

// A watch searches what passes for what must not be there (SECURITY.md, S21).
type watch struct {
	password string

	mu     sync.Mutex // protects what follows
	bodies []string   // of messages, as the wire had them of late
}

const (
	shortest   = 8       // bytes of what is searched for; less is found anywhere
	manyBodies = 64      // that are searched for
	tailBytes  = 4 << 10 // of the wire that may belong to the next piece
)

// The parts of the wire that are secret, or that a log must not have: SASL's messages (RFC 6120 §6.4, XEP-0388 §2), tokens
// (XEP-0484 §3.3), bodies.
var (
	saslText = regexp.MustCompile(`<(?:(?:auth|challenge|response|success)\b[^<>]*xmlns=['"]urn:(?:ietf:params:xml:ns:xmpp-sasl|xmpp:sasl:2)['"][^<>]*|` +
		`initial-response|additional-data)>([^<]+)<`)
	tokenText = []byte("secret-token:")
	bodyText  = regexp.MustCompile(`<body[^<>/]*>([^<&]{8,})</body>`)
)

// over puts the watch over a session's options.
func (w *watch) over(o *xmpp.Options) {
	var handler slog.Handler = slog.NewTextHandler(logWriter{w}, &slog.HandlerOptions{Level: slog.LevelDebug})
	if o.Logger != nil {
		handler = slog.NewMultiHandler(handler, o.Logger.Handler())
	}
	o.Logger = slog.New(handler)
	var trace xmpp.Trace
	if o.Trace != nil {
		trace = *o.Trace
	}
	trace.Sent, trace.Received = w.wire(trace.Sent), w.wire(trace.Received)
	o.Trace = &trace
}

// wire returns the function for one direction of a trace, which next hears of afterwards.
func (w *watch) wire(next func([]byte)) func([]byte) {
	var mu sync.Mutex // several sessions may be made of the same options
	var tail []byte
	return func(b []byte) {
		mu.Lock()
		defer mu.Unlock()
		tail = append(tail, b...)
		w.search("the trace", tail)
		for _, m := range saslText.FindAllSubmatch(tail, -1) {
			if string(m[1]) != "[SASL]" {
				panic("xmpptest: SASL's content is in the trace")
			}
		}
		w.note(tail)
		tail = append(tail[:0], tail[max(0, len(tail)-tailBytes):]...)
		if next != nil {
			next(b)
		}
	}
}

// note remembers the bodies of messages.
func (w *watch) note(wire []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range bodyText.FindAllSubmatch(wire, -1) {
		if body := string(m[1]); !slices.Contains(w.bodies, body) {
			w.bodies = append(w.bodies, body)
		}
	}
	w.bodies = slices.Delete(w.bodies, 0, max(0, len(w.bodies)-manyBodies))
}

// search looks for the account's password and for tokens.
func (w *watch) search(where string, text []byte) {
	switch {
	case len(w.password) >= shortest && bytes.Contains(text, []byte(w.password)):
		panic("xmpptest: the password is in " + where)
	case bytes.Contains(text, tokenText):
		panic("xmpptest: a token is in " + where)
	}
}

// A logWriter takes what is logged.
type logWriter struct{ *watch }

func (w logWriter) Write(b []byte) (int, error) {
	w.search("the log", b)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, body := range w.bodies {
		if bytes.Contains(b, []byte(body)) {
			panic("xmpptest: the body of a message is in the log")
		}
	}
	return len(b), nil
}

// watched reports whether sessions are to be watched.
func watched() bool { return os.Getenv(watchVariable) != "" }
