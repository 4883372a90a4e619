package integration

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"testing"

	"github.com/canto-im/canto/internal/integration/servers"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/chat"
	"github.com/canto-im/canto/xmpp/muc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// python is Debian's, which python3-slixmpp belongs to.
const python = "/usr/bin/python3"

// foreigners are the real servers, if a client of another make is there to be tried with them. Where servers are required, so is it.
func foreigners(t *testing.T) []servers.Kind {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), python, "-c", "import slixmpp; print(slixmpp.__version__)").CombinedOutput()
	if required := os.Getenv(servers.Variable); err != nil && required != "" && required != "none" {
		t.Fatalf("python3-slixmpp is not there: %v: %s", err, out)
	}
	if err != nil {
		t.Logf("no subtests: python3-slixmpp is not there: %v", err)
		return nil
	}
	t.Logf("slixmpp %s", out)
	return servers.Kinds(t)
}

// A sight is what the foreign client tells.
type sight struct {
	Event, JID, Sender, Type, ID, Body, State, Replaces, Receipt, Of string
	Own                                                              bool
}

// A foreigner is a client of another make, on an account of its own: testdata/foreign.py.
type foreigner struct {
	t    *testing.T
	in   *json.Encoder
	seen chan sight
	jid  jid.JID
}

// foreign starts the client and returns when it's online.
func (p *place) foreign(t *testing.T) *foreigner {
	t.Helper()
	user, password := p.account(t)
	host, port, err := net.SplitHostPort(p.addr)
	require.NoError(t, err)
	cmd := exec.CommandContext(within(t), python, "testdata/foreign.py", host, port, p.real.CAFile, p.jid(user).String())
	cmd.Env = append(os.Environ(), "XMPP_PASSWORD="+password)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	f := &foreigner{t: t, in: json.NewEncoder(in), seen: make(chan sight, 10_000)}
	done := make(chan struct{})
	go f.listen(out, done)
	t.Cleanup(func() {
		in.Close()
		<-done
		_ = cmd.Wait()
	})
	f.jid = jid.MustParse(f.until(func(s sight) bool { return s.Event == "online" }).JID)
	return f
}

// listen hears the client out.
func (f *foreigner) listen(out io.Reader, done chan<- struct{}) {
	defer close(done)
	defer close(f.seen)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var s sight
		if json.Unmarshal(lines.Bytes(), &s) == nil {
			f.seen <- s
		}
	}
}

// An order is what the client can be told to do.
type order struct {
	Do       string `json:"do"`
	To       string `json:"to,omitempty"`
	Type     string `json:"type,omitempty"`
	ID       string `json:"id,omitempty"`
	Body     string `json:"body,omitempty"`
	State    string `json:"state,omitempty"`
	Replaces string `json:"replaces,omitempty"`
	Receipt  bool   `json:"receipt,omitempty"`
	Room     string `json:"room,omitempty"`
	Nick     string `json:"nick,omitempty"`
}

func (f *foreigner) do(o order) {
	f.t.Helper()
	require.NoError(f.t, f.in.Encode(o))
}

// until waits for what the client sees.
func (f *foreigner) until(is func(sight) bool) sight {
	f.t.Helper()
	for {
		if s := next(f.t, f.seen); is(s) {
			return s
		}
	}
}

// untilMessage waits for a message.
func untilMessage(t *testing.T, inbox <-chan *stanza.Message, is func(m *stanza.Message) bool) *stanza.Message {
	t.Helper()
	for {
		if m := next(t, inbox); is(m) {
			return m
		}
	}
}

