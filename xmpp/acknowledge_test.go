package xmpp_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// TestOwedOnce: what was in hand at an <r/> is acknowledged when it's handled, and what comes later is not for that.
func TestOwedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openManaged(t, nil)
		release := make(chan struct{})
		xmpp.OnMessage(s, func(context.Context, *stanza.Message) error { <-release; return nil })
		p.say("<message from='romeo@example.net'><body>1</body></message><r xmlns='urn:xmpp:sm:3'/>")
		require.Equal(t, "<a xmlns='urn:xmpp:sm:3' h='0'/>", p.hear().String())
		close(release)
		require.Equal(t, "<a xmlns='urn:xmpp:sm:3' h='1'/>", p.hear().String())
		p.say("<message from='romeo@example.net'><body>2</body></message><message from='romeo@example.net'><body>3</body></message>")
		synctest.Wait()
		p.hearNothing()
	})
}

// TestAnswersToldTooEarly: what an <a/> does not tell of is asked about every five seconds, for as long as it takes: the server may answer
// before it has handled all, and says nothing more by itself.
func TestAnswersToldTooEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openManaged(t, nil)
		delivered := make(chan error, 1)
		go func() { delivered <- s.Deliver(t.Context(), &stanza.Message{To: romeo, Body: "hello"}) }()
		require.IsType(t, &stanza.Message{}, p.hearStanza())
		start := time.Now()
		for i := range 4 {
			require.Equal(t, "r", p.hear().Name().Local)
			require.Equal(t, time.Duration(i)*5*time.Second, time.Since(start))
			p.say("<a xmlns='urn:xmpp:sm:3' h='0'/>")
		}
		p.say("<a xmlns='urn:xmpp:sm:3' h='1'/>")
		require.NoError(t, <-delivered)
		elapse(30 * time.Second)
		p.hearNothing()
	})
}

// TestManagementRefusedWhileDeliverWaits: nobody will ever say what became of the stanza.
func TestManagementRefusedWhileDeliverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openDeaf(t, nil, bindFeature+smFeature)
		p.listen()
		require.Equal(t, "enable", p.hear().Name().Local)
		delivered := make(chan error, 1)
		go func() { delivered <- s.Deliver(t.Context(), &stanza.Message{To: romeo, Body: "hello"}) }()
		require.IsType(t, &stanza.Message{}, p.hearStanza())
		p.say("<failed xmlns='urn:xmpp:sm:3'><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>")
		require.ErrorIs(t, <-delivered, xmpp.ErrUnknownDelivery)
	})
}

// full fills what may be unacknowledged.
func full(t *testing.T, s *xmpp.Session, p *peer) (sent int) {
	t.Helper()
	for s.Send(expired(t), &stanza.Message{To: romeo, Body: "x"}) == nil {
		sent++
	}
	require.Greater(t, sent, 100)
	for heard := 0; heard < sent; {
		if p.hear().Name().Local == "message" {
			heard++
		}
	}
	return sent
}

// expired is a context that lasts as long as something can be done at once.
func expired(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// TestAcknowledgementMakesRoom: a sender waits while too much is unacknowledged, and no longer.
func TestAcknowledgementMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openManaged(t, nil)
		sent := full(t, s, p)
		waiting := make(chan error, 1)
		go func() { waiting <- s.Send(t.Context(), &stanza.Message{To: romeo, Body: "waits"}) }()
		elapse(time.Second)
		require.Empty(t, waiting)
		before := time.Now()
		p.say("<a xmlns='urn:xmpp:sm:3' h='%d'/>", sent)
		require.NoError(t, <-waiting)
		require.Zero(t, time.Since(before))
	})
}

// TestReadersOwnStanzasCount: what the reader itself has to say is counted although no sender may send.
func TestReadersOwnStanzasCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openManaged(t, nil)
		sent := full(t, s, p)
		p.say("<iq type='get' id='odd' from='romeo@example.net/orchard'><x xmlns='urn:x'/><y xmlns='urn:y'/></iq>")
		for p.hear().Name().Local != "iq" {
		}
		p.say("<a xmlns='urn:xmpp:sm:3' h='%d'/>", sent+1)
		elapse(time.Second)
		require.NoError(t, s.Err())
		require.NoError(t, s.Send(t.Context(), &stanza.Message{To: romeo, Body: "on"}))
	})
}

// TestResumptionIsTried: right after <resumed/> the client asks for an acknowledgement, though nothing is open: the answer
// says that the stream is of use.
func TestResumptionIsTried(t *testing.T) {
	perform(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
		a := enter(t, srv, "alice")
		elapse(time.Minute)
		srv.DropConns()
		a.become(xmpp.Suspended, xmpp.Resumed)
		synctest.Wait()
		var since []string
		for _, e := range srv.Transcript("alice") {
			if strings.HasPrefix(e.XML, "<resume ") {
				since = nil
			}
			since = append(since, e.XML)
		}
		require.Contains(t, since, "<r xmlns='urn:xmpp:sm:3'/>")
	})
}

