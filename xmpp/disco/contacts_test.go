package disco

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// withFeature is a session of an account that can do something and says so.
func withFeature(t *testing.T, srv *xmpptest.Server, user, feature string) *xmpp.Session {
	t.Helper()
	s := srv.Session(t, user, nil)
	Of(s).Declare(feature)
	present(t, s)
	return s
}

// Service discovery may begin while presence is being sent; that goes with it or without.
func TestBeginsWhilePresenceIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t).Session(t, "alice", nil)
		sent := make(chan error, 1000)
		go func() {
			for range cap(sent) {
				sent <- s.Send(t.Context(), &stanza.Presence{})
			}
		}()
		require.NoError(t, <-sent)
		Of(s)
		for range cap(sent) - 1 {
			require.NoError(t, <-sent)
		}
	})
}

// Who has the same hash is asked once, now and, with a store, ever.
func TestAsksOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t)
		store := xmpp.FileStore(t.TempDir())
		alice := srv.Session(t, "alice", &xmpp.Options{Store: store})
		d := Of(alice)
		present(t, alice)
		bob, again, mallory := withFeature(t, srv, "bob/one", "urn:x:bob"), withFeature(t, srv, "bob/two", "urn:x:bob"), withFeature(t, srv, "mallory", "urn:x:mallory")
		require.Nil(t, d.Known(bob.JID()))
		require.Zero(t, asked(srv, "alice"), "nobody is asked for nothing")
		for range 2 {
			for _, who := range []*xmpp.Session{bob, again} {
				ok, err := d.Supports(t.Context(), who.JID(), "urn:x:bob")
				require.NoError(t, err)
				require.True(t, ok)
			}
		}
		require.Equal(t, 1, asked(srv, "alice"))
		require.True(t, d.Known(again.JID()).Has("urn:x:bob"))
		i, err := d.Lookup(t.Context(), mallory.JID())
		require.NoError(t, err)
		require.True(t, i.Has("urn:x:mallory") && !i.Has("urn:x:bob"))
		require.Equal(t, 2, asked(srv, "alice"))

		// When they go, nothing is known of them but what they ask anew.
		require.NoError(t, mallory.Send(t.Context(), &stanza.Presence{Type: stanza.Unavailable}))
		synctest.Wait()
		require.Nil(t, d.Known(mallory.JID()))
		_, err = d.Lookup(t.Context(), mallory.JID())
		require.NoError(t, err)
		require.Equal(t, 3, asked(srv, "alice"), "it may be anything by now")
		require.NoError(t, alice.Close())
		synctest.Wait()

		// A later process.
		alice = srv.Session(t, "alice", &xmpp.Options{Store: store})
		d = Of(alice)
		present(t, alice)
		require.True(t, d.Known(bob.JID()).Has("urn:x:bob"))
		require.Equal(t, 3, asked(srv, "alice"))
		require.NoError(t, alice.Close())
		synctest.Wait() // what it has learned is in the store
	})
}

// Who comes together asks together.
func TestLookupsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t)
		alice := srv.Session(t, "alice", nil)
		d := Of(alice)
		present(t, alice)
		bob, again := withFeature(t, srv, "bob/one", "urn:x:bob"), withFeature(t, srv, "bob/two", "urn:x:bob")
		done := make(chan error, 20)
		for n := range cap(done) {
			go func() {
				i, err := d.Lookup(t.Context(), []jid.JID{bob.JID(), again.JID()}[n%2])
				if err == nil && !i.Has("urn:x:bob") {
					err = fmt.Errorf("it got %v", i.Features)
				}
				done <- err
			}()
		}
		for range cap(done) {
			require.NoError(t, <-done)
		}
		require.Equal(t, 1, asked(srv, "alice"))
	})
}

