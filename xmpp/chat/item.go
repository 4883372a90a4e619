package chat

import (
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/stamp"
)

// A what is what a message does in a conversation.
type what uint8

const (
	aText what = iota
	aCorrection
	aRetraction
	aReaction
	aReceipt
	aMarker
)

// An item is one message, however many copies of it have come.
type item struct {
	what   what
	author author
	ours   bool    // we have sent it, as far as its nickname tells
	others bool    // somebody else has, in private messages
	from   jid.JID // the account, or the occupant's address
	at     time.Time
	seq    uint64 // of arrival
	id     string // the stanza's
	origin string // XEP-0359's, by the sender
	host   string // XEP-0359's, by the host or the archive
	ref    string // what it refers to
	byHost bool   // by the name that the host has given
	m      *stanza.Message
	size   int
	held   int  // what it counts for beside the text, or the markers, that it's kept with; 0: it's not
	over   bool // it's no longer kept

	print uint64 // of what it says: copies have the same

	emoji      []string      // of a reaction
	failure    *stanza.Error // of one of ours
	retraction *Retracted    // of a retraction, or of what an archive has in place of a text
	on         *item         // what it has been applied to

	into        *item // what a correction has become part of
	edits       []*item
	reactions   map[author][]*item // of each, the last ones
	retractions []*item
	extra       int // bytes of the last two
	received    bool
}

// A key is a name of an item: by its author or, if that is theRoom, by the host.
type key struct {
	by author
	id string
}

// byHost are the names that the host has given.
func byHost(id string) key { return key{author{kind: theRoom}, id} }

// read makes an item of a message; nil: it's none of this conversation, or says nothing.
func (c *Conversation) read(m *stanza.Message, how arrival) *item {
	who, ok := c.authorOf(m, how.late)
	if !ok {
		return nil
	}
	it := &item{author: who, from: m.From, at: how.at, id: short(m.ID), host: short(how.id), m: m, size: sizeOf(m)}
	if m.From.IsZero() {
		it.from = c.own
	}
	it.others = c.private && who.kind != ourself
	it.ours = who.kind == ourself || who.kind == nickname && c.room && c.who.nick == who.id
	if own, ok := stanza.Find[stamp.OriginID](m); ok {
		it.origin = short(own.ID)
	}
	if it.host == "" && c.namesIDs {
		id, _ := stamp.IDBy(m, c.archive())
		it.host = short(id)
	}
	if !it.understand(m, how.archived) {
		return nil
	}
	it.ref = short(it.ref)
	it.print = fingerprint(it)
	it.size += it.noteSize()
	if !it.shows() || it.retraction != nil {
		it.wipe()
	}
	return it
}

// maxID is how long an id may be to be believed one.
const maxID = 1024

// short returns an id that does not hold on to the message that it came in; "" if it's too long to be one.
func short(id string) string {
	if len(id) > maxID {
		return ""
	}
	return strings.Clone(id)
}

var printSeed = maphash.MakeSeed()

// fingerprint tells what one message says from what another one does that has the same id.
func fingerprint(it *item) uint64 {
	var h maphash.Hash
	h.SetSeed(printSeed)
	for _, s := range append([]string{it.m.Body, it.ref, string(rune(it.what))}, it.emoji...) {
		_, _ = h.WriteString(s) // a Hash takes all
		_ = h.WriteByte(0)
	}
	return h.Sum64()
}

// wipe forgets what the message said.
func (it *item) wipe() { it.m, it.size = nil, it.noteSize() }

// empty forgets all but its place in time, for what was said about it. It's no longer kept.
func (it *item) empty() {
	*it = item{what: it.what, at: it.at, seq: it.seq, into: it.into, over: true}
}

// itemSize is about what an item takes that holds nothing, with its places in maps and lists.
const itemSize = 1024

// noteSize is about what the item takes beside the message.
func (it *item) noteSize() int {
	n := itemSize + 2*len(it.id) + len(it.origin) + len(it.host) + len(it.ref) + len(it.author.id) + len(it.from.String())
	for _, e := range it.emoji {
		n += 16 + len(e)
	}
	if r := it.retraction; r != nil {
		n += len(r.ID) + len(r.Reason) + len(r.By.String())
	}
	if e := it.failure; e != nil {
		n += itemSize + len(e.Text) + len(e.Content) + len(e.By.String())
		for _, app := range e.App {
			n += len(app.String())
		}
	}
	return n
}

// archive is who names the messages.
func (c *Conversation) archive() jid.JID {
	if c.room {
		return c.with
	}
	return c.own
}

