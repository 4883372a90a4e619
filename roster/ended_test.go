package roster

import (
	"errors"
	"testing"

	"github.com/canto-im/canto/xmpp"
	"github.com/canto-im/canto/xmpp/xmpptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWhatFails holds what a call returns that has failed, by whether the roster is open, whose it is, and whether its session
// has ended, though the roster may not have heard of that yet.
func TestWhatFails(t *testing.T) {
	srv := xmpptest.NewServer(t)
	over := srv.Session(t, "alice", nil)
	require.NoError(t, over.Close())
	<-over.Done()
	live := srv.Session(t, "alice", nil)
	failed := errors.New("it has failed")
	closed := errors.New("it was closed before")
	for name, c := range map[string]struct {
		session *xmpp.Session
		client  bool
		over    error
		err     error
		is      []error
		same    bool
	}{
		"nothing has failed":                   {over, false, nil, nil, nil, true},
		"the session lives":                    {live, false, nil, failed, []error{failed}, true},
		"a Client goes on":                     {over, true, nil, failed, []error{failed}, true},
		"there is no session":                  {nil, false, nil, failed, []error{failed}, true},
		"the session has ended":                {over, false, nil, failed, []error{failed, ErrClosed}, false},
		"the roster is closed":                 {nil, false, closed, failed, []error{failed, ErrClosed}, false},
		"it is said already":                   {over, false, nil, ErrClosed, []error{ErrClosed}, true},
		"it is said already, and it's closed":  {nil, false, closed, ErrClosed, []error{ErrClosed}, true},
		"nothing, of a roster that was closed": {nil, false, closed, nil, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Roster{session: c.session, client: c.client, over: c.over}
			err := r.failed(c.err)
			assert.Equal(t, c.same, err == c.err)
			for _, is := range c.is {
				assert.ErrorIs(t, err, is)
			}
		})
	}
	for _, c := range []struct {
		session *xmpp.Session
		client  bool
		cause   bool
	}{{over, false, true}, {over, true, false}, {live, false, false}, {nil, false, false}} {
		r := local(t, 0)
		r.session, r.client = c.session, c.client
		r.Close()
		assert.ErrorIs(t, r.over, ErrClosed)
		assert.Equal(t, c.cause, errors.Is(r.over, xmpp.ErrClosed), "the cause of the session's end")
	}
}
