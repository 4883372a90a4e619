package pubsub_test

import (
	"fmt"
	"testing"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/pubsub"
	"github.com/stretchr/testify/require"
)

// What is published at our account can be read by contacts, one by one and all together, until it's retracted.
func TestPublishAndRead(t *testing.T) {
	alice, bob := pair(t, serve(t))
	ctx := within(t)
	many := form.Of(pubsub.MaxItems, "max")
	id, err := pubsub.Publish(ctx, alice, own, node, "", note{Text: "first"}, many)
	require.NoError(t, err)
	require.NotEmpty(t, id)
	second, err := pubsub.Publish(ctx, alice, own, node, "2", note{Text: "second"})
	require.NoError(t, err)
	require.Equal(t, "2", second)
	at := alice.JID().Bare()
	got, err := pubsub.Get[note](ctx, bob, at, node, id)
	require.NoError(t, err)
	require.Equal(t, "first", got.Payload.Text)
	require.Equal(t, id, got.ID)
	last, err := pubsub.Latest[stanza.Element](ctx, bob, at, node)
	require.NoError(t, err)
	require.Equal(t, "second", last.Payload.Child("", "text").Text())
	require.Equal(t, last.Raw, last.Payload)

	var texts []string
	for item, err := range pubsub.Items[note](ctx, bob, at, node, nil) {
		require.NoError(t, err)
		texts = append(texts, item.Payload.Text)
	}
	require.Equal(t, []string{"first", "second"}, texts)

	require.NoError(t, pubsub.Retract(ctx, alice, own, node, id))
	require.ErrorIs(t, pubsub.RetractQuietly(ctx, alice, own, node, id), stanza.ItemNotFound)
	_, err = pubsub.Get[note](ctx, bob, at, node, id)
	require.ErrorIs(t, err, stanza.ItemNotFound)
	require.NoError(t, pubsub.Purge(ctx, alice, own, node))
	_, err = pubsub.Latest[note](ctx, bob, at, node)
	require.ErrorIs(t, err, stanza.ItemNotFound)
	for range pubsub.Items[note](ctx, bob, at, node, nil) {
		t.Error("nothing is there")
	}
	require.NoError(t, pubsub.Delete(ctx, alice, own, node, ""))
	for _, err := range pubsub.Items[note](ctx, bob, at, node, nil) {
		require.ErrorIs(t, err, stanza.ItemNotFound)
	}
}

// A long list comes page by page, as far as it's wanted.
func TestItemsByPage(t *testing.T) {
	srv := serve(t)
	alice := srv.Session(t, "alice", nil)
	ctx := within(t)
	for i := range 10 {
		_, err := pubsub.Publish(ctx, alice, own, node, fmt.Sprint(i), note{}, form.Of(pubsub.MaxItems, "max"))
		require.NoError(t, err)
	}
	for name, c := range map[string]struct {
		q       *pubsub.Query
		want    string
		stop    int
		queries int
	}{
		"all":             {nil, "0123456789", 99, 1},
		"pages":           {&pubsub.Query{Page: 3}, "0123456789", 99, 5},
		"the first pages": {&pubsub.Query{Page: 3}, "01234", 5, 2},
		"the last":        {&pubsub.Query{Latest: 2}, "89", 99, 1},
		"some":            {&pubsub.Query{IDs: []string{"7", "3"}}, "73", 99, 1},
	} {
		t.Run(name, func(t *testing.T) {
			before, got := len(said(srv, "alice", "<items ")), ""
			for item, err := range pubsub.Items[note](ctx, alice, own, node, c.q) {
				require.NoError(t, err)
				if got += item.ID; len(got) == c.stop {
					break
				}
			}
			require.Equal(t, c.want, got)
			require.Len(t, said(srv, "alice", "<items "), before+c.queries)
		})
	}
}

// The last so many items are all that was asked for, although a service says where more of them would be.
func TestLatestAreAll(t *testing.T) {
	srv := serve(t)
	s := srv.Session(t, "alice", nil)
	srv.ReplaceReply("alice", "<iq type='result' id='${id}'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='"+node+"'><item id='8'/><item id='9'/></items>"+
		"<set xmlns='http://jabber.org/protocol/rsm'><first index='8'>8</first><last>9</last><count>10</count></set></pubsub></iq>")
	got := ""
	for item, err := range pubsub.Items[note](within(t), s, own, node, &pubsub.Query{Latest: 2}) {
		require.NoError(t, err)
		got += item.ID
	}
	require.Equal(t, "89", got)
}

