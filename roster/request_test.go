package roster

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An outlet is an endpoint that notes what is sent.
type outlet struct {
	xmpp.Endpoint
	err   error
	sent  []string
	tried int // to send
	asked int
}

func (o *outlet) Do(context.Context, *stanza.IQ) (*stanza.IQ, error) {
	o.asked++
	return &stanza.IQ{Type: stanza.Result}, o.err
}

func (o *outlet) Send(_ context.Context, st stanza.Stanza) error {
	o.tried++
	if p := st.(*stanza.Presence); o.err == nil {
		o.sent = append(o.sent, fmt.Sprint(p.Type, " ", p.To))
	}
	return o.err
}

// asked is alice's roster, with an endpoint that notes what she sends, in no session.
func asked(t *testing.T, items ...Item) (*Roster, *outlet) {
	r, o := local(t, 0), new(outlet)
	r.e, r.account = o, jid.MustParse("alice@canto.test")
	for _, it := range items {
		r.take(nil, push{item: it})
	}
	r.cache.wait()
	return r, o
}

// hear has presence arrive; an empty type is available presence; it's from nobody when from is empty.
func (r *Roster) hear(t *testing.T, typ stanza.PresenceType, from string) {
	t.Helper()
	p := &stanza.Presence{Type: typ}
	if from != "" {
		p.From = jid.MustParse(from)
	}
	require.NoError(t, r.handlePresence(t.Context(), p))
}

// TestWhatIsARequest holds which requests are told and answered, by what is known of the contact already (RFC 6121 appendix
// A.3.1): the server should send no others.
func TestWhatIsARequest(t *testing.T) {
	const bob = "bob@canto.test"
	with := func(sub Subscription, ask bool) []Item { return []Item{{JID: bobsJID, Subscription: sub, Ask: ask}} }
	yes, no := "subscribed "+bob, "unsubscribed "+bob
	for name, c := range map[string]struct {
		items  []Item
		policy Policy
		from   string
		told   int
		sent   []string
	}{
		"a stranger":                    {nil, AcceptAll, bob, 1, []string{yes}},
		"a full address":                {nil, AcceptAll, bob + "/phone", 1, []string{yes}},
		"ask":                           {nil, Ask, bob, 1, nil},
		"refuse":                        {nil, Refuse, bob, 1, []string{no}},
		"ourselves":                     {nil, AcceptAll, "alice@canto.test/other", 0, nil},
		"from nobody":                   {nil, AcceptAll, "", 0, nil},
		"granted":                       {with(From, false), AcceptAll, bob, 0, nil},
		"granted both ways":             {with(Both, false), AcceptMutual, bob, 0, nil},
		"granted, others are refused":   {with(From, false), Refuse, bob, 0, nil},
		"both ways, others are refused": {with(Both, false), Refuse, bob, 0, nil},
		"refuse one whom we see":        {with(To, false), Refuse, bob, 1, []string{no}},
		"mutual":                        {nil, AcceptMutual, bob, 1, []string{yes, "subscribe " + bob}},
		"mutual, no contact of ours":    {with(None, false), AcceptMutual, bob, 1, []string{yes, "subscribe " + bob}},
		"mutual, we have asked already": {with(None, true), AcceptMutual, bob, 1, []string{yes}},
		"mutual, we see them already":   {with(To, false), AcceptMutual, bob, 1, []string{yes}},
	} {
		t.Run(name, func(t *testing.T) {
			r, o := asked(t, c.items...)
			told := 0
			require.NoError(t, r.HandleRequests(t.Context(), c.policy, func(_ context.Context, rq Request) error {
				told++
				assert.Equal(t, bobsJID, rq.From)
				return nil
			}))
			r.hear(t, stanza.Subscribe, c.from)
			assert.Equal(t, c.told, told)
			assert.Equal(t, c.sent, o.sent)
			waits := 0
			if c.policy == Ask {
				waits = 1
			}
			assert.Len(t, r.Requests(), waits)
			if waits == 1 {
				r.hear(t, stanza.Subscribe, c.from)
				assert.Equal(t, 1, told, "it's known")
				assert.Equal(t, State{Subscription: None, PendingIn: true}, r.State(bobsJID))
			}
		})
	}
}

