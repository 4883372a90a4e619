package mam

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/form"
	"github.com/canto-im/canto/xmpp/forward"
	"github.com/canto-im/canto/xmpp/paging"
)

// A Filter says which messages of an archive are wanted; the zero one is all of our account's, the oldest first.
type Filter struct {
	Archive jid.JID // whose: the bare address of a room; zero: our account's

	With       jid.JID   // sent to or by this one; our own account: to ourselves
	Start, End time.Time // not older, not newer; zero: all the same
	// After and Before are ids of messages in the archive, which must be there: what stands behind the one and in front of the other.
	// Backwards with After, forwards with Before, and Fields and IDs need what the archive calls "urn:xmpp:mam:2#extended" (XEP-0313 §7).
	After, Before string
	IDs           []string    // these messages alone, all of which must be there
	Groupchat     *bool       // with or without those of rooms, where our server has "urn:xmpp:mam:2#groupchat-field"; nil: as it likes
	Fields        form.Fields // further ones that the archive has: see Fields

	Backwards bool // the newest first
	Page      int  // how many are asked for at once, within xmpp.Limits.AnswerBytes; 0: 50
}

// defaultPage is how many messages are asked for at once.
const defaultPage = 50

// An Item is a message in an archive.
type Item struct {
	ID      string          // what the archive calls it; it's given to no other, but for what is said at Follow
	Archive jid.JID         // whose archive that is
	Stamp   time.Time       // when the archive has got it; zero: that is not said
	Message *stanza.Message // as it was sent or received; nil: it's gone, or can't be read
	Err     error           // why it can't be read
	// Unstable says that the archive is not sure of this yet: asked again, it may give another answer (XEP-0313 §4.3.2).
	Unstable bool
}

// Query yields the messages that f asks for, page by page as they're wanted. An error ends it: a *stanza.Error is that of the archive,
// such as stanza.ItemNotFound for an id that isn't there (any more), stanza.Forbidden, or stanza.ServiceUnavailable where there is no
// archive; paging.ErrNoProgress says that it comes to no end. A message that can't be read is an Item with Err. Query may be used in a handler.
func Query(ctx context.Context, e xmpp.Endpoint, f Filter) iter.Seq2[*Item, error] {
	of := f.Archive
	if of.IsZero() {
		of = e.JID().Bare()
	}
	return paging.All(f.first(), func(at paging.Set) (paging.Page[*Item], error) {
		return ask(ctx, e, of, &query{Form: f.form(), Set: &at})
	})
}

// first is the first page. XEP-0313 §9: an id that limits a query in the direction in which it goes needs no extension.
func (f *Filter) first() paging.Set {
	s := paging.Set{Max: new(f.Page)}
	if f.Page <= 0 {
		s.Max = new(defaultPage)
	}
	if f.Backwards {
		s.Before = &f.Before
	} else {
		s.After = f.After
	}
	return s
}

// form is the form of the query; nil: there is nothing in it.
func (f *Filter) form() *form.Form {
	fields := form.Fields{}
	add := func(field form.Field, wanted bool) {
		if wanted {
			field.Type = "" // XEP-0004 §3.2: the archive knows
			fields = append(fields, field)
		}
	}
	add(form.Of("with", f.With), !f.With.IsZero())
	add(form.Of("start", f.Start), !f.Start.IsZero())
	add(form.Of("end", f.End), !f.End.IsZero())
	add(form.Of("before-id", f.Before), f.Before != "" && !f.Backwards)
	add(form.Of("after-id", f.After), f.After != "" && f.Backwards)
	add(form.Of("ids", f.IDs), len(f.IDs) > 0)
	if f.Groupchat != nil {
		add(form.Of("include-groupchat", *f.Groupchat), true)
	}
	fields = append(fields, f.Fields...)
	if len(fields) == 0 {
		return nil
	}
	kind := form.Field{Var: "FORM_TYPE", Type: form.Hidden, Values: []string{ns.MAM}}
	return &form.Form{Type: form.Answer, Fields: append(form.Fields{kind}, fields...)}
}

var errNoFin = errors.New("it's no end of a query (XEP-0313 §4)")

// ask asks for one page. Only what the archive sends before its answer, under the name of this query, is taken for a part of it
// (XEP-0313 §8.2).
func ask(ctx context.Context, e xmpp.Endpoint, of jid.JID, q *query) (p paging.Page[*Item], err error) {
	to := of
	if of == e.JID().Bare() {
		to = jid.JID{}
	}
	reply, messages, err := xmpp.Gather(ctx, e, ns.MAM, "result", "queryid", func(id string) *stanza.IQ {
		q.QueryID = id
		return &stanza.IQ{ID: id, Type: stanza.Set, To: to, Payload: stanza.Payload(q)}
	})
	if err != nil {
		return p, err
	}
	end, err := parseFin(reply.Payload)
	if err != nil {
		return p, fmt.Errorf("mam: the archive of %q: %w", of, err)
	}
	for _, m := range messages {
		if item := readResult(m, of); item != nil {
			item.Unstable = end.unstable
			p.Items = append(p.Items, item)
		}
	}
	p.Set, p.Complete = &end.set, end.complete
	if n := len(p.Items); n > 0 { // an archive that forgets to say where its page ends says it all the same
		if p.Set.First == "" {
			p.Set.First = p.Items[0].ID
		}
		if p.Set.Last == "" {
			p.Set.Last = p.Items[n-1].ID
		}
	}
	return p, nil
}

// maxID is how many bytes an id of an archive may have. What has a longer one is nothing that could be asked for again.
const maxID = 1024

// readResult reads what the archive of that address has sent, nil if it's nothing that has an id.
func readResult(m *stanza.Message, of jid.JID) *Item {
	for _, e := range m.Payloads {
		if !e.Is(ns.MAM, "result") {
			continue
		}
		item := &Item{ID: strings.Clone(e.Attr("id")), Archive: of} // which may be kept for longer than the message
		if item.ID == "" || len(item.ID) > maxID {                  // XEP-0313 §4.2
			return nil
		}
		f, err := forward.Parse(e.Child(ns.Forward, "forwarded"))
		item.Stamp, item.Message, item.Err = f.Delay.Stamp, f.Message(), err
		return item
	}
	return nil
}
