package chat

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A copied is one copy of a message on its way into a conversation.
type copied struct {
	m   *stanza.Message
	how arrival
}

// A world makes up what is said, by people who follow the rules and by some who do not.
type world struct {
	rng   *rand.Rand
	s     *script
	room  bool
	at    time.Time
	list  []copied
	texts []string // what others may refer to: ids
}

// speak adds a message, in up to three copies: live, with or without its name, and of the archive.
func (w *world) speak(from, id, inside string) {
	w.at = w.at.Add(time.Duration(1+w.rng.IntN(1000)) * time.Millisecond)
	host := "h" + id
	named := inside + sid(host, romeo.String())
	if w.room {
		named = inside + sid(host, coven.String())
	}
	// The clocks differ, and so does the way; but no two times are the same, which only the order of arrival could tell apart.
	heard := w.at.Add(time.Duration(w.rng.IntN(1500))*time.Millisecond + time.Duration(len(w.list)+1)*time.Microsecond)
	live := copied{w.s.message(from, id, named), arrival{at: heard}}
	archived := copied{w.s.message(from, id, inside), arrival{at: w.at, late: true, archived: true, id: host}}
	bare := copied{w.s.message(from, id, inside), arrival{at: heard}} // before the server has named it
	switch w.rng.IntN(4) {
	case 0:
		w.list = append(w.list, live)
	case 1:
		w.list = append(w.list, archived)
	case 2:
		w.list = append(w.list, live, archived, live)
	default:
		w.list = append(w.list, bare, archived)
	}
}

// ref is an id that somebody may refer to, most often one that there is.
func (w *world) ref(host bool) string {
	if len(w.texts) == 0 || w.rng.IntN(10) == 0 {
		return "unknown"
	}
	id := w.texts[w.rng.IntN(len(w.texts))]
	if host {
		return "h" + id
	}
	return id
}

func (w *world) step(i int) {
	id, who := fmt.Sprint("m", i), w.rng.IntN(3)
	from, mark := []string{"me", "juliet@capulet.lit/balcony", "juliet@capulet.lit/phone"}[who], ""
	if w.room {
		from, mark = fmt.Sprint("coven@chat.lit/nick", who), occupantIs(fmt.Sprint("w", who))
	}
	emoji := []string{"👋", "🐢", "💘"}[:w.rng.IntN(4)]
	switch w.rng.IntN(12) {
	case 0, 1:
		w.speak(from, id, body(id)+replace(w.ref(false))+mark)
		w.texts = append(w.texts, id)
	case 2:
		w.speak(from, id, retract(w.ref(w.room))+mark)
	case 3, 4:
		w.speak(from, id, reactions(w.ref(w.room), emoji...)+mark)
	case 5:
		w.speak(from, id, received(w.ref(false))+mark)
	case 6:
		w.speak(from, id, displayed(w.ref(w.room))+mark)
	case 7:
		if w.room && w.rng.IntN(3) == 0 {
			from = coven.String()
		}
		w.speak(from, id, moderated(w.ref(true))+mark)
	default:
		w.speak(from, id, body(id)+mark)
		w.texts = append(w.texts, id)
	}
}

// TestAnyOrder holds that a conversation is the same, in whatever order its messages arrive, and however often.
func TestAnyOrder(t *testing.T) {
	const worlds, orders, steps = 200, 6, 40
	for seed := range uint64(worlds) {
		rng := rand.New(rand.NewPCG(seed, 1))
		room := seed%2 == 1
		fresh := func() *script {
			if room {
				return inRoom(t)
			}
			return direct(t)
		}
		w := &world{rng: rng, s: fresh(), room: room}
		w.at = w.s.clock
		for i := range steps {
			w.step(i)
		}
		want, first := "", []copied(nil)
		for i := range orders {
			s := fresh()
			for _, x := range w.list {
				s.c.add(x.m, x.how)
			}
			got := fmt.Sprint(show(s.c), "\n", s.c.Read(), s.c.Unread())
			if i == 0 {
				want, first = got, append(first, w.list...)
				require.NotEmpty(t, want)
			}
			if !assert.Equal(t, want, got, "seed %d", seed) {
				t.Log(render(first), "\n--\n", render(w.list))
				return
			}
			rng.Shuffle(len(w.list), func(i, j int) { w.list[i], w.list[j] = w.list[j], w.list[i] })
			if rng.IntN(2) == 0 {
				w.list = append(w.list, w.list[rng.IntN(len(w.list))])
			}
		}
	}
}

func render(list []copied) string {
	var b strings.Builder
	for _, x := range list {
		raw, _ := stanza.Append(nil, x.m) // for people
		fmt.Fprintf(&b, "%s %v %q %s\n", x.how.at.Format("05.000"), x.how.late, x.how.id, raw)
	}
	return b.String()
}

