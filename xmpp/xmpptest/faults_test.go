package xmpptest_test

import (
	"context"
	"crypto/tls"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/sasl"
	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

func TestCloseStream(t *testing.T) {
	srv := xmpptest.NewServer(t)
	s := srv.Session(t, "alice", nil)
	srv.CloseStream("alice", "policy-violation")
	<-s.Done()
	var se *xmpp.StreamError
	require.ErrorAs(t, s.Err(), &se)
	require.EqualValues(t, "policy-violation", se.Condition)
	s = srv.Session(t, "alice", nil)
	srv.CloseStream("", "")
	<-s.Done()
}

func TestFreezeIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true})
		s := srv.Session(t, "alice", &xmpp.Options{Keepalive: time.Minute, DeadAfter: 10 * time.Second})
		before := time.Now()
		srv.Freeze()
		<-s.Done()
		require.LessOrEqual(t, time.Since(before), 2*time.Minute)
		require.Error(t, s.Err())
		srv.Thaw()
	})
}

func TestRepliesOfOthers(t *testing.T) {
	srv := xmpptest.NewServer(t)
	s := srv.Session(t, "alice", nil)
	ask := func() (*stanza.IQ, error) {
		return s.Do(t.Context(), &stanza.IQ{Type: stanza.Get, To: srv.Domain(), Payload: stanza.Payload(ping{})})
	}
	srv.ReplaceReply("alice", "<iq type='error' id='${id}' from='${to}'><error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
	_, err := ask()
	require.ErrorIs(t, err, stanza.ResourceConstraint)
	_, err = ask()
	require.NoError(t, err)
	remove := srv.Intercept(func(from jid.JID, xml string) bool {
		require.Equal(t, s.JID(), from)
		id, _, _ := strings.Cut(xml[strings.Index(xml, "id='")+4:], "'")
		require.NoError(t, srv.Inject("alice", "<iq type='result' id='"+id+"' from='"+srv.Domain().String()+"'><x xmlns='urn:x'/></iq>"))
		return true
	})
	reply, err := ask()
	require.NoError(t, err)
	require.True(t, reply.Payload.Is("urn:x", "x"))
	remove()
}

func TestTamperedLogin(t *testing.T) {
	srv := xmpptest.NewServerWith(t, &xmpptest.Options{TamperSASL: func(e xmpptest.Exchange, data []byte) []byte {
		if e.Step == xmpptest.StepSuccess {
			return nil // success, and no proof that the server knows the password
		}
		return data
	}})
	_, err := xmpp.Dial(t.Context(), srv.JID("alice"), srv.Options("alice"))
	var de *xmpp.DialError
	require.ErrorAs(t, err, &de)
	require.EqualValues(t, "auth", de.Step)
	require.Contains(t, srv.Transcript("")[0].XML, "starttls")
}

func TestTokensAndCertificates(t *testing.T) {
	srv := xmpptest.NewServerWith(t, &xmpptest.Options{Mechanisms: []string{"OAUTHBEARER", "EXTERNAL"}})
	require.NoError(t, srv.AddUser("alice", "unused"))
	srv.AddToken("alice", "t0ken")
	token := func(context.Context) (string, error) { return "t0ken", nil }
	s := srv.Session(t, "alice", &xmpp.Options{SASL: []sasl.Mechanism{sasl.OAuthBearer("alice@"+xmpptest.DefaultDomain, token)}})
	require.Equal(t, "OAUTHBEARER", s.ConnectionState().Mechanism)

	cert, err := xmpptest.Certificate(xmpptest.CertSpec{Address: "alice@" + xmpptest.DefaultDomain})
	require.NoError(t, err)
	s = srv.Session(t, "alice", &xmpp.Options{
		SASL: []sasl.Mechanism{sasl.External("")}, TLS: &tls.Config{Certificates: []tls.Certificate{cert}},
	})
	require.Equal(t, "EXTERNAL", s.ConnectionState().Mechanism)
}
