package disco

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/paging"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// start returns a server in memory whose accounts alice, bob and mallory see each other's presence.
func start(t *testing.T) *xmpptest.Server {
	t.Helper()
	srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
	for _, who := range []string{"bob", "mallory", "carol"} {
		srv.Password("alice")
		srv.Password(who)
		require.NoError(t, srv.Befriend("alice", who))
	}
	return srv
}

// present sends initial presence.
func present(t *testing.T, s *xmpp.Session) {
	t.Helper()
	require.NoError(t, s.Send(t.Context(), &stanza.Presence{}))
	synctest.Wait()
}

// asked counts the requests of disco#info that an account has sent.
func asked(srv *xmpptest.Server, user string) (n int) {
	for _, e := range srv.Transcript(user) {
		if strings.Contains(e.XML, "disco#info") && strings.Contains(e.XML, "type='get'") || strings.Contains(e.XML, "disco#info") && strings.Contains(e.XML, `type="get"`) {
			n++
		}
	}
	return n
}

// What is declared, is answered; so are items and nodes (XEP-0030).
func TestAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t)
		alice, bob := srv.Session(t, "alice", nil), srv.Session(t, "bob", nil)
		_, err := Get(t.Context(), alice, bob.JID(), "")
		require.ErrorIs(t, err, stanza.ServiceUnavailable, "without a Disco")

		d := Of(bob)
		require.Same(t, d, Of(bob))
		remove := d.Declare("urn:x:one", "urn:x:two")
		again := d.Declare("urn:x:one")
		d.Identify("https://bot.example/", Identity{"client", "bot", "en", "Bob's bot"})
		d.Extend(form.New(form.Result, "urn:xmpp:dataforms:softwareinfo", form.Of("software", "bot")))
		i, err := Get(t.Context(), alice, bob.JID(), "")
		require.NoError(t, err)
		require.True(t, i.Is("client", "bot") && i.Is("client", "") && !i.Is("client", "pc"))
		require.Equal(t, []string{"http://jabber.org/protocol/caps", "http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items",
			"urn:x:one", "urn:x:two", "urn:xmpp:caps"}, i.Features)
		require.Equal(t, "bot", i.Form("urn:xmpp:dataforms:softwareinfo").Value("software"))
		require.Nil(t, i.Form("urn:other"))
		require.Equal(t, d.Self().Features, i.Features)
		remove()
		remove()
		i, err = Get(t.Context(), alice, bob.JID(), "")
		require.NoError(t, err)
		require.True(t, i.Has("urn:x:one") && !i.Has("urn:x:two"), "it was declared twice")
		again()
		require.False(t, d.Self().Has("urn:x:one"))

		_, err = Get(t.Context(), alice, bob.JID(), "unknown")
		require.ErrorIs(t, err, stanza.ItemNotFound)
		_, err = items(Items(t.Context(), alice, bob.JID(), "unknown"))
		require.ErrorIs(t, err, stanza.ItemNotFound)
		list, err := items(Items(t.Context(), alice, bob.JID(), ""))
		require.NoError(t, err)
		require.Empty(t, list)
		off := d.Node("music", Node{
			Info: func(_ context.Context, iq *stanza.IQ) (*Info, error) {
				if iq.From != alice.JID() {
					return nil, stanza.Forbidden
				}
				return &Info{Identities: []Identity{{Category: "hierarchy", Type: "branch"}}}, nil
			},
			Items: func(context.Context, *stanza.IQ) ([]Item, error) {
				return []Item{{bob.JID(), "music/A", "Albums"}, {bob.JID(), "music/B", ""}}, nil
			},
		})
		d.Node("", Node{Items: func(context.Context, *stanza.IQ) ([]Item, error) { return []Item{{JID: bob.JID(), Node: "music"}}, nil }})
		i, err = Get(t.Context(), alice, bob.JID(), "music")
		require.NoError(t, err)
		require.True(t, i.Is("hierarchy", "branch"))
		_, err = Get(t.Context(), srv.Session(t, "carol", nil), bob.JID(), "music")
		require.ErrorIs(t, err, stanza.Forbidden)
		list, err = items(Items(t.Context(), alice, bob.JID(), "music"))
		require.NoError(t, err)
		require.Equal(t, []Item{{bob.JID(), "music/A", "Albums"}, {bob.JID(), "music/B", ""}}, list)
		list, err = items(Items(t.Context(), alice, bob.JID(), ""))
		require.NoError(t, err)
		require.Equal(t, "music", list[0].Node)
		i, err = Get(t.Context(), alice, bob.JID(), "")
		require.NoError(t, err)
		require.True(t, i.Is("client", "bot"), "the node of ourselves has no Info of its own")
		off()
		_, err = Get(t.Context(), alice, bob.JID(), "music")
		require.ErrorIs(t, err, stanza.ItemNotFound)
	})
}

