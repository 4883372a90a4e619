package xmpp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/require"
)

// TestRecent: a message is known again by its sender, id and text when a server gives it once more, which shows by its delay.
func TestRecent(t *testing.T) {
	const delay = "<delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/>"
	chat := "<message type='chat' from='a@b/c' id='1'><body>x</body>%s</message>"
	receipt := "<message from='a@b/c' id='1'><received xmlns='urn:xmpp:receipts' id='r1'/>"
	for name, tt := range map[string]struct {
		before, now string
		known       bool
	}{
		"the same with a delay":          {chat, fmt.Sprintf(chat, delay), true},
		"a live one with the same id":    {chat, fmt.Sprintf(chat, ""), false},
		"another text":                   {chat, "<message type='chat' from='a@b/c' id='1'><body>y</body>" + delay + "</message>", false},
		"another id":                     {chat, "<message type='chat' from='a@b/c' id='2'><body>x</body>" + delay + "</message>", false},
		"another sender":                 {chat, "<message type='chat' from='a@b/d' id='1'><body>x</body>" + delay + "</message>", false},
		"another subject":                {chat, "<message type='chat' from='a@b/c' id='1'><body>x</body><subject>s</subject>" + delay + "</message>", false},
		"another type":                   {chat, "<message from='a@b/c' id='1'><body>x</body>" + delay + "</message>", false},
		"the same receipt":               {receipt + "%s</message>", receipt + delay + "</message>", true},
		"another receipt":                {receipt + "%s</message>", strings.ReplaceAll(receipt, "'r1'", "'r2'") + delay + "</message>", false},
		"a receipt more":                 {receipt + "%s</message>", receipt + "<received xmlns='urn:xmpp:receipts' id='r2'/>" + delay + "</message>", false},
		"without an id":                  {"<message from='a@b/c'><body>x</body>%s</message>", "<message from='a@b/c'><body>x</body>" + delay + "</message>", false},
		"of a room, which may repeat it": {"<message type='groupchat' from='a@b/c' id='1'><body>x</body>%s</message>", "<message type='groupchat' from='a@b/c' id='1'><body>x</body>" + delay + "</message>", false},
	} {
		r := newRecent()
		r.add(parsed(t, fmt.Sprintf(tt.before, "")))
		for range 2 { // it may come more than once
			require.Equal(t, tt.known, r.knows(parsed(t, tt.now)), name)
		}
	}
}

// TestRecentIsBounded: the oldest is forgotten for the newest, and one that came twice only with its second.
func TestRecentIsBounded(t *testing.T) {
	message := func(n int) stanza.Stanza {
		return parsed(t, fmt.Sprintf("<message from='a@b/c' id='%d'><body>x</body><delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/></message>", n))
	}
	r := newRecent()
	for n := range 3 * remembered {
		r.add(message(n))
	}
	require.Len(t, r.count, remembered)
	require.False(t, r.knows(message(2*remembered-1)))
	require.True(t, r.knows(message(2*remembered)))
	r.add(message(2 * remembered))
	for n := range remembered - 1 {
		r.add(message(10*remembered + n))
	}
	require.True(t, r.knows(message(2*remembered)))
	r.add(message(0))
	require.False(t, r.knows(message(2*remembered)))
}

func parsed(t *testing.T, xml string) stanza.Stanza {
	t.Helper()
	st, err := readBack([]byte(xml))
	require.NoError(t, err, xml)
	return st
}
