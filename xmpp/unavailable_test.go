package xmpp_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/stanza"
	"github.com/canto-im/canto/xmpp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestGoodbye: who was available becomes unavailable before the stream ends (RFC 6121 §4.5.1), and nobody else.
func TestGoodbye(t *testing.T) {
	t.Attr("conformance", "6121-4.5.1-1")
	const gone = `<presence type='unavailable'/></stream:stream>`
	leaving := &stanza.Presence{Type: stanza.Unavailable, Status: "gone home"}
	for _, c := range []struct {
		name string
		said []stanza.Stanza
		want string
	}{
		{"available", []stanza.Stanza{&stanza.Presence{}}, gone},
		{"away", []stanza.Stanza{&stanza.Presence{Show: stanza.Away}, &stanza.Message{To: romeo}, &stanza.Presence{To: romeo, Type: stanza.Unavailable}}, gone},
		{"again", []stanza.Stanza{&stanza.Presence{}, leaving, &stanza.Presence{}}, gone},
		{"with a reason", []stanza.Stanza{&stanza.Presence{}, leaving}, streamClose},
		{"never available", nil, streamClose},
		{"directed presence only", []stanza.Stanza{&stanza.Presence{To: romeo}, &stanza.Presence{To: romeo.Bare(), Type: stanza.Subscribe}}, streamClose},
	} {
		for how, end := range map[string]func(*xmpp.Session) error{
			"Close":    (*xmpp.Session).Close,
			"Shutdown": func(s *xmpp.Session) error { return s.Shutdown(context.Background()) },
		} {
			t.Run(c.name+", "+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, _, got := wireOf(t)
					for _, st := range c.said {
						require.NoError(t, s.Send(t.Context(), st))
					}
					got()
					require.NoError(t, end(s))
					require.Equal(t, c.want, got())
				})
			})
		}
	}
}

// TestGoodbyeIsCounted: stream management counts it, so that the server's last acknowledgement is understood; the program
// hears nothing of it, whether it was acknowledged or not.
func TestGoodbyeIsCounted(t *testing.T) {
	for _, c := range []struct {
		name, h  string
		returned string // to Undelivered
	}{
		{"acknowledged", "3", ""},
		{"not acknowledged", "1", "m"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var returned []string
				o := &xmpp.Options{Undelivered: func(st stanza.Stanza, _ error) { returned = append(returned, st.Header().ID) }}
				s, p := openDeaf(t, o, bindFeature+smFeature)
				all := make(chan struct{})
				go func() { // the server's end, which cuts the connection without closing its stream
					heard := ""
					for part := make([]byte, 1024); !strings.Contains(heard, streamClose); {
						n, err := p.conn.Read(part)
						assert.NoError(t, err)
						heard += string(part[:n])
						if strings.Contains(string(part[:n]), "<enable ") {
							p.say("<enabled xmlns='urn:xmpp:sm:3'/>")
						}
					}
					assert.Contains(t, heard, "<presence type='unavailable'/><r xmlns='urn:xmpp:sm:3'/></stream:stream>")
					p.say("<a xmlns='urn:xmpp:sm:3' h='%s'/>", c.h)
					p.conn.Close()
					close(all)
				}()
				synctest.Wait()
				require.NoError(t, s.Send(t.Context(), &stanza.Presence{}))
				require.NoError(t, s.Send(t.Context(), &stanza.Message{ID: "m", To: romeo}))
				require.NoError(t, s.Close())
				<-all
				require.Equal(t, c.returned, strings.Join(returned, " "))
			})
		})
	}
}