func items(seq func(func(Item, error) bool)) (list []Item, err error) {
	for i, e := range seq {
		if err = e; err == nil {
			list = append(list, i)
		}
	}
	return list, err
}

// Presence carries what we are, under both specifications, whoever sends it, and nothing else is changed.
func TestPresenceCarriesCaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t)
		alice, bob := srv.Session(t, "alice", nil), srv.Session(t, "bob", nil)
		require.NoError(t, alice.Send(t.Context(), &stanza.Presence{}))
		seen := alice.Presences(t.Context())
		d := Of(bob)
		d.Declare("urn:x:one")
		mine := &stanza.Presence{Show: stanza.Away, Status: "out", Payloads: []stanza.Element{stanza.Payload(caps2{Hashes: []hash2{{"mine", "x"}}})}}
		for _, p := range []*stanza.Presence{{}, {Show: stanza.Away, Status: "out"}, {To: alice.JID()}, mine, {Type: stanza.Unavailable}} {
			require.NoError(t, bob.Send(t.Context(), p))
			got := <-seen
			if got.From == alice.JID() {
				got = <-seen
			}
			require.Equal(t, p.Show, got.Show)
			require.Equal(t, p.Status, got.Status)
			_, first := stanza.Find[caps](got)
			second, hashed := stanza.Find[caps2](got)
			require.Equal(t, p.Type == stanza.Available, first)
			require.Equal(t, p.Type == stanza.Available, hashed)
			if p == mine {
				require.Equal(t, "mine", second.Hashes[0].Algo, "what the program says itself stays")
				require.Len(t, p.Payloads, 1, "what is sent is not changed")
				continue
			}
			require.Empty(t, p.Payloads)
			if a, ok := read(got); ok {
				require.Len(t, a.digests, 2)
				info, err := Get(t.Context(), alice, bob.JID(), a.asked)
				require.NoError(t, err)
				require.True(t, a.digests[0].fits(info) && a.digests[1].fits(info))
				one, _ := stanza.Find[caps](got)
				info, err = Get(t.Context(), alice, bob.JID(), one.Node+"#"+one.Ver)
				require.NoError(t, err)
				require.True(t, digest{false, "sha-1", one.Ver}.fits(info))
			}
		}
	})
}

// XEP-0115 §6.1: a change is told, once, with the presence that we have; XEP-0390 §6.1: who was told the old ones may still ask.
func TestChangesAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t)
		alice, bob := srv.Session(t, "alice", nil), srv.Session(t, "bob", nil)
		present(t, alice)
		got := collect(alice, bob.JID())
		d := Of(bob)
		d.Declare("urn:x:before")
		elapse(time.Minute)
		require.Empty(t, got(), "nobody was told anything yet")
		require.NoError(t, bob.Send(t.Context(), &stanza.Presence{Show: stanza.Away, Status: "out"}))
		synctest.Wait()
		require.Len(t, got(), 1)
		old, _ := read(got()[0])
		undo := d.Declare("urn:x:one")
		d.Declare("urn:x:two")
		undo()
		synctest.Wait()
		require.Len(t, got(), 1)
		elapse(time.Minute)
		require.Len(t, got(), 2, "one change")
		require.Equal(t, "out", got()[1].Status)
		require.Equal(t, stanza.Away, got()[1].Show)
		now, _ := read(got()[1])
		require.NotEqual(t, old, now)
		info, err := Get(t.Context(), alice, bob.JID(), old.asked)
		require.NoError(t, err)
		require.True(t, info.Has("urn:x:before") && !info.Has("urn:x:two"))
		info, err = Get(t.Context(), alice, bob.JID(), now.asked)
		require.NoError(t, err)
		require.True(t, info.Has("urn:x:two"))

		d.Declare("urn:x:three")() // and taken back
		elapse(time.Minute)
		require.Len(t, got(), 2, "nothing has changed")
		require.NoError(t, bob.Send(t.Context(), &stanza.Presence{Type: stanza.Unavailable}))
		d.Declare("urn:x:four")
		elapse(time.Minute)
		require.Len(t, got(), 3, "who is gone says nothing")
	})
}

