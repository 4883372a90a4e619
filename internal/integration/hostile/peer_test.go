package hostile

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A peer is the hostile server's end of one connection.
type peer struct {
	net.Conn
	in    []byte // read and not yet looked at
	bytes int64  // written
}

// listen has play at each connection that comes, and returns the address. The connections end with the test.
func listen(t *testing.T, play func(p *peer) error) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var conns sync.Map
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Store(c, true)
			all.Go(func() {
				defer conns.Delete(c)
				defer c.Close()
				_ = play(&peer{Conn: c})
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		conns.Range(func(c, _ any) bool {
			c.(net.Conn).Close()
			return true
		})
		all.Wait()
	})
	return l.Addr().String()
}

// await reads until what it's given has come and returns everything up to its end.
func (p *peer) await(needle string) (string, error) {
	for buf := make([]byte, 4<<10); ; {
		if i := bytes.Index(p.in, []byte(needle)); i >= 0 {
			text := string(p.in[:i+len(needle)])
			p.in = p.in[i+len(needle):]
			return text, nil
		}
		n, err := p.Read(buf)
		p.in = append(p.in, buf[:n]...)
		if err != nil {
			return "", err
		}
	}
}

func (p *peer) say(text string) error {
	n, err := p.Write([]byte(text))
	p.bytes += int64(n)
	return err
}

// errHeldUp says that the victim does not read on: it holds up whoever floods it.
var errHeldUp = errors.New("held up")

const (
	budget   = 40 << 20        // bytes that one attack writes, at most
	patience = 2 * time.Second // how long a write may stand still before the victim is held to be holding it up
)

// flood says head and then one text after the other, up to the budget.
func (p *peer) flood(head string, next func(n int) string) error {
	buf := []byte(head)
	for n := 0; p.bytes < budget; {
		for len(buf) < 64<<10 {
			buf = append(buf, next(n)...)
			n++
		}
		_ = p.SetWriteDeadline(time.Now().Add(patience))
		written, err := p.Write(buf)
		p.bytes += int64(written)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return errHeldUp
		}
		if err != nil {
			return err
		}
		buf = buf[:0]
	}
	return nil
}

// endless says head and then the same text again and again.
func (p *peer) endless(head, text string) error {
	text = strings.Repeat(text, 1+1000/len(text))
	return p.flood(head, func(int) string { return text })
}

// drip says a text again and again, slowly, until the victim has enough.
func (p *peer) drip(head, text string) error {
	if err := p.say(head); err != nil {
		return err
	}
	for range time.Tick(20 * time.Millisecond) {
		if err := p.say(text); err != nil {
			return err
		}
	}
	return nil
}

const header = `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' ` +
	`from='hostile.test' id='4a7f' version='1.0'>`

// The features of a server that is polite so far.
const (
	mechanisms = `<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>` +
		`<mechanism>%s</mechanism></mechanisms></stream:features>`
	bindable = `<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/></stream:features>`
)

// hear reads the client's stream header.
func (p *peer) hear() error {
	if _, err := p.await("<stream:stream"); err != nil {
		return err
	}
	_, err := p.await(">")
	return err
}

// greet opens the stream in both directions.
func (p *peer) greet(features string) error {
	if err := p.hear(); err != nil {
		return err
	}
	return p.say(header + features)
}

// offer comes as far as the client's <auth/>, which it returns.
func (p *peer) offer(mechanism string) (string, error) {
	if err := p.greet(fmt.Sprintf(mechanisms, mechanism)); err != nil {
		return "", err
	}
	return p.await("</auth>")
}

// open comes as far as the request to bind, and returns its id.
func (p *peer) open() (string, error) {
	if _, err := p.offer("ANONYMOUS"); err != nil {
		return "", err
	}
	if err := p.say(`<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>`); err != nil {
		return "", err
	}
	if err := p.greet(bindable); err != nil {
		return "", err
	}
	iq, err := p.await("</iq>")
	if err != nil {
		return "", err
	}
	return requestID.FindStringSubmatch(iq)[1], nil
}

var requestID = regexp.MustCompile(`id=['"]([^'"]+)['"]`)

const boundAs = `<iq type='result' id='%s'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>victim@hostile.test/v</jid></bind></iq>` +
	`<enabled xmlns='urn:xmpp:sm:3' id='s' resume='true'/>`

// bind goes all the way to a session, up to the request for the roster, which it answers.
func (p *peer) bind() error {
	id, err := p.open()
	if err != nil {
		return err
	}
	if err := p.say(fmt.Sprintf(boundAs, id)); err != nil {
		return err
	}
	return p.roster(`<iq type='result' id='%s'><query xmlns='jabber:iq:roster' ver='1'/></iq>`)
}

// roster waits for the request for the roster and gives the answer, which has a place for its id.
func (p *peer) roster(answer string) error {
	iq, err := p.await("jabber:iq:roster")
	if err != nil {
		return err
	}
	ids := requestID.FindAllStringSubmatch(iq, -1)
	return p.say(fmt.Sprintf(answer, ids[len(ids)-1][1]))
}

// deafen reads and drops what the victim says from now on, in the background, until the connection ends.
func (p *peer) deafen() {
	go func() {
		for buf := make([]byte, 64<<10); ; {
			if _, err := p.Read(buf); err != nil {
				return
			}
		}
	}()
}
