package xmpp_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A question is a Do under way.
type question struct {
	reply chan *stanza.IQ
	err   chan error
}

func do(ctx context.Context, s xmpp.Endpoint, iq *stanza.IQ) question {
	q := question{make(chan *stanza.IQ, 1), make(chan error, 1)}
	go func() {
		reply, err := s.Do(ctx, iq)
		q.reply <- reply
		q.err <- err
	}()
	return q
}

func (q question) open() bool {
	synctest.Wait()
	return len(q.err) == 0
}

// forged are stanzas that are no answer to the request ${id} to romeo.
var forged = []struct{ name, xml string }{
	{"another user", `<iq type='result' id='${id}' from='iago@example.net/x' to='${me}'><forged xmlns='urn:x'/></iq>`},
	{"another resource", `<iq type='result' id='${id}' from='romeo@example.net/other' to='${me}'/>`},
	{"the bare address of whom we asked", `<iq type='result' id='${id}' from='romeo@example.net' to='${me}'/>`},
	{"the server", `<iq type='result' id='${id}' from='example.net' to='${me}'/>`},
	{"ourselves", `<iq type='result' id='${id}' from='${me}' to='${me}'/>`},
	{"our account", `<iq type='result' id='${id}' from='juliet@example.net' to='${me}'/>`},
	{"nobody", `<iq type='result' id='${id}' to='${me}'/>`},
	{"no address at all", `<iq type='result' id='${id}' from='@' to='${me}'/>`},
	{"an error of another user", `<iq type='error' id='${id}' from='iago@example.net/x'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`},
	{"another id", `<iq type='result' id='${id}x' from='romeo@example.net/orchard'/>`},
	{"a part of the id", `<iq type='result' id='${id-}' from='romeo@example.net/orchard'/>`},
	{"the id in other case", `<iq type='result' id='${ID}' from='romeo@example.net/orchard'/>`},
	{"an empty id", `<iq type='result' id='' from='romeo@example.net/orchard'/>`},
	{"no id", `<iq type='result' from='romeo@example.net/orchard'/>`},
	{"a message", `<message id='${id}' from='romeo@example.net/orchard'><body>b</body></message>`},
	{"presence", `<presence id='${id}' from='romeo@example.net/orchard'/>`},
	{"an error message", `<message id='${id}' type='error' from='romeo@example.net/orchard'/>`},
	{"a get with the same id", `<iq type='get' id='${id}' from='romeo@example.net/orchard'><forged xmlns='urn:x'/></iq>`},
	{"a set with the same id", `<iq type='set' id='${id}' from='romeo@example.net/orchard'><forged xmlns='urn:x'/></iq>`},
	{"another namespace", `<iq xmlns='urn:other' type='result' id='${id}' from='romeo@example.net/orchard'/>`},
}

// forge fills in one of forged.
func forge(xml, id string) string {
	return strings.NewReplacer("${id}", id, "${id-}", id[1:], "${ID}", swapCase(id), "${me}", balcony.String()).Replace(xml)
}

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		}
		return r
	}, s)
}

// Promise 6: none of these completes a call, and the true answer still does.
func TestSecurityS03ForgedReplies(t *testing.T) {
	t.Attr("conformance", "6120-8.1.3-2")
	for _, c := range forged {
		t.Run(c.name, func(t *testing.T) {
			underAttack(t, nil, bindFeature, func(t *testing.T, s *target) {
				q := do(t.Context(), s, &stanza.IQ{Type: stanza.Get, To: romeo, Payload: stanza.Payload(version{})})
				id := s.hearIQ().ID
				s.say(forge(c.xml, id))
				require.True(t, q.open(), "forged, and taken for the answer")
				s.say(`<iq type='result' id='%s' from='%s' to='%s'><query xmlns='jabber:iq:version'/></iq>`, id, romeo, balcony)
				require.False(t, q.open())
				require.NoError(t, <-q.err)
				require.True(t, (<-q.reply).Payload.Is("jabber:iq:version", "query"))
				s.goesOn()
			})
		})
	}
}

// Late and second answers complete nothing, not even a later request with the same id.
func TestSecurityS03LateReplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		ask := func(ctx context.Context, to jid.JID) question {
			return do(ctx, s, &stanza.IQ{ID: "same", Type: stanza.Get, To: to, Payload: stanza.Payload(version{})})
		}
		answer := func(from jid.JID, note string) {
			p.say(`<iq type='result' id='same' from='%s'><query xmlns='jabber:iq:version'><name>%s</name></query></iq>`, from, note)
		}
		name := func(q question) string {
			require.NoError(t, <-q.err)
			var v version
			require.NoError(t, (<-q.reply).Payload.Decode(&v))
			return v.Name
		}
		ctx, cancel := context.WithCancel(t.Context())
		q := ask(ctx, romeo)
		p.hearIQ()
		cancel()
		require.ErrorIs(t, <-q.err, context.Canceled)
		answer(romeo, "late")
		synctest.Wait()

		q = ask(t.Context(), romeo)
		p.hearIQ()
		require.True(t, q.open(), "the late answer was to another request")
		answer(romeo, "first")
		answer(romeo, "second")
		require.Equal(t, "first", name(q))

		iago := jid.MustParse("iago@example.net/x")
		q = ask(t.Context(), iago)
		p.hearIQ()
		answer(romeo, "third")
		require.True(t, q.open(), "an answer of whom was asked before")
		answer(iago, "his own")
		require.Equal(t, "his own", name(q))
		require.NoError(t, s.Err())
	})
}

