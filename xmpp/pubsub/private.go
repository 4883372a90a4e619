package pubsub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/disco"
	"github.com/canto-im/canto/xmpp/form"
)

var errNotPrivate = errors.New("the access model of private data is \"whitelist\" (XEP-0223 §2)")

// PublishPrivate publishes an item at our own account that nobody else may see (XEP-0223): Publish with the options that items are kept and
// that the node has a Whitelist, on which nobody is but ourselves, and with those of options. Where the server does not heed such
// options nothing is published: ErrNoOptions. A node that is there and is configured otherwise, so that perhaps others can read it,
// is configured anew first, and those who had subscribed to it meanwhile are put off; if that fails nothing is published, and the error is
// that of Configure and PreconditionNotMet, or ErrSubscribers. The same goes for a server that refuses one of options: the node is then made, or
// configured, by itself. Who has been put on the list of a node that is closed already (SetAffiliates) stays there.
func PublishPrivate(ctx context.Context, e xmpp.Endpoint, node, id string, payload any, options ...form.Field) (string, error) {
	if f := form.Fields(options).Field(AccessModel); f != nil && f.Text() != Whitelist {
		return "", target{e: e, node: node}.fail("publish privately to", errNotPrivate)
	}
	options = with(options, form.Of(PersistItems, true), form.Of(AccessModel, Whitelist))
	published, err := keep(ctx, e, node, id, payload, options)
	switch {
	case errors.Is(err, PreconditionNotMet):
		if failed := enclose(ctx, e, node, options); failed != nil {
			return "", fmt.Errorf("%w, and: %w", err, failed)
		}
	case unknownOption(err):
		failed := create(ctx, e, node, options)
		if errors.Is(failed, stanza.Conflict) {
			failed = enclose(ctx, e, node, options)
		}
		if failed != nil {
			return "", fmt.Errorf("%w, and: %w", err, failed)
		}
		options = essential(options)
	default:
		return published, err
	}
	// Never without the option that matters: what can't be had closed is not published open.
	return keep(ctx, e, node, id, payload, options)
}

// enclose configures a node that is there such that nobody else hears of what is published at it. Who has subscribed while it was open may
// go on reading: XEP-0060 §6.5.1 lets subscribers do so, and ejabberd takes it at its word.
func enclose(ctx context.Context, e xmpp.Endpoint, node string, options []form.Field) error {
	now, err := Config(ctx, e, jid.JID{}, node)
	if err != nil {
		return err
	}
	closed := now.Value(AccessModel) == Whitelist
	if !closed { // first, as a node that is closed and has others in it would not be noticed another time
		err = dismiss(ctx, e, node)
	}
	if err == nil {
		err = Configure(ctx, e, jid.JID{}, node, options...)
	}
	if err == nil && !closed {
		err = dismiss(ctx, e, node) // who has come meanwhile
	}
	return err
}

// dismiss ends all subscriptions of others to a node of ours.
func dismiss(ctx context.Context, e xmpp.Endpoint, node string) error {
	list, err := Subscribers(ctx, e, jid.JID{}, node)
	var refused *stanza.Error
	if errors.As(err, &refused) {
		return fmt.Errorf("%w: %w", ErrSubscribers, err)
	}
	others := slices.DeleteFunc(list, func(s Subscription) bool { return s.JID.Bare() == e.JID().Bare() })
	if err != nil || len(others) == 0 {
		return err
	}
	for i := range others {
		others[i].State = None
	}
	return SetSubscribers(ctx, e, jid.JID{}, node, others...)
}

// unknownOption reports whether err may be the refusal of an option that the server does not know (XEP-0060 §7.1.5): of which condition
// that is, nothing is said. It may know the same field as one of a new node's.
func unknownOption(err error) bool {
	var refused *stanza.Error
	return errors.As(err, &refused) && !errors.Is(err, stanza.Forbidden) && !errors.Is(err, PreconditionNotMet)
}

