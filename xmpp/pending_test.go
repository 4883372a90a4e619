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
	return p.complete(id, from, me, outcome{iq: &stanza.IQ{Type: stanza.Result, ID: id, From: from}})
}

// A call is completed once, by whom it asked.
func TestPendingCompletes(t *testing.T) {
	p := newPending()
	c, err := p.add("1", you)
	require.NoError(t, err)
	require.True(t, p.any())
	_, err = p.add("1", me)
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
	_, err := p.add("1", you)
	require.NoError(t, err)
	first := errors.New("first")
	p.close(first)
	p.close(errors.New("second"))
	<-p.ended
	require.Equal(t, first, p.err)
	_, err = p.add("2", you)
	require.Equal(t, first, err)
	require.True(t, completes(p, "1", you), "what comes with the end is still an answer")
}
