package server

import (
	"testing"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/stretchr/testify/require"
)

// TestModule adds a capability that uses every entry of a module: it is all that a new file has to do.
func TestModule(t *testing.T) {
	name := xmltext.Name{Space: "urn:toy", Local: "toy"}
	var gone []string
	toy := module{
		name:      "toy",
		advertise: func(*conn) []*Element { return []*Element{el("urn:toy", "feature")} },
		elements: map[xmltext.Name]elementHandler{name: func(c *conn, e *Element) error {
			c.send(e.withAttr("seen", "yes"))
			return nil
		}},
		iqs: []iqRoute{{to: toServer, name: name, answer: func(rq *request) (*Element, *stanzaError) {
			rq.after = append(rq.after, func() { rq.sender.send(el("jabber:client", "message", "id", "after")) })
			return el("urn:toy", "toy", "type", rq.typ()), nil
		}}},
		serverFeatures: []string{"urn:toy"},
		hosts: map[string]host{"echo": {title: "Echo", handle: func(s *Server, st *stanza) {
			s.reply(st, turned(el("jabber:client", "message"), st.el).with(st.el.first()))
		}}},
		message: func(_ *Server, owner *account, st *stanza, sent bool) bool {
			return !sent && owner.bare.Localpart() == "bob" && st.el.child("urn:toy", "toy") != nil
		},
		present: func(_ *Server, ses *session) { ses.send(el("jabber:client", "message", "id", "welcome")) },
		ended:   func(_ *Server, ses *session) { gone = append(gone, ses.jid.Resourcepart()) },
	}
	s := startServer(t, Options{})
	s.tables = newTables(s.opts, append(modules(), toy))
	c := loggedIn(t, s, "alice", "x")
	require.NotNil(t, c.features.child("urn:toy", "feature"))
	c.send("<toy xmlns='urn:toy'/>")
	c.want("<toy xmlns='urn:toy' seen='yes'/>")
	c.send("<iq type='set' id='1' to='canto.test'><toy xmlns='urn:toy'/></iq>")
	c.want("<iq type='result' id='1' from='canto.test' to='${me}'><toy xmlns='urn:toy' type='set'/></iq>")
	c.want("<message id='after'/>")
	c.send("<message to='someone@echo.canto.test/x'><body>hi</body></message>")
	c.want("<message from='someone@echo.canto.test/x' to='${me}'><body>hi</body></message>")
	c.send("<iq type='get' id='2' to='canto.test'><query xmlns='%s'/></iq>", ns.DiscoItems)
	require.Contains(t, c.next().String(), "<item jid='echo.canto.test' name='Echo'/>")
	c.send("<message to='bob@canto.test'><toy xmlns='urn:toy'/></message><message to='bob@canto.test'><body>hi</body></message><presence/>")
	require.Equal(t, c.jid, c.next().attr("from"))
	c.want("<message id='welcome'/>")
	require.Len(t, s.Offline("bob"), 1, "the toy was taken off its way")
	require.NoError(t, s.Close())
	require.Equal(t, []string{"x"}, gone)
}

func TestServerWithoutModules(t *testing.T) {
	s := startServer(t, Options{Without: []string{"roster", "ping", "disco"}})
	c := loggedIn(t, s, "alice", "x")
	require.Nil(t, c.features.child(ns.RosterVer, "ver"))
	c.send("<iq type='get' id='1'>%s</iq>", rosterQuery)
	require.Equal(t, "error", c.next().attr("type"))
}

func TestNewRefuses(t *testing.T) {
	for _, domain := range []string{"a@b.test", "b.test/r", "not a domain", "@"} {
		_, err := New(Options{Domain: domain})
		require.Error(t, err, domain)
	}
	s := startServer(t, Options{})
	require.Error(t, s.AddUser("a b", "x"))
	require.Error(t, s.Befriend("alice", "nobody"))
	require.NoError(t, s.Listen())
	require.Error(t, s.Listen())
	_, ok := s.Password("nobody")
	require.False(t, ok)
}