// contactPayload is what the presence of who has said.
func (d *Disco) contactPayload(t *testing.T, who jid.JID) []stanza.Element {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.contacts.all[who].digests[0]
	if h.second {
		return []stanza.Element{stanza.Payload(caps2{Hashes: []hash2{{h.algo, h.value}}})}
	}
	return []stanza.Element{stanza.Payload(caps{Hash: h.algo, Node: defaultSoftware, Ver: h.value})}
}

// forger makes s say of itself that it has the hash of info, answer anything, or nothing.
func forger(t *testing.T, s *xmpp.Session, victim *Info, second bool, answer *Info) {
	t.Helper()
	d, err := digest{second: second, algo: map[bool]string{false: "sha-1", true: "sha-256"}[second]}.of(victim)
	require.NoError(t, err)
	c := stanza.Payload(caps{Hash: d.algo, Node: defaultSoftware, Ver: d.value})
	if second {
		c = stanza.Payload(caps2{Hashes: []hash2{{d.algo, d.value}}})
	}
	s.Handle(xmpp.Pattern{Kind: stanza.KindIQ, Type: "get", Space: ns.DiscoInfo}, xmpp.HandlerFunc(func(ctx context.Context, st stanza.Stanza) (any, error) {
		if answer == nil {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return answer.payload(st.(*stanza.IQ).Payload.Attr("node")), nil
	}))
	require.NoError(t, s.Send(t.Context(), &stanza.Presence{Payloads: []stanza.Element{c}}))
	synctest.Wait()
}

// SECURITY S18: what does not verify is believed of its sender alone, and never kept: neither in memory nor in the store.
func TestSecurityS18Poisoning(t *testing.T) {
	for _, second := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			srv := start(t)
			store := xmpp.FileStore(t.TempDir())
			alice := srv.Session(t, "alice", &xmpp.Options{Store: store})
			d := Of(alice)
			present(t, alice)
			victim := &Info{Identities: []Identity{{Category: "client", Type: "pc"}}, Features: []string{"urn:x:encryption", "urn:x:other"}}
			mallory, bob := srv.Session(t, "mallory", nil), srv.Session(t, "bob", nil)
			forger(t, mallory, victim, second, &Info{Identities: victim.Identities, Features: []string{"urn:x:forged"}})
			forger(t, bob, victim, second, victim)

			i, err := d.Lookup(t.Context(), mallory.JID())
			require.NoError(t, err)
			require.True(t, i.Has("urn:x:forged"), "it may say of itself what it likes")
			require.Same(t, i, d.Known(mallory.JID()), "and need not say it twice")
			require.Nil(t, d.Known(bob.JID()), "but nothing of others")
			before := asked(srv, "alice")
			require.NoError(t, mallory.Send(t.Context(), &stanza.Presence{Show: stanza.Away, Payloads: d.contactPayload(t, mallory.JID())}))
			synctest.Wait()
			_, err = d.Lookup(t.Context(), mallory.JID())
			require.NoError(t, err)
			require.Equal(t, before, asked(srv, "alice"), "that is so until its presence says something else")
			require.NoError(t, alice.Close())
			synctest.Wait()

			alice = srv.Session(t, "alice", &xmpp.Options{Store: store})
			d = Of(alice)
			present(t, alice)
			require.Nil(t, d.Known(bob.JID()))
			require.Nil(t, d.Known(mallory.JID()))
			i, err = d.Lookup(t.Context(), bob.JID())
			require.NoError(t, err)
			require.True(t, i.Has("urn:x:encryption") && !i.Has("urn:x:forged"))
			require.True(t, d.Known(mallory.JID()).Has("urn:x:encryption"), "with that hash it says so now")
			require.NoError(t, alice.Close())
			synctest.Wait() // as above
		})
	}
}