// TestForeignChat: a chat with a client of another make: states, a receipt in each direction, a correction in each.
func TestForeignChat(t *testing.T) {
	for _, kind := range foreigners(t) {
		t.Run(string(kind), func(t *testing.T) {
			p := outside(servers.Shared(t, kind, servers.Config{}))
			s := p.session(t)
			defer chat.AnswerReceipts(s, func(jid.JID) bool { return true })()
			inbox := s.Messages(t.Context())
			require.NoError(t, s.Send(t.Context(), &stanza.Presence{}))
			f := p.foreign(t)

			sent := &stanza.Message{ID: stanza.NewID(), To: f.jid, Type: stanza.Chat, Body: "O Romoe",
				Payloads: []stanza.Element{stanza.Payload(chat.ReceiptRequest{}), stanza.Payload(chat.Active)}}
			require.NoError(t, s.Send(t.Context(), sent))
			got := f.until(func(s sight) bool { return s.Body != "" })
			assert.Equal(t, "O Romoe", got.Body)
			assert.Equal(t, "active", got.State)
			untilMessage(t, inbox, func(m *stanza.Message) bool {
				r, ok := stanza.Find[chat.Receipt](m)
				return ok && r.ID == sent.ID && m.From == f.jid
			})
			right, err := chat.Correct(sent, "O Romeo")
			require.NoError(t, err)
			require.NoError(t, s.Send(t.Context(), right))
			got = f.until(func(s sight) bool { return s.Body == "O Romeo" })
			assert.Equal(t, sent.ID, got.Replaces)

			f.do(order{Do: "state", To: s.JID().String(), Type: "chat", State: "composing"})
			untilMessage(t, inbox, func(m *stanza.Message) bool {
				state, ok := chat.StateOf(m)
				return ok && state == chat.Composing && m.Body == ""
			})
			f.do(order{Do: "say", To: s.JID().String(), Type: "chat", ID: "f1", Body: "Shall I heer more?", Receipt: true})
			untilMessage(t, inbox, func(m *stanza.Message) bool { return m.Body == "Shall I heer more?" && m.ID == "f1" })
			f.until(func(s sight) bool { return s.Event == "receipt" && s.Of == "f1" })
			f.do(order{Do: "say", To: s.JID().String(), Type: "chat", ID: "f2", Body: "Shall I hear more?", Replaces: "f1"})
			m := untilMessage(t, inbox, func(m *stanza.Message) bool { return m.Body == "Shall I hear more?" })
			r, ok := stanza.Find[chat.Replace](m)
			assert.True(t, ok)
			assert.Equal(t, "f1", r.ID)
		})
	}
}

// TestForeignRoom: two of ours, one of them a Client, and one of another make say things in a room at the same time: each hears the same, in
// the same order.
func TestForeignRoom(t *testing.T) {
	const each = 40
	for _, kind := range foreigners(t) {
		t.Run(string(kind), func(t *testing.T) {
			p := outside(servers.Shared(t, kind, servers.Config{}))
			at := p.room()
			alice, _ := p.enter(t, at, "alice", nil)
			bob := p.enterAsClient(t, at, "bob")
			f := p.foreign(t)
			f.do(order{Do: "join", Room: at.String(), Nick: "foreign"})
			f.until(func(s sight) bool { return s.Event == "presence" && s.Own })
			said := map[*muc.Room]<-chan *muc.Message{alice: alice.Messages(t.Context()), bob: bob.Messages(t.Context())}
			for i := range each {
				require.NoError(t, alice.Say(within(t), fmt.Sprint("alice ", i)))
				f.do(order{Do: "say", To: at.String(), Type: "groupchat", ID: fmt.Sprint("f", i), Body: fmt.Sprint("foreign ", i)})
				require.NoError(t, bob.Say(within(t), fmt.Sprint("bob ", i)))
			}
			f.do(order{Do: "say", To: at.String(), Type: "groupchat", ID: "right", Body: "foreign 0, I meant", Replaces: "f0"})
			var all []string
			for len(all) < 3*each+1 {
				s := f.until(func(s sight) bool { return s.Event == "message" && s.Type == "groupchat" && s.Body != "" })
				all = append(all, jid.MustParse(s.Sender).Resourcepart()+": "+s.Body)
			}
			for room, messages := range said {
				var heard []string
				for len(heard) < len(all) {
					m := next(t, messages)
					heard = append(heard, m.Nick+": "+m.Body)
					if m.ID == "right" {
						r, _ := stanza.Find[chat.Replace](m)
						assert.Equal(t, "f0", r.ID)
					}
				}
				assert.Equal(t, all, heard, room.Nick())
			}
		})
	}
}

// enterAsClient joins a room with a Client that runs until the test ends.
func (p *place) enterAsClient(t *testing.T, room jid.JID, nick string) *muc.Room {
	t.Helper()
	user, password := p.account(t)
	c := xmpp.NewClient(p.jid(user), p.options(password))
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	r, err := muc.Join(within(t), c, as(room, nick), nil)
	require.NoError(t, err)
	return r
}