// understand finds what the message does; false: nothing.
func (it *item) understand(m *stanza.Message, archived bool) bool {
	if r, ok := stanza.Find[Retraction](m); ok {
		if (r.Moderated != nil) != (it.author.kind == theRoom) {
			return false // XEP-0425 §5: only the room moderates, and it does nothing else
		}
		it.what, it.ref = aRetraction, r.ID
		it.retraction = bounded(Retracted{ID: it.id, By: it.from, Moderated: r.Moderated, Reason: r.Reason})
		if r.Moderated != nil {
			it.retraction.By = r.Moderated.By
		}
		return r.ID != ""
	}
	if r, ok := stanza.Find[Reactions](m); ok {
		it.what, it.ref, it.emoji = aReaction, r.ID, few(r.Valid())
		return r.ID != ""
	}
	for _, e := range m.Payloads {
		switch {
		case hasText(m): // what somebody has written counts for more than what came with it
		case e.Is(ns.Receipts, "received"):
			it.what, it.ref = aReceipt, e.Attr("id")
			return it.ref != ""
		case e.Is(ns.ChatMarkers, "displayed"):
			it.what, it.ref = aMarker, e.Attr("id")
			return it.ref != ""
		}
	}
	if r, ok := stanza.Find[Retracted](m); ok && archived {
		// XEP-0424 §4: a tombstone. Only an archive has the right to put one there.
		it.retraction = bounded(r)
		return true
	}
	if r, ok := stanza.Find[Replace](m); ok && r.ID != "" {
		it.what, it.ref = aCorrection, r.ID
	}
	return hasText(m)
}

// maxReason is how many bytes are kept of why something was retracted, or could not be delivered.
const maxReason = 1024

// cut returns what is kept of a text that says why, apart from the message that it came in.
func cut(s string) string {
	return strings.ToValidUTF8(strings.Clone(s[:min(len(s), maxReason)]), "")
}

// bounded is r without what it would be unwise to keep.
func bounded(r Retracted) *Retracted {
	r.ID = short(r.ID)
	r.Reason = cut(r.Reason)
	if r.Moderated != nil && r.Moderated.Occupant != nil {
		r.Moderated = &Moderated{By: r.Moderated.By, Occupant: &Occupant{ID: short(r.Moderated.Occupant.ID)}}
	}
	return &r
}

// refusal is e without what it would be unwise to keep.
func refusal(e *stanza.Error) *stanza.Error {
	if e == nil {
		return nil
	}
	kept := &stanza.Error{
		Type: stanza.ErrorType(cut(string(e.Type))), Condition: stanza.Condition(cut(string(e.Condition))), By: e.By,
		Text: cut(e.Text), Lang: short(e.Lang), Content: cut(e.Content),
	}
	for room, i := maxReason, 0; i < len(e.App); i++ {
		raw := e.App[i].String()
		if room -= len(raw); room < 0 {
			break
		}
		if app, err := stanza.ParseElement(strings.Clone(raw)); err == nil {
			kept.App = append(kept.App, app)
		}
	}
	return kept
}

// few keeps reactions within bounds: as many as anybody shows, none of them longer than emoji are.
func few(emoji []string) []string {
	emoji = slices.DeleteFunc(emoji, func(s string) bool { return len(s) > maxEmojiBytes })
	emoji = emoji[:min(len(emoji), maxEmoji)]
	for i, s := range emoji {
		emoji[i] = strings.Clone(s)
	}
	return emoji
}

const (
	maxEmoji      = 20  // of one person about one message
	maxEmojiBytes = 128 // of one
	maxReactors   = 512 // about one message
	maxSets       = 8   // of reactions of one person about one message, of which the last one counts that has not failed
)

// hasText reports whether the message says something to people: a body, or what stands in place of one.
func hasText(m *stanza.Message) bool {
	if m.Body != "" || len(m.Bodies) > 0 || m.Subject != "" || len(m.Subjects) > 0 {
		return true
	}
	for _, e := range m.Payloads {
		if e.Is(ns.Encryption, "encryption") || e.Is(ns.OOB, "x") {
			return true
		}
	}
	return false
}

// sizeOf is about what memory a message takes, with all that came in it.
func sizeOf(m *stanza.Message) int {
	raw, _ := stanza.Append(nil, m) // what can't be written has not come from the wire
	return 2*len(raw) - len(m.Body) // what stands in no field of it is kept beside the whole
}

// names are the keys under which an item is found.
func (it *item) names() []key {
	var list []key
	if it.host != "" {
		list = append(list, byHost(it.host))
	}
	if it.id != "" && (it.author.kind >= occupant || it.author.kind == unsure) {
		// In a room that names nothing, what it sends again as history is found by all that is known of it.
		list = append(list, key{author{kind: weakly, id: it.from.String()}, it.id + strconv.FormatUint(it.print, 36)})
	}
	who := []author{it.author}
	if it.others {
		who = append(who, author{kind: peer}) // whoever had the nickname
	}
	for _, a := range who {
		if it.id != "" && a.kind != unsure {
			list = append(list, key{a, it.id})
		}
		if it.origin != "" && it.origin != it.id && a.kind != unsure {
			list = append(list, key{a, it.origin})
		}
	}
	return list
}

// shows reports whether the item may be an entry.
func (it *item) shows() bool { return it.what == aText || it.what == aCorrection }

// root is the text that a correction has become part of.
func (it *item) root() *item {
	for it.into != nil {
		it = it.into
	}
	return it
}

// after orders items by time, and by arrival where that is the same.
func (it *item) after(other *item) bool {
	if c := it.at.Compare(other.at); c != 0 {
		return c > 0
	}
	return it.seq > other.seq
}