// SECURITY S18: what is ill-formed is not kept either, though its hash fits.
func TestSecurityS18IllFormedIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t)
		alice := srv.Session(t, "alice", nil)
		d := Of(alice)
		present(t, alice)
		// The string of the victim's and the forger's is the same: a feature has become a form.
		victim := &Info{Identities: []Identity{{Category: "client", Type: "pc"}}, Features: []string{"urn:x:a", "urn:x:encryption"}}
		forged := info(t, `<query xmlns='http://jabber.org/protocol/disco#info'><identity category='client' type='pc'/><feature var='urn:x:a'/>`+
			`<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>urn:x:encryption</value></field></x></query>`)
		mallory, bob := srv.Session(t, "mallory", nil), srv.Session(t, "bob", nil)
		forger(t, mallory, victim, false, forged)
		forger(t, bob, victim, false, victim)
		_, err := d.Lookup(t.Context(), mallory.JID())
		require.NoError(t, err)
		require.Nil(t, d.Known(bob.JID()))
		ok, err := d.Supports(t.Context(), bob.JID(), "urn:x:encryption")
		require.NoError(t, err)
		require.True(t, ok)
	})
}

// SECURITY S18: one that says it has somebody's hash, and then nothing, keeps nobody waiting for long.
func TestSecurityS18SilentForger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t)
		alice := srv.Session(t, "alice", nil)
		d := Of(alice)
		present(t, alice)
		victim := &Info{Identities: []Identity{{Category: "client", Type: "pc"}}, Features: []string{"urn:x:one"}}
		mallory, bob := srv.Session(t, "mallory", nil), srv.Session(t, "bob", nil)
		forger(t, mallory, victim, true, nil)
		forger(t, bob, victim, true, victim)
		ctx, cancel := context.WithCancel(t.Context())
		hangs := make(chan error)
		go func() {
			_, err := d.Lookup(ctx, mallory.JID())
			hangs <- err
		}()
		synctest.Wait()
		begin := time.Now()
		ok, err := d.Supports(t.Context(), bob.JID(), "urn:x:one")
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, 5*time.Second, time.Since(begin))
		cancel()
		require.Error(t, <-hangs)
	})
}

// Presence that says nothing changes nothing (XEP-0115 §8.4); the old format without a hash is none (§13); who says nothing is
// asked each time.
func TestPresenceWithoutHash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t)
		alice, bob := srv.Session(t, "alice", nil), srv.Session(t, "bob", nil)
		d := Of(alice)
		present(t, alice)
		victim := &Info{Identities: []Identity{{Category: "client", Type: "pc"}}, Features: []string{"urn:x:one"}}
		forger(t, bob, victim, false, victim)
		_, err := d.Lookup(t.Context(), bob.JID())
		require.NoError(t, err)
		present(t, bob)
		require.NotNil(t, d.Known(bob.JID()))
		carol := srv.Session(t, "carol", nil)
		Of(carol)
		old, err := stanza.ParseElement(`<c xmlns='http://jabber.org/protocol/caps' node='old' ver='1.0' ext='a b'/>`)
		require.NoError(t, err)
		none := stanza.Payload(caps2{})
		require.NoError(t, carol.Send(t.Context(), &stanza.Presence{Payloads: []stanza.Element{old, none}}))
		synctest.Wait()
		before := asked(srv, "alice")
		for range 2 {
			_, err = d.Lookup(t.Context(), carol.JID())
			require.NoError(t, err)
		}
		require.Equal(t, before+2, asked(srv, "alice"))

		// A hash function that we don't have: what is answered is for this one alone, and asked once (§5.4).
		odd := stanza.Payload(caps{Hash: "whirlpool", Node: "x", Ver: "y"})
		require.NoError(t, carol.Send(t.Context(), &stanza.Presence{Payloads: []stanza.Element{odd, none}}))
		synctest.Wait()
		for range 2 {
			_, err = d.Lookup(t.Context(), carol.JID())
			require.NoError(t, err)
		}
		require.NotNil(t, d.Known(carol.JID()))
		require.Equal(t, before+4, asked(srv, "alice"), "once under its node, which it does not know, and once without")
	})
}