// An item that is not what was asked for is told as such, and does no harm to the others.
func TestItemsOfAnotherType(t *testing.T) {
	alice := serve(t).Session(t, "alice", nil)
	ctx := within(t)
	for i, payload := range []any{note{Text: "1"}, stanza.Payload(struct {
		XMLName struct{} `xml:"urn:other other"`
	}{}), note{Text: "3"}} {
		_, err := pubsub.Publish(ctx, alice, own, node, fmt.Sprint(i), payload, form.Of(pubsub.MaxItems, "max"))
		require.NoError(t, err)
	}
	var good, bad []string
	for item, err := range pubsub.Items[note](ctx, alice, own, node, nil) {
		var wrong *pubsub.PayloadError
		if err == nil {
			good = append(good, item.Payload.Text)
			continue
		}
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, wrong.Raw, item.Raw)
		require.ErrorContains(t, err, `item "1"`)
		bad = append(bad, wrong.ID)
	}
	require.Equal(t, []string{"1", "3"}, good)
	require.Equal(t, []string{"1"}, bad)
	_, err := pubsub.Publish(ctx, alice, own, node, "", make(chan int))
	require.Error(t, err, "nothing that can be written")
}

// The whole life of a node at a service: made, configured, published at by others who may, and deleted.
func TestOwner(t *testing.T) {
	alice, bob := pair(t, serve(t))
	ctx := within(t)
	name, err := pubsub.Create(ctx, alice, service, "", form.Of(pubsub.Title, "Notes"))
	require.NoError(t, err)
	require.NotEmpty(t, name)
	_, err = pubsub.Create(ctx, bob, service, name)
	require.ErrorIs(t, err, stanza.Conflict)
	_, err = pubsub.Publish(ctx, bob, service, name, "", note{})
	require.ErrorIs(t, err, stanza.Forbidden)
	_, err = pubsub.Config(ctx, bob, service, name)
	require.ErrorIs(t, err, stanza.Forbidden)

	f, err := pubsub.Config(ctx, alice, service, name)
	require.NoError(t, err)
	require.Equal(t, "Notes", f.Value(pubsub.Title))
	require.NoError(t, form.Set(f.Fields, pubsub.AccessModel, pubsub.Whitelist))
	answer, err := f.Submit()
	require.NoError(t, err)
	require.NoError(t, pubsub.Configure(ctx, alice, service, name, answer.Fields...))
	for _, err := range pubsub.Items[note](ctx, bob, service, name, nil) {
		require.ErrorIs(t, err, pubsub.ClosedNode)
		require.ErrorIs(t, err, stanza.NotAllowed)
	}
	require.NoError(t, pubsub.SetAffiliates(ctx, alice, service, name, pubsub.Affiliate{JID: bob.JID(), Affiliation: pubsub.Publisher}))
	list, err := pubsub.Affiliates(ctx, alice, service, name)
	require.NoError(t, err)
	require.Equal(t, []pubsub.Affiliate{
		{Node: name, JID: alice.JID().Bare(), Affiliation: pubsub.Owner}, {Node: name, JID: bob.JID().Bare(), Affiliation: pubsub.Publisher},
	}, list)
	mine, err := pubsub.Affiliations(ctx, bob, service, "")
	require.NoError(t, err)
	require.Equal(t, list[1:], mine)
	_, err = pubsub.Publish(ctx, bob, service, name, "", note{})
	require.NoError(t, err)
	require.ErrorIs(t, pubsub.SetAffiliates(ctx, alice, service, name, pubsub.Affiliate{JID: alice.JID(), Affiliation: pubsub.NoOne}), stanza.NotAcceptable)

	def, err := pubsub.DefaultConfig(ctx, alice, service)
	require.NoError(t, err)
	require.Equal(t, pubsub.Open, def.Value(pubsub.AccessModel))
	require.ErrorIs(t, pubsub.Configure(ctx, alice, service, name, form.Of("pubsub#no_such", true)), stanza.NotAcceptable)
	require.NoError(t, pubsub.Delete(ctx, alice, service, name, "xmpp:pubsub.example.com?;node=new"))
	require.ErrorIs(t, pubsub.Purge(ctx, alice, service, name), stanza.ItemNotFound)
}

// Options are preconditions: a node that is configured otherwise is not published at.
func TestPreconditions(t *testing.T) {
	alice := serve(t).Session(t, "alice", nil)
	ctx := within(t)
	_, err := pubsub.Publish(ctx, alice, own, node, "1", note{})
	require.NoError(t, err)
	_, err = pubsub.Publish(ctx, alice, own, node, "1", note{Text: "other"}, form.Of(pubsub.AccessModel, pubsub.Whitelist))
	require.ErrorIs(t, err, pubsub.PreconditionNotMet)
	require.ErrorIs(t, err, stanza.Conflict)
	got, err := pubsub.Get[note](ctx, alice, own, node, "1")
	require.NoError(t, err)
	require.Empty(t, got.Payload.Text)
	_, err = pubsub.Publish(ctx, alice, own, node, "1", note{Text: "other"}, form.Of(pubsub.AccessModel, pubsub.Presence))
	require.NoError(t, err)
}