// collect returns a function that returns what presence of who s has had.
func collect(s *xmpp.Session, who jid.JID) func() []*stanza.Presence {
	var mu sync.Mutex
	var got []*stanza.Presence
	xmpp.OnPresence(s, func(_ context.Context, p *stanza.Presence) error {
		mu.Lock()
		defer mu.Unlock()
		if p.From == who {
			got = append(got, p)
		}
		return nil
	}, stanza.Available, stanza.Unavailable)
	return func() []*stanza.Presence {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(got)
	}
}

// A crosser sends presence of the program's just as other presence is on its way.
type crosser struct {
	at   string // the status of the presence to cross
	with *stanza.Presence
	s    *xmpp.Session
}

func (c *crosser) AnnotatePresence(p *stanza.Presence, _ []stanza.Element) []stanza.Element {
	if with := c.with; with != nil && p.Status == c.at {
		c.with = nil
		_ = c.s.Send(context.Background(), with) // the test looks for it
	}
	return nil
}

// Who begins after presence was sent has it said again, with what we are; not where we're gone, and not in a session that has sent none.
func TestBeginsAfterPresence(t *testing.T) {
	for name, c := range map[string]struct {
		sent []*stanza.Presence
		told int
		want string // the status that is said again
	}{
		"nothing sent":    {nil, 0, ""},
		"available":       {[]*stanza.Presence{{Status: "one"}, {Status: "two"}}, 3, "two"},
		"gone":            {[]*stanza.Presence{{Status: "one"}, {Type: stanza.Unavailable}}, 2, ""},
		"directed beside": {[]*stanza.Presence{{Status: "one"}, {To: jid.MustParse("carol@canto.test"), Status: "two"}}, 2, "one"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := start(t)
				alice, bob := srv.Session(t, "alice", nil), srv.Session(t, "bob", nil)
				present(t, alice)
				got := collect(alice, bob.JID())
				for _, p := range c.sent {
					require.NoError(t, bob.Send(t.Context(), p))
				}
				synctest.Wait()
				Of(bob).Declare("urn:x:late")
				elapse(time.Minute)
				require.Len(t, got(), c.told)
				if c.want == "" {
					return
				}
				last := got()[c.told-1]
				require.Equal(t, c.want, last.Status)
				said, ok := read(last)
				require.True(t, ok)
				info, err := Get(t.Context(), alice, bob.JID(), said.asked)
				require.NoError(t, err)
				require.True(t, info.Has("urn:x:late"))
			})
		})
	}
}

// A Client's presence is that of the session of now: what an earlier one has sent is not said again in the next.
func TestBeginsAfterPresenceOfTheLastSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t)
		alice := srv.Session(t, "alice", nil)
		present(t, alice)
		bot := xmpp.NewClient(srv.JID("bob"), srv.Options("bob"))
		online := make(chan *xmpp.Session)
		bot.Online = func(_ context.Context, s *xmpp.Session) error { online <- s; return nil }
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- bot.Run(ctx) }()
		present(t, <-online)
		srv.CloseStream("bob", "reset")
		got := collect(alice, (<-online).JID())
		Of(bot).Declare("urn:x:late")
		elapse(time.Minute)
		require.Empty(t, got())
		require.NoError(t, bot.Send(t.Context(), &stanza.Presence{}))
		elapse(time.Minute)
		require.Len(t, got(), 1)
		stop()
		require.NoError(t, <-ended)
	})
}

// What the program says last is what others have in the end, whatever crosses it.
func TestChangeCrossesPresence(t *testing.T) {
	for _, with := range []*stanza.Presence{{Status: "two"}, {Type: stanza.Unavailable}} {
		synctest.Test(t, func(t *testing.T) {
			srv := start(t)
			alice, bob := srv.Session(t, "alice", nil), srv.Session(t, "bob", nil)
			present(t, alice)
			got := collect(alice, bob.JID())
			d := Of(bob)
			require.NoError(t, bob.Send(t.Context(), &stanza.Presence{Status: "one"}))
			*xmpp.Shared[crosser](bob) = crosser{at: "one", with: with, s: bob}
			d.Declare("urn:x:one")
			elapse(time.Minute)
			require.Nil(t, xmpp.Shared[crosser](bob).with, "it was crossed")
			last := got()[len(got())-1]
			require.Equal(t, with.Type, last.Type)
			require.Equal(t, with.Status, last.Status)
		})
	}
}