// SECURITY S15: what strangers have us keep is bounded.
func TestSecurityS15Contacts(t *testing.T) {
	d := &Disco{}
	d.cache.open(xmpp.StoreOf(nil), "x")
	for n := range maxContacts + 100 {
		who := jid.MustParse(fmt.Sprintf("u%d@example.org/x", n))
		require.NoError(t, d.heard(t.Context(), &stanza.Presence{From: who, Payloads: []stanza.Element{stanza.Payload(caps{Hash: "sha-1", Node: "x", Ver: "y"})}}))
	}
	require.Len(t, d.contacts.all, maxContacts)
	var h digest
	for n := range maxCached + 100 {
		h = digest{algo: "sha-1", value: base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, uint64(n)))}
		d.cache.put(h, &Info{})
	}
	require.Len(t, d.cache.entries, maxCached)
	require.NotNil(t, d.cache.get(h), "the latest stays")
}

// What is damaged in the store, or is not what its hash says, is left out.
func TestSecurityS18Store(t *testing.T) {
	store := xmpp.FileStore(t.TempDir())
	good := &Info{Identities: []Identity{{Category: "client", Type: "pc"}}, Features: []string{"urn:x:one"}}
	d, err := digest{algo: "sha-1"}.of(good)
	require.NoError(t, err)
	for _, c := range []struct {
		value string
		known bool
	}{
		{fmt.Sprintf(`[{"algo":"sha-1","hash":%q,"xml":%q}]`, d.value, good.payload("").String()), true},
		{fmt.Sprintf(`[{"algo":"sha-256","hash":%q,"xml":%q}]`, d.value, good.payload("").String()), false},
		{fmt.Sprintf(`[{"algo":"none","hash":%q,"xml":%q}]`, d.value, good.payload("").String()), false},
		{fmt.Sprintf(`[{"algo":"sha-1","hash":%q,"xml":%q}]`, d.value, (&Info{Identities: good.Identities}).payload("").String()), false},
		{fmt.Sprintf(`[{"algo":"sha-1","hash":%q,"xml":"<query"}]`, d.value), false},
		{`{`, false}, {`null`, false},
	} {
		_, version, err := store.Load(t.Context(), "k")
		require.NoError(t, err)
		_, err = store.Save(t.Context(), "k", []byte(c.value), version)
		require.NoError(t, err)
		var cached cache
		cached.open(store, "k")
		require.Equal(t, c.known, cached.get(d) != nil, c.value)
		require.LessOrEqual(t, len(cached.entries), 1)
	}
}

// Two processes with one store keep what both have learned.
func TestStoreOfTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := xmpp.FileStore(t.TempDir())
		var one, two, three cache
		one.open(store, "k")
		two.open(store, "k")
		learn := func(c *cache, feature string) digest {
			i := &Info{Identities: []Identity{{Category: "client", Type: "pc"}}, Features: []string{feature}}
			d, err := digest{second: true, algo: "sha-256"}.of(i)
			require.NoError(t, err)
			c.put(d, i)
			return d
		}
		a, b := learn(&one, "urn:x:a"), learn(&two, "urn:x:b")
		elapse(time.Minute)
		three.open(store, "k")
		require.NotNil(t, three.get(a))
		require.NotNil(t, three.get(b))
	})
}

