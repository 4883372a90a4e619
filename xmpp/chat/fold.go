package chat

import (
	"cmp"
	"slices"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/stamp"
)

// take makes it part of the conversation, unless it's there, and returns the item that has come or changed; nil: none has.
func (c *Conversation) take(it *item) *item {
	if old := c.known(it); old != nil {
		changed := c.merge(old, it)
		c.evict()
		return changed
	}
	c.seq++
	it.seq = c.seq
	c.name(it)
	if it.shows() {
		c.place(it)
		c.roots++
		c.bytes += it.size
	} else {
		c.notes = append(c.notes, it)
		c.noteBytes += it.size
	}
	changed := c.settle(it)
	c.wake(it)
	c.evict()
	return changed
}

// known finds the item of which it is a copy.
func (c *Conversation) known(it *item) *item {
	for _, k := range it.names() {
		switch old := c.byKey[k]; {
		case old == nil:
		case k == byHost(it.host):
			return old // XEP-0359: the host never names two alike
		case old.host != "" && it.host != "" && old.host != it.host:
		case old.print == it.print, old.shows() && it.shows() && (old.retraction != nil || it.retraction != nil):
			return old // the same id and the same words of the same author, unless they were retracted
		}
	}
	return nil
}

// merge adds to an item what another copy of it says, and returns what has changed; nil: nothing.
func (c *Conversation) merge(old, it *item) (changed *item) {
	was := *old
	if it.retraction != nil && old.retraction == nil {
		old.retraction = it.retraction
		c.gone(old.root())
	}
	if it.at.After(old.at) {
		c.move(old, it)
	}
	if old.author.kind == unsure && it.author.kind != unsure && old.host != "" && old.host == it.host {
		// Only the room can tell that it's the same: anybody may say the same under the same nickname.
		old.author, old.ours = it.author, it.ours
		c.settle(old)
	}
	old.host, old.origin = cmp.Or(old.host, it.host), cmp.Or(old.origin, it.origin)
	if was.host != old.host || was.origin != old.origin || was.author != old.author {
		c.grow(old, len(old.host)+len(old.origin)+len(old.author.id)-len(was.host)-len(was.origin)-len(was.author.id))
		c.name(old)
		c.wake(old)
	} else if was.at == old.at && was.retraction == old.retraction {
		return nil
	}
	if old.on != nil {
		return old.on
	}
	if old.shows() {
		return old
	}
	return nil
}

// grow notes that it takes n bytes more.
func (c *Conversation) grow(it *item, n int) {
	it.size += n
	switch {
	case it.over:
	case it.shows():
		c.bytes += n
	default:
		c.noteBytes += n
	}
	if it.held > 0 {
		c.hold(it, n)
	}
}

// hold has it count for n bytes more with what it's kept with.
func (c *Conversation) hold(it *item, n int) {
	it.held += n
	if it.what == aMarker {
		c.markerBytes += n
		return
	}
	it.on.extra += n
	if !it.on.over {
		c.bytes += n
	}
}

// move gives old the time of a later copy, so that it does not matter which one came first.
func (c *Conversation) move(old, it *item) {
	if !old.shows() {
		old.at = it.at
		return
	}
	c.order = slices.DeleteFunc(c.order, func(other *item) bool { return other == old })
	old.at = it.at
	if !old.over {
		c.place(old)
	}
}

// name makes it known under its names. Where two have the same, the later one has it.
func (c *Conversation) name(it *item) {
	for _, k := range it.names() {
		if other := c.byKey[k]; other == nil || it.after(other) {
			c.byKey[k] = it
		}
	}
}

// place puts it where it belongs in time.
func (c *Conversation) place(it *item) {
	i := len(c.order)
	for i > 0 && c.order[i-1].after(it) {
		i--
	}
	c.order = slices.Insert(c.order, i, it)
}

// settle applies it to what it refers to, or has it wait for that.
func (c *Conversation) settle(it *item) (changed *item) {
	if it.what == aText {
		return it
	}
	if t := c.target(it); t != nil {
		return c.apply(it, t)
	}
	if it.author.kind != unsure && !slices.Contains(c.waiting[it.ref], it) {
		c.waiting[it.ref] = append(c.waiting[it.ref], it)
	}
	if it.shows() {
		return it // a correction of what is not known is shown as what it also is: a message
	}
	return nil
}

