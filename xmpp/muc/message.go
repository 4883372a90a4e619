package muc

import (
	"context"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/stamp"
)

// A Message is something that is said in a room. The embedded one is as it came; it's shared with others, do not change it.
type Message struct {
	*stanza.Message
	Nick       string    // who says it, by the nickname of then; "" the room itself
	Own        bool      // we do: the room sends what we say to us, too
	Private    bool      // to us alone (Room.Whispers)
	History    bool      // it was said while we were not in the room
	Sent       time.Time // when it was said, where the room says that, in its own time; zero: just now
	StanzaID   string    // the room's name for it, good for all who are there (XEP-0359); "" where the room gives none that can be believed
	OccupantID string    // of who says it: Occupant.ID; "" where the room gives none that can be believed
	// Sender is who says it, as the room had them when it came: who may have left since, or taken another nickname, which is somebody else's
	// now. It's zero where that is not known: of History, and of what the room itself says.
	Sender Occupant
}

// size is what a message counts for while it waits.
func (m *Message) size() int { return sizeOf(m.Message) }

// sizeOf is how many bytes a stanza holds: all that came with it stays as long as a part of it does.
func sizeOf(st stanza.Stanza) int {
	b, _ := stanza.Append(nil, st) // it came over the wire, and can go there
	return len(b)
}

// message takes what comes from the room's address, or from one of its occupants. It's called by the dispatcher of a session, one
// call at a time.
func (r *Room) message(ctx context.Context, m *stanza.Message) {
	r.heard.Store(time.Now().UnixNano())
	var events []Event
	switch {
	case m.Type == stanza.MessageError:
		r.failed(m)
	case m.Type == stanza.GroupChat:
		events = r.said(m)
	case m.From.Resourcepart() == "":
		events = r.told(m)
	default:
		events = r.whispered(m)
	}
	r.emit(ctx, m, events...)
}

// said takes what is for all.
func (r *Room) said(m *stanza.Message) (events []Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over || !r.stayed {
		return nil
	}
	msg := r.read(m)
	switch {
	case isTopic(m):
		topic := r.topicIs(msg)
		return append(r.caughtUp(), topic...)
	case msg.Nick == "" && r.announces(m, &events):
		return events
	case r.catchup != nil && msg.Sent.IsZero(): // a server that tells no topic
		events = r.caughtUp()
	case r.catchup != nil:
		msg.History = true
		if own := r.occupants.all[r.nick]; own != nil && own.ID != "" && msg.OccupantID != "" {
			msg.Own = own.ID == msg.OccupantID // whoever had our nickname then
		}
		return r.remembered(msg)
	}
	msg.Sender = r.sender(msg)
	r.seen.add(msg)
	r.reflected(msg)
	return append(events, msg)
}

// read makes a Message of one from the room. r.mu is held.
func (r *Room) read(m *stanza.Message) *Message {
	msg := &Message{Message: m, Nick: m.From.Resourcepart()}
	msg.Own = msg.Nick != "" && msg.Nick == r.nick
	if d, ok := stamp.Of(m, r.jid, r.jid.Domain()); ok { // XEP-0045 §7.2.13: the room's; some sign as the service
		msg.Sent = d.Stamp
	}
	if r.features.stanzaIDs {
		msg.StanzaID, _ = stamp.IDBy(m, r.jid)
	}
	if r.features.occupantIDs {
		msg.OccupantID = occupantID(m)
	}
	return msg
}

// sender is who says a message that is said just now. r.mu is held.
func (r *Room) sender(m *Message) Occupant {
	o := r.occupants.all[m.Nick]
	if o == nil || o.ID != "" && m.OccupantID != "" && o.ID != m.OccupantID {
		return Occupant{}
	}
	return *o
}

// isTopic reports whether a message is a change of the topic: XEP-0045 §7.2.15, with a subject and no body.
func isTopic(m *stanza.Message) bool {
	return (m.Subject != "" || len(m.Subjects) > 0) && m.Body == "" && len(m.Bodies) == 0
}