// A Client has it in every session; a stream that is resumed goes on with what is known.
func TestClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t)
		bot := xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
		d := Of(bot)
		d.Declare("urn:x:alice")
		online := make(chan *xmpp.Session, 10)
		bot.Online = func(ctx context.Context, s *xmpp.Session) error {
			online <- s
			return s.Send(ctx, &stanza.Presence{})
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- bot.Run(ctx) }()
		bob := withFeature(t, srv, "bob", "urn:x:bob")
		theirs := Of(bob)
		<-online
		synctest.Wait()
		look := func() {
			t.Helper()
			synctest.Wait()
			ok, err := d.Supports(t.Context(), bob.JID(), "urn:x:bob")
			require.NoError(t, err)
			require.True(t, ok)
			ok, err = theirs.Supports(t.Context(), bot.JID(), "urn:x:alice")
			require.NoError(t, err)
			require.True(t, ok)
		}
		look()
		require.Equal(t, 1, asked(srv, "alice"))
		require.Equal(t, 1, asked(srv, "bob"))

		srv.DropConns() // bob's stream is not resumed: a Session ends
		elapse(time.Minute)
		require.Len(t, srv.Sessions("alice"), 1)
		bob = withFeature(t, srv, "bob", "urn:x:bob")
		theirs = Of(bob)
		look()
		require.Empty(t, online, "it was resumed")
		require.Equal(t, 1, asked(srv, "alice"), "that hash is known")

		srv.CloseStream("alice", "reset")
		<-online
		elapse(time.Second)
		look()
		require.Equal(t, 1, asked(srv, "alice"))
		stop()
		require.NoError(t, <-ended)
		require.Nil(t, d.Known(bob.JID()))
	})
}

// What an earlier session had received says nothing in the next one, however late it's handed over.
func TestPresenceOfTheLastSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t)
		bot := xmpp.NewClient(srv.JID("alice"), srv.Options("alice"))
		d := Of(bot)
		online, held := make(chan *xmpp.Session, 10), make(chan struct{})
		first := true
		bot.Online = func(ctx context.Context, s *xmpp.Session) error {
			online <- s
			if !first {
				return nil
			}
			first = false
			return s.Send(ctx, &stanza.Presence{})
		}
		xmpp.OnMessage(bot, func(context.Context, *stanza.Message) error { <-held; return nil })
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- bot.Run(ctx) }()
		one := withFeature(t, srv, "bob/one", "urn:x:bob")
		<-online
		synctest.Wait()
		_, err := d.Lookup(t.Context(), one.JID())
		require.NoError(t, err)
		require.NoError(t, one.Send(t.Context(), &stanza.Message{To: bot.JID(), Body: "wait"}))
		two := withFeature(t, srv, "bob/two", "urn:x:bob")
		srv.CloseStream("alice", "reset")
		<-online
		synctest.Wait()
		require.Nil(t, d.Known(one.JID()), "a new session begins with nobody")
		close(held)
		elapse(time.Minute)
		require.Nil(t, d.Known(two.JID()))
		stop()
		require.NoError(t, <-ended)
	})
}

// SECURITY S18, on a Client: it believes nothing of what others say in somebody's name, in its next session either.
func TestSecurityS18Client(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t)
		o := srv.Options("alice")
		o.Store = xmpp.FileStore(t.TempDir())
		bot := xmpp.NewClient(srv.JID("alice"), o)
		bot.Online = func(ctx context.Context, s *xmpp.Session) error { return s.Send(ctx, &stanza.Presence{}) }
		d := Of(bot)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- bot.Run(ctx) }()
		_, err := bot.Session(t.Context())
		require.NoError(t, err)
		victim := &Info{Identities: []Identity{{Category: "client", Type: "pc"}}, Features: []string{"urn:x:encryption", "urn:x:other"}}
		mallory, bob := srv.Session(t, "mallory", nil), srv.Session(t, "bob", nil)
		forger(t, mallory, victim, false, &Info{Identities: victim.Identities, Features: []string{"urn:x:forged"}})
		forger(t, bob, victim, false, victim)
		i, err := d.Lookup(t.Context(), mallory.JID())
		require.NoError(t, err)
		require.True(t, i.Has("urn:x:forged"), "of itself")
		require.Nil(t, d.Known(bob.JID()))

		srv.CloseStream("alice", "reset")
		_, err = bot.Session(t.Context())
		require.NoError(t, err)
		synctest.Wait()
		require.Nil(t, d.Known(bob.JID()))
		ok, err := d.Supports(t.Context(), bob.JID(), "urn:x:encryption")
		require.NoError(t, err)
		require.True(t, ok)
		stop()
		require.NoError(t, <-ended)
		synctest.Wait()
	})
}