// wake applies what has been waiting for it.
func (c *Conversation) wake(it *item) {
	if !it.shows() {
		return
	}
	for _, id := range []string{it.host, it.id, it.origin} {
		list := c.waiting[id]
		if id == "" || len(list) == 0 {
			continue
		}
		delete(c.waiting, id)
		for _, w := range list {
			c.settle(w)
		}
	}
}

// target returns what it refers to, if that is known and its author may do that to it (SECURITY.md S7).
func (c *Conversation) target(it *item) *item {
	var t *item
	switch it.what {
	case aCorrection:
		// XEP-0308 §4: only of the same sender.
		t = c.byKey[key{it.author, it.ref}]
	case aRetraction:
		// XEP-0424 §5: only of the same sender, XEP-0425 §5: or by the room.
		if t = c.byKey[byHost(it.ref)]; t == nil || it.author.kind != theRoom && t.author != it.author {
			t = c.byKey[key{it.author, it.ref}]
		}
	case aReceipt:
		// XEP-0184: of what we have sent, by the one whom it was sent to.
		if it.author.kind != ourself && !c.room {
			t = c.byKey[key{author{kind: ourself}, it.ref}]
		}
	case aReaction, aMarker:
		if t = c.named(it.ref, it.author); it.byHost {
			t = c.byKey[byHost(it.ref)]
		}
	}
	if it.author.kind == unsure || t == nil || t == it || !t.shows() {
		return nil
	}
	return t
}

// named returns the text with that id, about which by says something. XEP-0444 §4.2, XEP-0333 §4.3: in a room only the room's id
// counts. Else it's the other's message rather than one's own, if both have one of that id.
func (c *Conversation) named(id string, by author) *item {
	if c.room {
		return c.byKey[byHost(id)]
	}
	ours := c.byKey[key{author{kind: ourself}, id}]
	theirs := c.byKey[key{author{kind: peer}, id}]
	if ours == nil || theirs != nil && by.kind == ourself {
		return theirs
	}
	return ours
}

// apply does to t what it says, and returns what has changed.
func (c *Conversation) apply(it, t *item) *item {
	root := t.root()
	it.on = t
	switch it.what {
	case aCorrection:
		if root == it || it.into != nil {
			return root // it would correct itself
		}
		it.into = root
		root.edits = append(root.edits, it)
		c.roots--
		c.gone(root)
	case aRetraction:
		if len(t.retractions) < maxSets && !slices.Contains(t.retractions, it) {
			t.retractions = append(t.retractions, it)
			c.hold(it, it.size)
		}
		c.gone(root)
	case aReaction:
		c.react(t, it)
	case aReceipt:
		t.received = true
	case aMarker:
		c.mark(it)
	}
	return root
}

// gone forgets what a text and its corrections said, if one of them was retracted.
func (c *Conversation) gone(root *item) {
	if !root.isRetracted() {
		return
	}
	for it := range root.group {
		c.bytes -= it.size
		it.wipe()
		c.bytes += it.size
	}
}

func (root *item) isRetracted() bool {
	for it := range root.group {
		if it.retraction != nil || len(it.retractions) > 0 {
			return true
		}
	}
	return false
}

// retracted returns why and when a text was, or one of its corrections: the first time, and what an archive says of it only where
// nothing else is known.
func (root *item) retracted() *Retracted {
	var first, tomb *item
	for it := range root.group {
		if it.retraction != nil {
			tomb = it
		}
		for _, r := range it.retractions {
			if first == nil || byTime(r, first) < 0 {
				first = r
			}
		}
	}
	switch {
	case first != nil:
		r := *first.retraction
		r.Stamp = stamp.Time{Time: first.at}
		return &r
	case tomb != nil:
		return tomb.retraction
	}
	return nil
}

