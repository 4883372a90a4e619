package xmpp_test

import (
	"encoding/xml"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A newPassword is what an account tells its server (XEP-0077 §3.3).
type newPassword struct {
	XMLName  xml.Name `xml:"jabber:iq:register query"`
	Username string   `xml:"username"`
	Password string   `xml:"password"`
}

const changedPassword = "Polyhymnia's password"

// asks is the request to change a password.
func asks(id string) *stanza.IQ {
	return &stanza.IQ{Type: stanza.Set, ID: id, Payload: stanza.Payload(newPassword{Username: "alice", Password: changedPassword})}
}

// A sliced connection is read in small pieces.
type sliced struct {
	net.Conn
	most int
}

func (c sliced) Read(p []byte) (int, error) { return c.Conn.Read(p[:min(len(p), c.most)]) }

// TestSecurityS21PasswordsAreNotTraced: a password that an account gives itself is in neither direction of a trace, although the
// server sends back what it was sent, and wherever what comes is cut; all that stands beside it is there, in its order.
func TestSecurityS21PasswordsAreNotTraced(t *testing.T) {
	const echo = `<iq type='error' id='${id}' from='${from}'><query xmlns="jabber:iq:register"><x xmlns='jabber:x:data'><field var='FORM_TYPE'><value>jabber:iq:register:changepassword</value>` +
		`</field><field><value>` + changedPassword + `</value></field></x></query><error type='cancel'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`
	const malformed = `<iq type='set' from='@'><query xmlns="jabber:iq:register"><password>` + changedPassword + `</password></query></iq>`
	beside := []string{
		"<message><body>before</body></message>",
		"<iq type='result' id='x'><query xmlns='http://jabber.org/protocol/disco#info'><feature var='jabber:iq:register'/><feature var='urn:shown'/></query></iq>",
		"<message><body>of jabber:iq:register, and </body></message>",
		"<message><body>after</body></message>",
	}
	for _, most := range []int{1, 2, 3, 7, 17, 18, 19, 64, 1 << 16} {
		t.Run(fmt.Sprintf("%d bytes", most), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := xmpptest.NewServerWith(t, &xmpptest.Options{InMemory: true, StartTLS: xmpptest.Off})
				var r record
				o := srv.Options("alice")
				o.AllowPlaintext, o.Trace = true, &xmpp.Trace{Sent: r.add(&r.sent), Received: r.add(&r.received)}
				conn, err := srv.Dial(t.Context(), "", "")
				require.NoError(t, err)
				s, err := xmpp.NewSession(t.Context(), sliced{conn, most}, srv.JID("alice"), o)
				require.NoError(t, err)
				require.NoError(t, srv.Inject("alice", beside[0]))
				srv.ReplaceReply("alice", malformed+echo+strings.Join(beside[1:], ""))
				_, err = s.Do(t.Context(), asks(""))
				require.ErrorIs(t, err, stanza.NotAllowed)
				require.NoError(t, s.Send(t.Context(), &stanza.Message{To: srv.JID("bob"), Body: "afterwards"}))
				require.NoError(t, s.Close())
				assert.NotContains(t, r.sent.String(), changedPassword)
				assert.NotContains(t, r.received.String(), changedPassword)
				assert.Regexp(t, `(?s)<iq type='set' id='[^']+'><query xmlns='jabber:iq:register'>\[SASL\]</query></iq>.*afterwards.*</stream:stream>`, r.sent.String())
				for _, xml := range beside {
					assert.Contains(t, r.received.String(), xml)
				}
				assert.Regexp(t, `(?s)before.*<query xmlns="jabber:iq:register">\[SASL\]</query></iq><iq type='result' id='x'>.*after.*</stream:stream>$`, r.received.String())
			})
		})
	}
}

// TestSecurityS21PasswordsAreSentAgainUnseen: a request that is sent again with its stream isn't shown then, either.
func TestSecurityS21PasswordsAreSentAgainUnseen(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		var r record
		o := srv.Options("alice")
		o.Trace = &xmpp.Trace{Sent: r.add(&r.sent)}
		a := enterWith(t, srv, "alice", o)
		lose(srv, func() { require.NoError(t, a.Send(t.Context(), asks("change"))) })
		down := a.become(xmpp.Suspended)
		require.NoError(t, down.Session.Send(t.Context(), asks("again")))
		require.NoError(t, down.Session.Send(t.Context(), asks("and again")))
		a.become(xmpp.Resumed)
		elapse(time.Second)
		require.Len(t, requestsWith(srv, changedPassword), 3)
		require.NotContains(t, r.sent.String(), changedPassword)
		require.Equal(t, 4, strings.Count(r.sent.String(), "<query xmlns='jabber:iq:register'>[SASL]</query>"))
	})
}

// requestsWith are the elements that the server has received with that in them.
func requestsWith(srv *xmpptest.Server, what string) (list []string) {
	for _, e := range srv.Transcript("") {
		if strings.Contains(e.XML, what) {
			list = append(list, e.XML)
		}
	}
	return list
}

// TestSecurityS21PasswordsAreNotStored: of a request with a password that the server has not acknowledged, the Store gets the place
// that it has among the others, and nothing else; a successor sends one in it that changes nothing.
func TestSecurityS21PasswordsAreNotStored(t *testing.T) {
	perform(t, quiet, func(t *testing.T, srv *xmpptest.Server) {
		require.NoError(t, srv.AddUser("bob", "x"))
		store := xmpp.FileStore(t.TempDir())
		one := hire(t, srv, store, xmpp.Online)
		lose(srv, func() {
			one.write("bob", "1")
			require.NoError(t, one.Send(t.Context(), asks("change")))
			one.write("bob", "2")
		})
		one.become(xmpp.Suspended)
		srv.CutAfter(0, 0)
		require.NoError(t, one.Detach(t.Context()))
		p := left(t, store)
		require.Len(t, p.Unacked, 3)
		require.Equal(t, "<iq type='set' id='change'><query xmlns='jabber:iq:register'/></iq>", string(p.Unacked[1].XML))

		srv.CutAfter(-1, -1)
		hire(t, srv, store, xmpp.Resumed)
		elapse(time.Second)
		require.Equal(t, []string{"1", "2"}, kept(srv, "bob"))
		require.Len(t, requestsWith(srv, "id='change'"), 1)
		require.Empty(t, requestsWith(srv, changedPassword))
		require.EqualValues(t, 1, srv.Stats().Binds)
	})
}
