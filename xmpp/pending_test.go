package xmpp

import (
	"errors"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/require"
)

var me, you = jid.MustParse("me@example.net/x"), jid.MustParse("you@example.net/y")

// completes has an answer come from from.
func completes(p *pending, id string, from jid.JID) bool {
	return p.complete(id, from, me, me, outcome{iq: &stanza.IQ{Type: stanza.Result, ID: id, From: from}})
}

// A call is completed once, by whom it asked.
func TestPendingCompletes(t *testing.T) {
	p := newPending()
	c, err := p.add("1", you, jid.JID{}, nil)
	require.NoError(t, err)
	require.True(t, p.any())
	_, err = p.add("1", me, jid.JID{}, nil)
	require.ErrorContains(t, err, `"1"`)
	require.False(t, completes(p, "2", you))
	require.False(t, completes(p, "1", you.Bare()))
	require.True(t, completes(p, "1", you))
	require.False(t, completes(p, "1", you), "the second time it is nobody's")
	require.Equal(t, you, (<-c.reply).iq.From)
	require.False(t, p.any())
	require.Nil(t, p.calls, "an idle session keeps no table")
	p.remove("1")
}

// Once closed, it takes no calls and says why, the first reason.
func TestPendingCloses(t *testing.T) {
	p := newPending()
	_, err := p.add("1", you, jid.JID{}, nil)
	require.NoError(t, err)
	first := errors.New("first")
	p.close(first)
	p.close(errors.New("second"))
	<-p.ended
	require.Equal(t, first, p.err)
	_, err = p.add("2", you, jid.JID{}, nil)
	require.Equal(t, first, err)
	require.True(t, completes(p, "1", you), "what comes with the end is still an answer")
}

// A component asks as whoever it likes to be: the answer is for that address and no other one of its domain.
func TestPendingOfAComponent(t *testing.T) {
	p := newPending()
	gateway := jid.MustParse("gateway.example.net")
	asker := jid.MustParse("bridge@gateway.example.net")
	_, err := p.add("1", you, asker, nil)
	require.NoError(t, err)
	answer := func(from, to jid.JID) bool { return p.complete("1", from, to, gateway, outcome{}) }
	require.False(t, answer(you, gateway))
	require.False(t, answer(you, jid.JID{}))
	require.False(t, answer(you.Bare(), asker))
	require.False(t, answer(gateway, asker))
	require.False(t, answer(jid.JID{}, asker), "it has no account that a server could answer for")
	require.True(t, answer(you, asker))
}