// Two requests with the same id at the same time could not be told apart.
func TestTwoRequestsWithTheSameID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		iq := &stanza.IQ{ID: "same", Type: stanza.Get, To: romeo, Payload: stanza.Payload(version{})}
		q := do(t.Context(), s, iq)
		p.hearIQ()
		_, err := s.Do(t.Context(), iq)
		require.ErrorContains(t, err, `"same"`)
		p.say(`<iq type='result' id='same' from='%s'/>`, romeo)
		require.NoError(t, <-q.err, "the first is not harmed")
		p.hearNothing()
	})
}

// Ids can't be guessed: at least 128 bits of chance, never one twice.
func TestSecurityS03IDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := make(map[string]bool)
		for range 2 { // sessions
			s, p := open(t, nil)
			for range 200 {
				q := do(t.Context(), s, &stanza.IQ{Type: stanza.Get, To: romeo, Payload: stanza.Payload(version{})})
				id := p.hearIQ().ID
				require.GreaterOrEqual(t, len(id), 22, "22 characters of base64 or 26 of base32 hold 128 bits")
				require.False(t, seen[id])
				seen[id] = true
				p.say(`<iq type='result' id='%s' from='%s'/>`, id, romeo)
				require.NoError(t, <-q.err)
			}
		}
		for i := range 8 { // and no character of them stands still
			column := make(map[byte]bool)
			for id := range seen {
				column[id[i]] = true
			}
			require.Greater(t, len(column), 8)
		}
	})
}

// RFC 6120 §8.1.2.1, §10.3.3: the server and our account are written in several ways.
func TestWhoMayAnswer(t *testing.T) {
	const absent = ""
	our := []string{absent, "juliet@example.net", "juliet@example.net/balcony", "example.net"}
	foreign := []string{"romeo@example.net/orchard", "romeo@example.net", "example.org", "juliet@example.net/other", "juliet@example.org"}
	type row struct {
		to   string
		from []string
	}
	var table []row
	for _, to := range our {
		table = append(table, row{to, our})
	}
	for _, to := range foreign {
		table = append(table, row{to, []string{to}})
	}
	for _, c := range table {
		for _, from := range slices.Concat(our, foreign) {
			t.Run(fmt.Sprintf("%q answers for %q", from, c.to), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, p := open(t, nil)
					iq := &stanza.IQ{Type: stanza.Get, Payload: stanza.Payload(version{})}
					if c.to != absent {
						iq.To = jid.MustParse(c.to)
					}
					ctx, cancel := context.WithCancel(t.Context())
					q := do(ctx, s, iq)
					attr := ""
					if from != absent {
						attr = "from='" + from + "'"
					}
					p.say(`<iq type='result' id='%s' %s/>`, p.hearIQ().ID, attr)
					assert.Equal(t, !slices.Contains(c.from, from), q.open())
					cancel()
					<-q.err
				})
			})
		}
	}
}

// An answer of type error is returned together with its error.
func TestErrorReplies(t *testing.T) {
	for _, c := range []struct {
		name, child string
		want        stanza.Condition
	}{
		{"condition", `<error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>no</text></error>`, stanza.NotAcceptable},
		{"payload too", versionQuery + `<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`, stanza.ItemNotFound},
		{"unknown condition", `<error type='cancel'><unheard-of xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`, stanza.UndefinedCondition},
		{"no error at all", ``, stanza.UndefinedCondition},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := open(t, nil)
				q := do(t.Context(), s, &stanza.IQ{Type: stanza.Get, To: romeo, Payload: stanza.Payload(version{})})
				p.say(`<iq type='error' id='%s' from='%s'>%s</iq>`, p.hearIQ().ID, romeo, c.child)
				require.ErrorIs(t, <-q.err, c.want)
				require.Equal(t, stanza.IQError, (<-q.reply).Type)
			})
		})
	}
}

// Do is for requests, and heeds a ctx that has ended: nothing is sent.
func TestDoRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		for _, typ := range []stanza.IQType{stanza.Result, stanza.IQError, "", "ask"} {
			_, err := s.Do(t.Context(), &stanza.IQ{Type: typ, To: romeo})
			require.ErrorContains(t, err, "use Send")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.Do(ctx, &stanza.IQ{Type: stanza.Get, Payload: stanza.Payload(version{})})
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, s.Send(ctx, &stanza.Presence{}), context.Canceled)
		synctest.Wait()
		p.hearNothing()
	})
}

// Get decodes the answer, or says what is wrong with it.
func TestGet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, nil)
		for _, c := range []struct {
			payload, want, err string
		}{
			{`<query xmlns='jabber:iq:version'><name>bot</name></query>`, "bot", ""},
			{``, "", "no payload"},
			{`<other xmlns='urn:x'/>`, "", "romeo@example.net/orchard"},
		} {
			got := make(chan version, 1)
			failed := make(chan error, 1)
			go func() {
				v, err := xmpp.Get[version](t.Context(), s, romeo, version{})
				got <- v
				failed <- err
			}()
			p.say(`<iq type='result' id='%s' from='%s'>%s</iq>`, p.hearIQ().ID, romeo, c.payload)
			require.Equal(t, c.want, (<-got).Name)
			if c.err != "" {
				require.ErrorContains(t, <-failed, c.err)
			} else {
				require.NoError(t, <-failed)
			}
		}
		raw := make(chan stanza.Element, 1)
		go func() {
			e, _ := xmpp.Get[stanza.Element](t.Context(), s, romeo, version{})
			raw <- e
		}()
		p.say(`<iq type='result' id='%s' from='%s'>%s</iq>`, p.hearIQ().ID, romeo, versionQuery)
		require.True(t, (<-raw).Is("jabber:iq:version", "query"))
	})
}