// topicIs notes the topic. r.mu is held.
func (r *Room) topicIs(m *Message) []Event {
	r.topic = Topic{Text: clip(m.Subject, maxTopic), By: m.Nick}
	if m.Own {
		r.complete(topicKey(m.Subject), outcome{m: m})
	}
	return []Event{r.topic}
}

// maxTopic is how much of a topic is held, in bytes.
const maxTopic = 64 << 10

// announces reads what only the room itself may say, and reports whether that is all that there is in the message. r.mu is held.
func (r *Room) announces(m *stanza.Message, events *[]Event) bool {
	if ev, ok := moderation(m); ok {
		*events = append(*events, ev)
		return true
	}
	x := userOf(m)
	if x == nil || m.Body != "" || len(m.Bodies) > 0 {
		return false
	}
	c := Configured{Logged: x.has(logged), NotLogged: x.has(notLogged), ShowsJIDs: x.has(nonAnonymous) || x.has(anyoneSees), HidesJIDs: x.has(semiAnonymous)}
	if c != (Configured{}) || x.has(configured) {
		*events = append(*events, c)
		if s := r.home; s != nil {
			go r.inquire(s) // what the room can do may be different now
		}
	}
	return true
}

// told takes what the room says to us alone: what it passes on, and what moderators have to decide.
func (r *Room) told(m *stanza.Message) []Event {
	if rq, ok := readRequest(m); ok {
		return []Event{rq}
	}
	x := userOf(m)
	switch {
	case x == nil:
		return nil
	case x.Decline != nil:
		return []Event{Declined{From: x.Decline.From, Reason: clip(x.Decline.Reason, maxTopic)}}
	case len(x.Items) > 0 && !x.item().JID.IsZero() && len(x.Invites) == 0:
		return []Event{Affiliated{JID: x.item().JID.Bare(), Affiliation: x.item().Affiliation}} // XEP-0045 §9.3
	}
	return nil
}

// whispered takes what an occupant says to us alone.
func (r *Room) whispered(m *stanza.Message) []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over || !r.stayed {
		return nil
	}
	msg := r.read(m)
	msg.Private, msg.Sender = true, r.sender(msg)
	return []Event{msg}
}

// Say says something to all in the room. It returns once that is on its way; see Deliver for whether it arrives. While the Room is
// on its way back, Say waits.
func (r *Room) Say(ctx context.Context, body string) error {
	return r.Send(ctx, &stanza.Message{Body: body})
}

// Send sends a message to all in the room; its To and Type are those that this needs. m is not changed. Say says what waits.
func (r *Room) Send(ctx context.Context, m *stanza.Message) error {
	c := *m
	c.To, c.Type = r.jid, stanza.GroupChat
	return r.send(ctx, &c, nil)
}

// Whisper says something to one occupant (XEP-0045 §7.5).
func (r *Room) Whisper(ctx context.Context, nick, body string) error {
	to, err := r.jid.WithResource(nick)
	if err != nil {
		return err
	}
	if to.Resourcepart() == "" {
		return errNoNick
	}
	mark := stanza.Payload(userX{}) // XEP-0045 §7.5: by which carbons tell it from other messages
	return r.send(ctx, &stanza.Message{To: to, Type: stanza.Chat, Body: body, Payloads: []stanza.Element{mark}}, nil)
}

// SetTopic says what the room speaks about; "" nothing in particular. It returns when the room has told it to all:
// errors.Is(err, stanza.Forbidden) when it's not ours to change. It must not be called in a handler: ErrInHandler.
func (r *Room) SetTopic(ctx context.Context, topic string) error {
	if r.Topic().Text == topic { // some rooms say nothing when nothing changes
		return nil
	}
	_, err := r.deliver(ctx, &stanza.Message{Subjects: []stanza.Text{{Value: topic}}}, topicKey(topic))
	return err
}

// topicKey is under what a SetTopic waits, beside the id of its message: not all rooms tell a topic under that.
func topicKey(topic string) string { return "topic " + topic }
