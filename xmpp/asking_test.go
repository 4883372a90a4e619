package xmpp

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/require"
)

// A meanwhile is a connection on which something happens during its writes.
type meanwhile struct {
	net.Conn
	events []func()
	wire   strings.Builder
}

func (m *meanwhile) Write(p []byte) (int, error) {
	m.wire.Write(p)
	m.wire.WriteByte('\n')
	if len(m.events) > 0 {
		event := m.events[0]
		m.events = m.events[1:]
		event()
	}
	return len(p), nil
}

func (*meanwhile) SetWriteDeadline(time.Time) error { return nil }
func (*meanwhile) SetReadDeadline(time.Time) error  { return nil }

// managedOn returns a session with stream management that writes to m.
func managedOn(t *testing.T, m *meanwhile) *Session {
	opts := (*Options)(nil).withDefaults()
	o := &outbox{link: newLink(m, opts, ""), content: ns.Client, limit: 1 << 20, trace: opts.Trace, fail: func(_ *link, err error) { t.Error(err) }, moved: func() {}}
	o.ledger = newLedger(&o.asked)
	return &Session{out: o, opts: opts}
}

// TestQuestionAnsweredDuringAWrite: what is written while the answer to the only question comes is asked about when it's written, and
// does not wait for what is sent next.
func TestQuestionAnsweredDuringAWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *Session
		m := &meanwhile{events: []func(){
			func() {}, // the first presence, and its question
			func() { require.NoError(t, s.acknowledged(1)) },
			func() { require.NoError(t, s.acknowledged(2)) },
		}}
		s = managedOn(t, m)
		for range 2 {
			require.NoError(t, s.out.put(context.Background(), &stanza.Presence{}, "", nil))
		}
		require.Equal(t, "<presence/>"+stream.Request+"\n<presence/>\n"+stream.Request+"\n", m.wire.String())
		require.Zero(t, s.out.ledger.queue.Len())
		require.Nil(t, s.out.buf, "an idle outbox keeps no memory")
	})
}

// TestNoQuestionBehindTheEnd: the end of the stream is the last that is said, however long it had to wait and whatever is open by then.
func TestNoQuestionBehindTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *Session
		m := &meanwhile{events: []func(){
			func() { // somebody else ends the stream while this one writes
				s.out.finish(atOnce, "", stream.Close, ErrClosed)
				<-time.After(stream.DefaultRequestRetry)
			},
		}}
		s = managedOn(t, m)
		require.NoError(t, s.out.put(context.Background(), &stanza.Presence{}, "", nil))
		require.Equal(t, "<presence/>"+stream.Request+"\n"+stream.Request+stream.Close+"\n", m.wire.String())
	})
}
