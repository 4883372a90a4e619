package pubsub

import (
	"errors"
	"fmt"
	"strconv"
	"testing"

	"github.com/canto-im/canto/internal/specexample"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/stretchr/testify/require"
)

// again is the codec of what this package reads and writes.
func again(s string) (string, error) {
	e, err := stanza.ParseElement(s)
	if err != nil {
		return "", err
	}
	b, err := parse(e)
	if err != nil {
		return "", err
	}
	out := stanza.Payload(b)
	return out.String(), out.Err()
}

// Why an example has nothing for this package to read.
const (
	discovery  = "service discovery and capabilities: package disco's"
	addressing = "it shows an address alone"
	empty      = "an empty result"
)

func TestExamplesOfTheXEPs(t *testing.T) {
	const pubsub, owner, event = "http://jabber.org/protocol/pubsub pubsub", "http://jabber.org/protocol/pubsub#owner pubsub", "http://jabber.org/protocol/pubsub#event event"
	for file, x := range map[string]struct {
		codecs map[string]specexample.Codec
		none   map[string]string
	}{
		"0060": {map[string]specexample.Codec{pubsub: again, owner: again, event: again,
			"jabber:client error": specexample.As[stanza.Error](), "jabber:x:data x": specexample.As[form.Form](),
			"http://jabber.org/protocol/commands command": specexample.As[command]()}, map[string]string{
			"4": addressing, "5": addressing, "6": addressing,
			"7": discovery, "8": discovery, "9": discovery, "10": discovery, "11": discovery, "12": discovery, "13": discovery, "15": discovery, "54": discovery,
			"211": discovery, "212": discovery, "213": discovery, "214": discovery, "215": discovery,
			"65": empty, "116": empty, "135": empty, "138": empty, "148": empty, "159": empty, "164": empty, "190": empty, "203": empty,
		}},
		"0163": {map[string]specexample.Codec{pubsub: again, event: again}, map[string]string{
			"4": discovery, "5": discovery, "7": discovery, "8": discovery, "10": discovery, "11": discovery}},
		"0222": {map[string]specexample.Codec{pubsub: again, event: again}, map[string]string{"6": discovery, "7": discovery}},
		"0223": {map[string]specexample.Codec{pubsub: again, event: again}, map[string]string{"5": discovery, "6": discovery}},
	} {
		specexample.Run(t, "testdata/xep"+file+".xml", x.codecs, x.none)
	}
}

// conditions is XEP-0060 §17.2.
var conditions = []Condition{ClosedNode, ConfigurationRequired, InvalidJID, InvalidOptions, InvalidPayload, InvalidSubID, ItemForbidden, ItemRequired,
	JIDRequired, MaxItemsExceeded, MaxNodesExceeded, NodeIDRequired, NotInRosterGroup, NotSubscribed, PayloadTooBig, PayloadRequired,
	PendingSubscription, PreconditionNotMet, PresenceSubscriptionRequired, SubIDRequired, TooManySubscriptions, Unsupported, UnsupportedAccessModel}

// Every error in the examples of XEP-0060 comes out as its two conditions, and no other.
func TestErrorsOfTheXEP(t *testing.T) {
	seen := map[Condition]bool{}
	for _, x := range specexample.Load(t, "testdata/xep0060.xml") {
		for n := range x.All {
			if n.Name.Space != "jabber:client" || n.Name.Local != "error" {
				continue
			}
			e, err := stanza.ParseElement(n.String())
			require.NoError(t, err)
			var refused stanza.Error
			require.NoError(t, e.Decode(&refused))
			ours := fmt.Errorf("wrapped: %w", &Error{Op: "publish to", Service: jid.MustParse("pubsub.shakespeare.lit"), Node: "n", Err: &refused})
			require.ErrorIs(t, ours, refused.Condition)
			var as *stanza.Error
			require.ErrorAs(t, ours, &as)
			for _, c := range conditions {
				is := !e.Child("http://jabber.org/protocol/pubsub#errors", string(c)).IsZero()
				require.Equal(t, is, errors.Is(ours, c), "%s in %s", c, n)
				if is {
					seen[c] = true
					require.ErrorContains(t, ours, strconv.Quote(string(c)))
				}
			}
			var got *Error
			require.ErrorAs(t, ours, &got)
			require.Equal(t, e.Child("", "unsupported").Attr("feature"), got.Feature())
		}
	}
	require.Greater(t, len(seen), 15)
	plain := &Error{Op: "publish to", Node: "n\n", Err: stanza.ItemNotFound}
	require.EqualError(t, plain, `pubsub: publish to "n\n" at our own account: stanza: item-not-found`)
	require.NotErrorIs(t, plain, Condition(""))
	require.Empty(t, plain.Feature())
	require.EqualError(t, NotSubscribed, "pubsub: not-subscribed")
}

// FuzzBody: what can be read can be written, and is then the same; and an event is read without a panic.
func FuzzBody(f *testing.F) {
	for _, file := range []string{"0060", "0163", "0222", "0223"} {
		for _, x := range specexample.Load(f, "testdata/xep"+file+".xml") {
			for n := range x.All {
				if n.Name.Local == "pubsub" || n.Name.Local == "event" {
					f.Add(n.String())
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := stanza.ParseElement(s)
		if err != nil {
			return
		}
		m := &stanza.Message{From: jid.MustParse("a@example.com"), Payloads: []stanza.Element{e}}
		if p, err := told(e, ""); err == nil && p != nil {
			_, _ = decode[stanza.Element](m, m.From, p)
			_, _ = decode[*struct{ X int }](m, m.From, p)
		}
		b, err := parse(e)
		if err != nil {
			return
		}
		out := stanza.Payload(b)
		if out.Err() != nil {
			t.Fatalf("%v of %q", out.Err(), s)
		}
		twice, err := parse(out)
		if err != nil {
			t.Fatalf("%v of %q", err, out)
		}
		if once, again := out.String(), stanza.Payload(twice).String(); once != again {
			t.Fatalf("%q and %q", once, again)
		}
	})
}