// react adds somebody's reactions to t.
func (c *Conversation) react(t, it *item) {
	sets, known := t.reactions[it.author]
	if slices.Contains(sets, it) || !known && len(t.reactions) >= maxReactors {
		return
	}
	if t.reactions == nil {
		t.reactions = map[author][]*item{}
	}
	sets = append(sets, it)
	c.hold(it, it.size)
	if len(sets) > maxSets {
		slices.SortFunc(sets, byTime)
		c.hold(sets[0], -sets[0].held)
		sets = slices.Delete(sets, 0, 1)
	}
	t.reactions[it.author] = sets
}

// maxMarkers is how many may say up to where they have read.
const maxMarkers = 4096

// mark notes up to where somebody has read. Of the last few the farthest counts, as times may still change (see move).
func (c *Conversation) mark(it *item) {
	list, known := c.markers[it.author]
	if slices.Contains(list, it) || !known && (len(c.markers) >= maxMarkers || c.markerBytes > c.maxBytes/2) {
		return
	}
	list = append(list, it)
	c.hold(it, it.size)
	slices.SortFunc(list, func(a, b *item) int { return byTime(a.on, b.on) })
	for len(list) > maxSets || c.markerBytes > c.maxBytes/2 && len(list) > 1 {
		c.hold(list[0], -list[0].held)
		list = slices.Delete(list, 0, 1)
	}
	c.markers[it.author] = list
}

// farthest is the marker of somebody that counts: XEP-0333 §5: they only move forward.
func farthest(list []*item) *item {
	return slices.MaxFunc(list, func(a, b *item) int { return byTime(a.on, b.on) })
}

// failed notes that something which we have sent was refused.
func (c *Conversation) failed(m *stanza.Message) (Entry, bool) {
	it := c.byKey[key{author{kind: ourself}, m.ID}]
	// RFC 6120 §8.3.1: an error comes from where the message went, or in its name from a server on the way.
	from := []jid.JID{c.with, c.with.Bare(), c.with.Domain(), c.own.Domain()}
	if it == nil || m.ID == "" || !slices.Contains(from, m.From) && !c.isWith(m.From) {
		return Entry{}, false
	}
	was := it.noteSize()
	it.failure = refusal(m.Error)
	c.grow(it, it.noteSize()-was)
	c.evict()
	switch {
	case it.shows():
		return c.view(it.root()), true
	case it.on != nil && !it.on.root().over:
		return c.view(it.on.root()), true
	}
	return Entry{}, false
}

// group yields a text and its corrections.
func (it *item) group(yield func(*item) bool) { it.each(yield) }

func (it *item) each(yield func(*item) bool) bool {
	if !yield(it) {
		return false
	}
	for _, e := range it.edits {
		if !e.each(yield) {
			return false
		}
	}
	return true
}

func byTime(a, b *item) int {
	switch {
	case a == b:
		return 0
	case a.after(b):
		return 1
	}
	return -1
}

// evict forgets what there is too much of.
func (c *Conversation) evict() {
	for c.roots > c.limit || c.bytes > c.maxBytes && c.roots > 0 {
		i := slices.IndexFunc(c.order, func(it *item) bool { return it.into == nil })
		gone := map[*item]bool{}
		for it := range c.order[i].group {
			gone[it] = true
			c.bytes -= it.size + it.extra
			c.forget(it)
		}
		c.order = slices.DeleteFunc(c.order, func(it *item) bool { return gone[it] })
		c.roots--
		for it := range gone {
			it.empty()
		}
	}
	for len(c.notes) > 2*c.limit || c.noteBytes > c.maxBytes/2 {
		it := c.notes[0]
		c.noteBytes -= it.size
		c.forget(it)
		it.id, it.origin, it.host, it.ref = "", "", "", "" // it may be kept with a text all the same
		c.notes = slices.Delete(c.notes, 0, 1)
	}
}

// forget takes it out of where it's found.
func (c *Conversation) forget(it *item) {
	it.over = true
	for _, k := range it.names() {
		if c.byKey[k] == it {
			delete(c.byKey, k)
		}
	}
	list := slices.DeleteFunc(c.waiting[it.ref], func(w *item) bool { return w == it })
	if len(list) == 0 {
		delete(c.waiting, it.ref)
		return
	}
	c.waiting[it.ref] = list
}