// TestBounds holds that a conversation keeps no more than it may, the newest, whatever is thrown at it.
func TestBounds(t *testing.T) {
	s := newScript(t, juliet, &ConversationOptions{Host: naming, Messages: 10})
	for i := range 100 {
		id := fmt.Sprint("j", i)
		s.live("juliet@capulet.lit/b", id, body(id))
		s.live("juliet@capulet.lit/b", "c"+id, body(id+"!")+replace(id))
		s.live("juliet@capulet.lit/b", "u"+id, reactions("unknown"+id, "👋"))
		s.live("juliet@capulet.lit/b", "r"+id, reactions("j0", "👋"))
	}
	assert.Equal(t, 10, s.c.Len())
	assert.True(t, strings.HasPrefix(show(s.c), "j90: j90! (was j90)"), show(s.c))
	assert.LessOrEqual(t, len(s.c.notes), 20)
	assert.LessOrEqual(t, len(s.c.order), 20)
	assert.LessOrEqual(t, len(s.c.byKey), 200)
	assert.LessOrEqual(t, len(s.c.waiting), 20)
	e, ok := s.c.AddArchived(s.message("juliet@capulet.lit/b", "old", body("old")), "old", s.clock.Add(-time.Hour))
	assert.False(t, ok, e)

	large := newScript(t, juliet, &ConversationOptions{Bytes: 100_000})
	for i := range 50 {
		large.live("juliet@capulet.lit/b", fmt.Sprint(i), body(strings.Repeat("x", 10_000)))
	}
	assert.Equal(t, 8, large.c.Len())
	for it := range large.c.All() {
		large.live("juliet@capulet.lit/b", "r"+it.ID, retract(it.ID))
	}
	assert.Less(t, large.c.bytes, 30_000)
	// One text with endless corrections is one that is too large.
	for i := range 50 {
		large.live("juliet@capulet.lit/b", fmt.Sprint("c", i), body(strings.Repeat("x", 10_000))+replace("49"))
	}
	assert.Less(t, large.c.bytes, 100_000)
}

// TestBoundsInARoom holds that a crowd, nicknames without end and endless reactions take no more than is said.
func TestBoundsInARoom(t *testing.T) {
	s := inRoom(t)
	s.live("coven@chat.lit/first", "1", body("x")+sid("s1", "coven@chat.lit")+occupantIs("w1"))
	for i := range 3 * maxReactors {
		s.live(fmt.Sprint("coven@chat.lit/n", i), fmt.Sprint("r", i), reactions("s1", "👋")+occupantIs(fmt.Sprint("o", i)))
	}
	e, _ := s.c.Get("s1")
	require.Len(t, e.Reactions, 1)
	assert.Len(t, e.Reactions[0].By, maxReactors)
	for i := range 3 * maxSets {
		s.live("coven@chat.lit/n1", fmt.Sprint("a", i), reactions("s1", strings.Repeat("👋\u200d", i)+"👋")+occupantIs("o1"))
	}
	for _, sets := range s.c.byKey[byHost("s1")].reactions {
		assert.LessOrEqual(t, len(sets), maxSets)
	}
	var o occupants
	for i := range 3 * maxNicks {
		o.see(&stanza.Presence{Type: stanza.Unavailable, From: jid.MustParse(fmt.Sprint("coven@chat.lit/n", i))}, false)
		assert.NotEqual(t, uint64(0), o.session(fmt.Sprint("n", i)))
	}
	assert.LessOrEqual(t, len(o.sessions), maxNicks)
}

// TestOldRooms holds that a room that names neither messages nor occupants sends nothing twice, either.
func TestOldRooms(t *testing.T) {
	s := newScript(t, coven, &ConversationOptions{Room: true})
	s.live("coven@chat.lit/first", "1", body("thrice"))
	s.live("coven@chat.lit/first", "2", body("thrice"))
	delayed := body("thrice") + "<delay xmlns='urn:xmpp:delay' from='coven@chat.lit' stamp='2026-01-01T00:00:00Z'/>"
	for _, id := range []string{"1", "2"} {
		_, ok := s.c.Add(s.message("coven@chat.lit/first", id, delayed))
		assert.False(t, ok, id)
	}
	assert.Equal(t, 2, s.c.Len())
	_, ok := s.c.Add(s.message("coven@chat.lit/first", "0", delayed))
	assert.True(t, ok)
	for e := range s.c.All() {
		assert.Equal(t, 2026, e.At.Year())
	}
}

// TestSecurityS07History holds that in a room that names nothing, what was said before we came belongs to nobody whom we see now: not to
// who says the same once more under the same id and nickname, and whoever stamps it as old.
func TestSecurityS07History(t *testing.T) {
	for name, from := range map[string]string{
		"the room stamps it": " from='coven@chat.lit'", "its author does, as old rooms have it": " from='first@example.org/x'",
		"the occupant does": " from='coven@chat.lit/first'", "nobody says who does": "",
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t, coven, &ConversationOptions{Room: true})
			old := s.message("coven@chat.lit/first", "1", body("thrice")+"<delay xmlns='urn:xmpp:delay'"+from+" stamp='2026-01-01T00:00:00Z'/>")
			_, ok := s.c.Add(old)
			require.True(t, ok)
			s.live("coven@chat.lit/first", "1", body("thrice"))
			s.live("coven@chat.lit/first", "2", body("once")+replace("1"))
			s.live("coven@chat.lit/first", "3", retract("1"))
			for e := range s.c.All() {
				assert.Nil(t, e.Retracted)
				assert.Zero(t, e.Edited)
			}
			assert.Contains(t, show(s.c), "thrice")
		})
	}
}
