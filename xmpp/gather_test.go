package xmpp_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/require"
)

// asksFor makes a request to to for gathering.
func asksFor(to string) func(id string) *stanza.IQ {
	return func(id string) *stanza.IQ {
		iq := &stanza.IQ{ID: id, Type: stanza.Set, Payload: stanza.Payload(version{})}
		if to != "" {
			iq.To = jid.MustParse(to)
		}
		return iq
	}
}

// Gather has the messages that belong to it, and nobody else has them; a handler may ask. The rest goes where it always goes.
func TestGather(t *testing.T) {
	for name, c := range map[string]struct {
		to, from string
		own      bool // what from sends belongs to the answer
	}{
		"our account":                  {"", "", true},
		"by its address":               {"", "from='juliet@example.net'", true},
		"another":                      {"room@muc.example", "from='room@muc.example'", true},
		"another in its place":         {"room@muc.example", "from='evil@muc.example'", false},
		"one of its occupants":         {"room@muc.example", "from='room@muc.example/nick'", false},
		"our account in its place":     {"room@muc.example", "", false},
		"another in our account's":     {"", "from='room@muc.example'", false},
		"a resource that is not us":    {"", "from='juliet@example.net/other'", false},
		"another in our server's name": {"room@muc.example", "from='example.net'", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := open(t, nil)
				others := make(diary, 64)
				done := make(chan struct{})
				xmpp.OnMessage(s, func(ctx context.Context, m *stanza.Message) error {
					others <- m.ID
					if m.ID != "begin" {
						return nil
					}
					defer close(done)
					answer, got, err := xmpp.Gather(ctx, own{s}, "urn:x", "part", "of", asksFor(c.to))
					require.NoError(t, err)
					require.Equal(t, stanza.Result, answer.Type)
					ids := []string{}
					for _, m := range got {
						ids = append(ids, m.ID)
					}
					want := []string{"1", "2"}
					if !c.own {
						want = []string{}
					}
					require.Equal(t, want, ids)
					return nil
				})
				p.say(`<message id='begin'/>`)
				id := p.hear().Attr("id")
				say := func(mid, part string) { p.say(fmt.Sprintf("<message id='%s' %s>%s</message>", mid, c.from, part)) }
				say("1", "<body>x</body><part xmlns='urn:x' of='"+id+"'/>")
				say("no id", "<part xmlns='urn:x'/>")
				say("another", "<part xmlns='urn:x' of='x"+id+"'/>")
				say("another name", "<parts xmlns='urn:x' of='"+id+"'/>")
				say("2", "<part xmlns='urn:x' of='"+id+"'/>")
				from := c.from
				if !c.own && c.to != "" {
					from = "from='" + c.to + "'"
				} else if !c.own {
					from = ""
				}
				p.say(fmt.Sprintf("<iq type='result' id='%s' %s/>", id, from))
				<-done
				say("late", "<part xmlns='urn:x' of='"+id+"'/>")
				want := []string{"begin", "no id", "another", "another name", "late"}
				if !c.own {
					want = []string{"begin", "1", "no id", "another", "another name", "2", "late"}
				}
				require.Equal(t, want, others.read())
				require.NoError(t, s.Close())
			})
		})
	}
}

// What is gathered is bounded, and counted as handled at once.
func TestGatherBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openManaged(t, &xmpp.Options{Limits: xmpp.Limits{StanzaBytes: 10000, AnswerBytes: 30000}})
		failed := make(chan error, 1)
		var got []*stanza.Message
		go func() {
			_, list, err := xmpp.Gather(t.Context(), s, "urn:x", "part", "of", asksFor(""))
			got = list
			failed <- err
		}()
		id := p.hear().Attr("id")
		for range 5 {
			p.say("<message><body>" + strings.Repeat("x", 8000) + "</body><part xmlns='urn:x' of='" + id + "'/></message>")
		}
		p.say("<r xmlns='urn:xmpp:sm:3'/>")
		ack := p.hear()
		for ack.Name().Local == "r" {
			ack = p.hear()
		}
		require.Equal(t, "5", ack.Attr("h"))
		p.say("<iq type='result' id='" + id + "'/>")
		require.ErrorContains(t, <-failed, "30000 bytes")
		require.Len(t, got, 3)

		_, _, err := xmpp.Gather(t.Context(), struct{ xmpp.Endpoint }{s}, "urn:x", "part", "of", asksFor(""))
		require.ErrorContains(t, err, "Gather needs")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _, err = xmpp.Gather(ctx, xmpp.NewClient(s.JID(), nil), "urn:x", "part", "of", asksFor(""))
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, s.Close())
	})
}
