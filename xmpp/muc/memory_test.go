package muc

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/canto-im/canto/stanza"
	"github.com/stretchr/testify/assert"
)

// inUse is how many bytes live.
func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestSecurityS15Room: whatever a room and those who are in it send, a Room holds no more than is stated of who is there, and of what waits
// for a reader who takes nothing.
func TestSecurityS15Room(t *testing.T) {
	long := strings.Repeat("x", 60_000)
	name := strings.Repeat("n", 900)
	hat := "<hat uri='urn:" + long[:500] + "' title='" + long[:500] + "'/>"
	const (
		room = "coven@chat.shakespeare.lit"
		mib  = 1 << 20
	)
	presence := func(n int, nick, attrs, more string) string {
		return fmt.Sprintf("<presence xmlns='jabber:client' from='%s/%d%s'><show>away</show><status>%s</status><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='participant' jid='a%d@b.lit/%s'%s/></x>%s</presence>",
			room, n, nick, long[:500], n, name, attrs, more)
	}
	for _, c := range []struct {
		name   string
		unread bool
		sent   int // how often
		most   int64
		xml    func(n int) string
	}{
		{"occupants with much beside", false, 500, 4 * mib, func(n int) string {
			return presence(n, "", " xmlns='http://jabber.org/protocol/muc#user'", "<x xmlns='urn:x'>"+long+"</x>")
		}},
		{"occupants without end", false, 3000, 40 * mib, func(n int) string {
			return presence(n, name, "", "<hats xmlns='urn:xmpp:hats:0'>"+strings.Repeat(hat, 20)+"</hats>")
		}},
		{"messages with long threads", true, 500, 4 * mib, func(n int) string {
			return fmt.Sprintf("<message xmlns='jabber:client' from='%s/x' type='groupchat' id='%d'><body>b</body><thread>%s</thread></message>", room, n, long)
		}},
		{"messages with strange attributes", true, 2000, 4 * mib, func(n int) string {
			return fmt.Sprintf("<message xmlns='jabber:client' from='%s/x' type='groupchat' id='%d' x='%s'><body>b</body></message>", room, n, long[:8000])
		}},
		{"long reasons", true, 500, 4 * mib, func(n int) string {
			return fmt.Sprintf("<presence xmlns='jabber:client' from='%s/x'><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='%s'><reason>%s</reason></item></x></presence>",
				room, []string{"participant", "visitor"}[n%2], long)
		}},
		{"requests", true, 500, 4 * mib, func(int) string {
			return "<message xmlns='jabber:client' from='" + room + "'><x xmlns='jabber:x:data' type='form'><title>" + long + "</title><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/muc#request</value></field>" +
				"<field var='muc#jid' type='jid-single'><value>a@b.lit</value></field></x></message>"
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				before := inUse()
				r := bareRoom(srvless.Bare(), "thirdwitch", true)
				ctx, cancel := context.WithCancel(t.Context())
				events := r.Events(ctx)
				if !c.unread {
					go func() {
						for range events {
						}
					}()
				}
				taken := 0
				go func() {
					for ; taken < c.sent && ctx.Err() == nil; taken++ {
						switch st := parsed[stanza.Stanza](c.xml(taken)).(type) {
						case *stanza.Presence:
							r.presence(ctx, st)
						case *stanza.Message:
							r.message(ctx, st)
						}
					}
				}()
				synctest.Wait()
				grown := inUse() - before
				t.Logf("%d taken, it holds %d KiB", taken, grown>>10)
				assert.LessOrEqual(t, grown, c.most)
				assert.Equal(t, c.unread, taken < c.sent, "who is not read is held up")
				cancel()
				synctest.Wait()
				runtime.KeepAlive(r)
			})
		})
	}
}