// A component says what it is at each of its addresses.
func TestComponent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t)
		alice := srv.Session(t, "alice", nil)
		o := srv.ComponentOptions("echo.canto.test")
		o.Role = stream.Component()
		s, err := xmpp.Dial(t.Context(), jid.MustParse("echo.canto.test"), o)
		require.NoError(t, err)
		defer s.Close()
		Of(s).Declare("urn:x:echo")
		for _, at := range []string{"echo.canto.test", "bob@echo.canto.test"} {
			i, err := Get(t.Context(), alice, jid.MustParse(at), "")
			require.NoError(t, err)
			require.True(t, i.Is("component", "generic") && i.Has("urn:x:echo"))
		}
		found := 0
		for service, err := range Services(t.Context(), alice, "urn:x:echo") {
			require.NoError(t, err)
			require.Equal(t, s.JID(), service.JID)
			found++
		}
		require.Equal(t, 1, found)
		for service, err := range Services(t.Context(), alice, "http://jabber.org/protocol/disco#info") {
			require.NoError(t, err)
			require.Equal(t, srv.Domain(), service.JID, "the server itself first")
			break
		}
		inbox := alice.Presences(t.Context())
		require.NoError(t, s.Send(t.Context(), &stanza.Presence{To: alice.JID()}))
		_, ok := read(<-inbox)
		require.True(t, ok)
	})
}

// Answers that are none, and pages of items (XEP-0059).
func TestOddAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t)
		alice, bob := srv.Session(t, "alice", nil), srv.Session(t, "bob", nil)
		said := ""
		var pages []string
		xmpp.OnGet(bob, func(_ context.Context, _ *stanza.IQ, _ query) (any, error) { return stanza.ParseElement(said) })
		xmpp.OnGet(bob, func(_ context.Context, _ *stanza.IQ, q itemsQuery) (any, error) {
			if q.Set != nil {
				pages = append(pages, q.Set.After)
			}
			if len(pages) < 3 && strings.Contains(said, "<last>") {
				return stanza.ParseElement(strings.ReplaceAll(said, "%", string(rune('a'+len(pages)))))
			}
			return stanza.ParseElement(strings.ReplaceAll(said, "<last>%</last>", ""))
		})
		for _, said = range []string{`<x xmlns='urn:x'/>`, `<query xmlns='http://jabber.org/protocol/disco#info'><x xmlns='jabber:x:data'><page xmlns='http://jabber.org/protocol/xdata-layout'/><field><validate xmlns='http://jabber.org/protocol/xdata-validate'><list-range min='x'/></validate></field></x></query>`} {
			_, err := Get(t.Context(), alice, bob.JID(), "")
			require.Error(t, err, said)
		}
		said = `<x xmlns='urn:x'/>`
		_, err := items(Items(t.Context(), alice, bob.JID(), ""))
		require.ErrorIs(t, err, errNoInfo)
		said = `<query xmlns='http://jabber.org/protocol/disco#items'><item jid='@'/><item/><item jid='a@b'/><x xmlns='urn:x'/><set xmlns='http://jabber.org/protocol/rsm'><last>%</last></set></query>`
		list, err := items(Items(t.Context(), alice, bob.JID(), ""))
		require.NoError(t, err)
		require.Len(t, list, 4, "one of each page: what has no address is left out")
		require.Equal(t, []string{"a", "b", "c"}, pages)
		for range Items(t.Context(), alice, bob.JID(), "") {
			break
		}
		pages, said = nil, `<query xmlns='http://jabber.org/protocol/disco#items'><item jid='a@b'/><set xmlns='http://jabber.org/protocol/rsm'><last >same</last></set></query>`
		list, err = items(Items(t.Context(), alice, bob.JID(), ""))
		require.ErrorIs(t, err, paging.ErrNoProgress, "a page that follows upon itself")
		require.Len(t, list, 1)
		ctx, cancel := context.WithCancelCause(t.Context())
		mine := errors.New("mine")
		cancel(mine)
		_, err = items(Items(ctx, alice, bob.JID(), ""))
		require.ErrorIs(t, err, mine)
		for _, err := range Services(ctx, alice, "urn:x") {
			require.ErrorIs(t, err, mine)
		}
	})
}