// TestQuietStreamIsSaved: a stream is in the store although nothing was ever sent on it.
func TestQuietStreamIsSaved(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		o := srv.Options("alice")
		o.Store = xmpp.FileStore(t.TempDir())
		run(t, xmpp.NewClient(srv.JID("alice/bot"), o))
		elapse(time.Second)
		b, _, err := o.Store.Load(t.Context(), streamKey)
		require.NoError(t, err)
		require.NotEmpty(t, b)
	})
}

// TestSilencesWithProgressBetween: a stream is given up after several silences of which nothing came between, and only then.
func TestSilencesWithProgressBetween(t *testing.T) {
	perform(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
		o := srv.Options("alice")
		o.DeadAfter = 5 * time.Second
		a := enterWith(t, srv, "alice", o)
		for range 8 {
			srv.Freeze()
			pending := a.deliver("bob", "hello")
			require.ErrorIs(t, a.become(xmpp.Suspended).Err, xmpp.ErrPeerSilent)
			srv.DropConns()
			srv.Thaw()
			a.next(xmpp.Resumed)
			require.NoError(t, <-pending)
		}
		require.EqualValues(t, 1, srv.Stats().Binds)
	})
}

// TestSilencesWithProgressInResumed: a server that acknowledges with <resumed/> alone goes on with the stream, too.
func TestSilencesWithProgressInResumed(t *testing.T) {
	perform(t, xmpptest.Options{}, func(t *testing.T, srv *xmpptest.Server) {
		o := srv.Options("alice")
		o.DeadAfter = 5 * time.Second
		a := enterWith(t, srv, "alice", o)
		srv.FaultSM(xmpptest.SMFaults{Silent: true})
		for range 8 {
			pending := a.deliver("bob", "hello")
			require.ErrorIs(t, a.become(xmpp.Suspended).Err, xmpp.ErrPeerSilent)
			a.next(xmpp.Resumed)
			require.NoError(t, <-pending)
		}
		require.EqualValues(t, 1, srv.Stats().Binds)
		srv.FaultSM(xmpptest.SMFaults{})
	})
}

// TestNoRoomForThisMuch: a stanza for which there is no room is not written, and what there is room for goes before it.
func TestNoRoomForThisMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := openManaged(t, nil)
		body := strings.Repeat("x", 300<<10)
		for range 3 {
			require.NoError(t, s.Send(t.Context(), &stanza.Message{To: romeo, Body: body}))
		}
		waiting := make(chan error, 1)
		go func() { waiting <- s.Send(t.Context(), &stanza.Message{ID: "large", To: romeo, Body: body}) }()
		synctest.Wait()
		require.Empty(t, waiting)
		require.NoError(t, s.Send(t.Context(), &stanza.Message{ID: "small", To: romeo}))
		ids := func(n int) (list []string) {
			for len(list) < n {
				if e := p.hear(); e.Name().Local == "message" {
					list = append(list, e.Attr("id"))
				}
			}
			return list
		}
		require.Equal(t, []string{"", "", "", "small"}, ids(4))
		p.say("<a xmlns='urn:xmpp:sm:3' h='4'/>")
		require.NoError(t, <-waiting)
		require.Equal(t, []string{"large"}, ids(1))
	})
}

// TestOrderlyEndAsksOnceMore: what the server has read by the end of the stream is acknowledged, and where it does not say
// so, an end in order says that it has read all (RFC 6120 §4.4): nothing comes back.
func TestOrderlyEndAsksOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		back := 0
		s, p := openManaged(t, &xmpp.Options{Undelivered: func(stanza.Stanza, error) { back++ }})
		names := func() (list []string) {
			synctest.Wait()
			for len(p.heard) > 0 {
				list = append(list, p.hear().Name().Local)
			}
			return list
		}
		for range 2 {
			require.NoError(t, s.Send(t.Context(), &stanza.Message{To: romeo, Body: "x"}))
			require.Contains(t, names(), "message")
		}
		require.NoError(t, s.Close())
		<-p.ended
		require.Contains(t, names(), "r")
		require.Zero(t, back)
	})
}

// TestChannelGivenUpInHand: what was in hand for a channel that the program has given up keeps no later one from being acknowledged,
// once it's clear that the program does not close the session with it; if it does, the server keeps both.
func TestChannelGivenUpInHand(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration
		h     string
	}{
		"the session goes on": {5 * time.Second, "2"},
		"it is closed, too":   {5*time.Second - 1, "0"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := openManaged(t, nil)
				ctx, giveUp := context.WithCancel(t.Context())
				s.Messages(ctx)
				p.say(chatOf("1"))
				synctest.Wait()
				giveUp()
				synctest.Wait()
				p.say(chatOf("2") + "<r xmlns='urn:xmpp:sm:3'/>")
				require.Equal(t, "0", p.hear().Attr("h"))
				elapse(c.after)
				synctest.Wait()
				go s.Close()
				told := ""
				for synctest.Wait(); len(p.heard) > 0; {
					if e := p.hear(); e.Name().Local == "a" {
						told = e.Attr("h")
					}
				}
				require.Equal(t, c.h, told)
			})
		})
	}
}
