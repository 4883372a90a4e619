package register_test

import (
	"strings"
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/require"
)

const calliope = "Calliope's password"

var bill = jid.MustParse("bill@" + xmpptest.DefaultDomain)

// serve is a server in memory that lets strangers register.
func serve(t testing.TB, o xmpptest.Options, r *xmpptest.Register) *xmpptest.Server {
	t.Helper()
	o.InMemory, o.Register = true, r
	return xmpptest.NewServerWith(t, &o)
}

// options reach a server, with bill's password; he has no account yet.
func options(srv *xmpptest.Server) *xmpp.Options {
	o := srv.Options("nobody")
	o.Password = calliope
	return o
}

// said is what clients have sent that has this in it.
func said(srv *xmpptest.Server, what string) (list []string) {
	for _, e := range srv.Transcript("") {
		if strings.Contains(e.XML, what) {
			list = append(list, e.XML)
		}
	}
	return list
}

// logsIn logs bill in with what he has registered.
func logsIn(t *testing.T, srv *xmpptest.Server, password string) error {
	t.Helper()
	o := options(srv)
	o.Password = password
	s, err := xmpp.Dial(t.Context(), bill, o)
	if err == nil {
		require.NoError(t, s.Close())
	}
	return err
}