// TestAnsweredElsewhere holds which pushes say that another of our sessions has answered a request.
func TestAnsweredElsewhere(t *testing.T) {
	for sub, waits := range map[Subscription]int{None: 1, To: 1, From: 0, Both: 0} {
		r, _ := asked(t, Item{JID: bobsJID, Name: "Bob", Subscription: None})
		r.hear(t, stanza.Subscribe, bobsJID.String())
		r.hear(t, stanza.Subscribe, "carol@canto.test")
		r.take(nil, push{item: Item{JID: bobsJID, Subscription: sub}})
		assert.Len(t, r.Requests(), waits+1, sub)
		r.hear(t, stanza.Unsubscribe, "carol@canto.test/phone")
		assert.Len(t, r.Requests(), waits, "taken back")
		r.cache.wait()
	}
}

// TestRequestOrder holds the order of Requests, and that HandleRequests answers in it.
func TestRequestOrder(t *testing.T) {
	r, o := asked(t)
	var want []string
	for i := range 10 {
		who := fmt.Sprintf("u%d@canto.test", 9-i)
		r.hear(t, stanza.Subscribe, who)
		want = append([]string{"subscribed " + who}, want...)
	}
	require.NoError(t, r.HandleRequests(t.Context(), AcceptAll, nil))
	assert.Equal(t, want, o.sent)
}

// TestManyRequests holds that no more than maxRequests are remembered, and that all are told.
func TestManyRequests(t *testing.T) {
	r, o := asked(t)
	for i := range maxRequests + 1 {
		r.hear(t, stanza.Subscribe, fmt.Sprintf("u%d@canto.test", i))
	}
	assert.Len(t, r.Requests(), maxRequests)
	require.NoError(t, r.HandleRequests(t.Context(), Ask, nil))
	r.answerer.policy = AcceptAll
	r.hear(t, stanza.Subscribe, bobsJID.String())
	assert.Equal(t, []string{"subscribed bob@canto.test"}, o.sent)
	assert.Len(t, r.Requests(), maxRequests)
}

// TestAnswerThatIsNotSent holds that a request stays as long as its answer was not sent, and that the error is the call's.
func TestAnswerThatIsNotSent(t *testing.T) {
	failed := errors.New("the line is dead")
	for name, call := range map[string]func(*Roster) error{
		"accept all":    func(r *Roster) error { return r.HandleRequests(t.Context(), AcceptAll, nil) },
		"accept mutual": func(r *Roster) error { return r.HandleRequests(t.Context(), AcceptMutual, nil) },
		"refuse":        func(r *Roster) error { return r.HandleRequests(t.Context(), Refuse, nil) },
		"approve":       func(r *Roster) error { return r.Approve(t.Context(), bobsJID) },
		"deny":          func(r *Roster) error { return r.Deny(t.Context(), bobsJID) },
		"a handler that fails": func(r *Roster) error {
			return r.HandleRequests(t.Context(), Ask, func(context.Context, Request) error { return failed })
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, o := asked(t)
			r.hear(t, stanza.Subscribe, bobsJID.String())
			before := r.Requests()
			o.err = failed
			assert.ErrorIs(t, call(r), failed)
			assert.LessOrEqual(t, o.tried, 1, "nothing else is sent")
			assert.Equal(t, before, r.Requests())
			require.ErrorIs(t, r.Subscribe(t.Context(), bobsJID), failed)
			require.ErrorIs(t, r.Cancel(t.Context(), jid.MustParse("carol@canto.test")), failed)
			assert.Equal(t, before, r.Requests(), "another one's is no request")
			o.err = nil
			require.NoError(t, r.Subscribe(t.Context(), bobsJID))
			require.NoError(t, r.Unsubscribe(t.Context(), bobsJID))
			assert.Equal(t, before, r.Requests(), "that is no answer")
		})
	}
	r, _ := asked(t)
	assert.ErrorIs(t, r.Subscribe(t.Context(), jid.JID{}), errNoAddress)
	assert.ErrorIs(t, r.PreApprove(t.Context(), bobsJID), ErrClosed)
}
