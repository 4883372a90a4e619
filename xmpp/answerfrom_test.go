package xmpp_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

// TestAnswerToARequestForAnother: a request that was delivered to us under another's address is answered without that
// address, which the server would end the stream for (RFC 6120 §8.1.2.1, §4.9.3.9).
func TestAnswerToARequestForAnother(t *testing.T) {
	srv := xmpptest.NewServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	s := srv.Session(t, "alice", nil)
	require.NoError(t, srv.Inject("alice", `<iq type='get' id='stray' from='canto.test' to='other@canto.test'><query xmlns='jabber:iq:last'/></iq>`))
	answer, err := srv.Await(ctx, func(e xmpptest.Entry) bool { return strings.Contains(e.XML, "stray") })
	require.NoError(t, err)
	require.NotContains(t, answer.XML, "other@canto.test")
	_, err = s.Do(ctx, &stanza.IQ{Type: stanza.Get, To: srv.Domain(), Payload: stanza.Payload(pinging{})})
	require.NoError(t, err)
	require.NoError(t, s.Err())
}