func create(ctx context.Context, e xmpp.Endpoint, node string, options []form.Field) error {
	_, err := Create(ctx, e, jid.JID{}, node, options...)
	return err
}

// essential is who may read.
func essential(options []form.Field) []form.Field {
	return slices.DeleteFunc(slices.Clone(options), func(f form.Field) bool { return f.Var != AccessModel && f.Var != RosterGroups })
}

// PublishPublic publishes an item at our own account that is kept for others to fetch (XEP-0222): Publish with the options that items
// are kept, that the last one is not sent again to whoever comes online, and, unless options name another AccessModel, that the node is Open. Where
// the server does not heed such options nothing is published: ErrNoOptions. A node that is there and is configured otherwise fails with
// PreconditionNotMet: it may hold what its owner does not want to be seen by everybody. Configure changes it where that is what is wanted.
func PublishPublic(ctx context.Context, e xmpp.Endpoint, node, id string, payload any, options ...form.Field) (string, error) {
	options = with(options, form.Of(PersistItems, true), form.Of(SendLast, "never"), form.Of(AccessModel, Open))
	published, err := keep(ctx, e, node, id, payload, options)
	if !unknownOption(err) {
		return published, err
	}
	if failed := create(ctx, e, node, options); failed != nil && !errors.Is(failed, stanza.Conflict) {
		return "", fmt.Errorf("%w, and: %w", err, failed)
	}
	return keep(ctx, e, node, id, payload, essential(options)) // one that is there is not changed
}

// with adds those of more to options that they do not name.
func with(options []form.Field, more ...form.Field) []form.Field {
	list := slices.Clone(options)
	for _, f := range more {
		if form.Fields(options).Field(f.Var) == nil {
			list = append(list, f)
		}
	}
	return list
}

// keep publishes at our own account, where the server is known to heed the options.
func keep(ctx context.Context, e xmpp.Endpoint, node, id string, payload any, options []form.Field) (string, error) {
	heeds, err := xmpp.Shared[abilities](e).heedsOptions(ctx, e)
	if err == nil && !heeds {
		err = ErrNoOptions
	}
	if err != nil {
		return "", target{e: e, node: node}.fail("publish to", err)
	}
	return Publish(ctx, e, jid.JID{}, node, id, payload, options...)
}

// abilities is what is known of our own account's server, for one session.
type abilities struct {
	once sync.Once

	mu    sync.Mutex // protects what follows
	heeds bool       // publish-options
	epoch int        // of sessions
}

// heedsOptions reports whether our account heeds the options of a publication, which is asked once a session. XEP-0223 §6: it has to be.
func (a *abilities) heedsOptions(ctx context.Context, e xmpp.Endpoint) (bool, error) {
	a.once.Do(func() {
		_, _ = xmpp.OnSession(context.Background(), e, func(context.Context, *xmpp.Session) (func(), error) {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.heeds, a.epoch = false, a.epoch+1
			return nil, nil
		}) // it has no error of its own; an e that is no endpoint of xmpp's is asked each time: see xmpp.Shared
	})
	a.mu.Lock()
	heeds, epoch := a.heeds, a.epoch
	a.mu.Unlock()
	if heeds {
		return true, nil
	}
	heeds, err := offers(ctx, e, ns.PubSubPublish)
	a.mu.Lock()
	defer a.mu.Unlock()
	if epoch == a.epoch {
		a.heeds = heeds
	}
	return heeds, err
}

// offers asks our account (XEP-0163 §6.1), and then its server (XEP-0223 §5), for a feature.
func offers(ctx context.Context, e xmpp.Endpoint, feature string) (bool, error) {
	var refused *stanza.Error
	for _, who := range []jid.JID{e.JID().Bare(), e.JID().Domain()} {
		info, err := disco.Get(ctx, e, who, "")
		switch {
		case err == nil && info.Has(feature):
			return true, nil
		case err != nil && !errors.As(err, &refused):
			return false, err
		}
	}
	return false, nil
}
