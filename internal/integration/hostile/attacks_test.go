package hostile

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// An attack is one way to harm a program.
type attack struct {
	name     string
	play     func(p *peer) error
	want     string        // what is said of the first session's or attempt's end
	use      string        // what the victim does beside: Order.Use
	used     string        // what is said of that use's end; "": it goes on
	slow     bool          // the victim's message handler takes for ever
	patience time.Duration // Options.Keepalive and DeadAfter; 0: their defaults
	room     int64         // MiB by which the process may grow, at most; 0: usual
}

const (
	soon     = time.Second       // for attacks that only time can end
	unharmed = "connection lost" // the session has taken all that was sent, and lost its connection afterwards

	usual = 32  // MiB: a few stanzas of Limits.StanzaBytes, a lane of Limits.LaneSoft, and what the collector leaves lying
	talk  = 64  // MiB: usual, and what a chat.Conversation holds, which is twice ConversationOptions.Bytes, again twice for the collector
	crowd = 80  // MiB: usual, and what a muc.Room holds of 50,000 occupants with short names, twice for the collector
	lane  = 192 // MiB: three times Limits.LaneHard, since the collector works at its own pace
)

// opening are the attacks on a stream that is being opened.
var opening = []attack{
	{name: "silence", want: "silent for too long", patience: soon, play: func(p *peer) error {
		_, err := p.await("what never comes")
		return err
	}},
	{name: "spaces before the stream", want: "limit exceeded: too many bytes", play: func(p *peer) error { return p.endless("", " ") }},
	{name: "an XML declaration without end", want: "a malformed XML declaration", play: func(p *peer) error { return p.endless("<?xml version='1.0'", " ") }},
	{name: "a header without end", want: "limit exceeded: too many bytes", play: func(p *peer) error { return p.endless("<stream:stream a='", "a") }},
	{name: "a header of a million attributes", want: "limit exceeded: too many attributes", play: func(p *peer) error {
		return p.flood("<stream:stream", func(n int) string { return fmt.Sprintf(" a%d=''", n) })
	}},
	{name: "a header of a million namespaces", want: "limit exceeded: too many attributes", play: func(p *peer) error {
		return p.flood("<stream:stream", func(n int) string { return fmt.Sprintf(" xmlns:a%d='urn:%d'", n, n) })
	}},
	{name: "a header that drips", want: "silent for too long", patience: soon, play: func(p *peer) error { return p.drip("<stream:stream a='", "a") }},
	{name: "an entity bomb", want: "restricted XML: a document type declaration", play: func(p *peer) error {
		return p.flood("<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a0 'ha'>", func(n int) string {
			return fmt.Sprintf("<!ENTITY a%d '&a%d;&a%d;'>", n+1, n, n)
		})
	}},
	{name: "features without end", want: "more than 128 elements in one list", play: greeted(func(p *peer) error {
		return p.flood("<stream:features>", func(n int) string { return fmt.Sprintf("<f xmlns='urn:%d'/>", n) })
	})},
	{name: "mechanisms without end", want: "more than 128 elements in one list", play: greeted(func(p *peer) error {
		return p.flood("<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>", func(n int) string {
			return fmt.Sprintf("<mechanism>X-%d</mechanism>", n)
		})
	})},
	{name: "deep features", want: "limit exceeded: elements nested too deep", play: greeted(func(p *peer) error { return p.endless("<stream:features>", "<f>") })},
	{name: "features that drip", want: "silent for too long", patience: soon, play: greeted(func(p *peer) error {
		return p.drip("<stream:features>", "<f xmlns='urn:x'/>")
	})},
	{name: "spaces for features", want: "the server closed the connection", play: greeted(func(p *peer) error { return p.endless("", " ") })},
	{name: "dripping spaces for features", want: "silent for too long", patience: soon, play: greeted(func(p *peer) error { return p.drip("", " ") })},
	{name: "stanzas before features", want: "in place of the stream features", play: greeted(messages)},
}

// greeted has an attack begin after the stream headers.
func greeted(f func(p *peer) error) func(p *peer) error {
	return func(p *peer) error {
		if err := p.greet(""); err != nil {
			return err
		}
		return f(p)
	}
}

// loggingIn are the attacks on authentication and binding.
var loggingIn = []attack{
	{name: "challenges without end", want: "server-first-message: the server's message is malformed", play: challenged("SCRAM-SHA-256", func(p *peer) error {
		return p.endless("", "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>cj14</challenge>")
	})},
	{name: "challenges to a mechanism that has none", want: "out of turn", play: challenged("ANONYMOUS", func(p *peer) error {
		return p.endless("", "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
	})},
	{name: "a challenge without end", want: "limit exceeded: too many bytes", play: challenged("SCRAM-SHA-256", func(p *peer) error {
		return p.endless("<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>", "cj14")
	})},
	{name: "success with data without end", want: "limit exceeded: too many bytes", play: challenged("SCRAM-SHA-256", func(p *peer) error {
		return p.endless("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>", "cj14")
	})},
	{name: "two thousand million iterations", want: "the iteration count is not acceptable", play: iterations},
	{name: "a binding without end", want: "limit exceeded: too many bytes", play: binding(func(p *peer, id string) error {
		return p.endless("<iq type='result' id='"+id+"'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>", "v")
	})},
	{name: "everything but a binding", want: "in place of the answer to our request", patience: soon, play: binding(func(p *peer, _ string) error { return messages(p) })},
	{name: "always a conflict", want: "bind: ", play: binding(func(p *peer, id string) error {
		for {
			if err := p.say("<iq type='error' id='" + id + "'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"); err != nil {
				return err
			}
			iq, err := p.await("</iq>")
			if err != nil {
				return err
			}
			id = requestID.FindStringSubmatch(iq)[1]
		}
	})},
}

func challenged(mechanism string, f func(p *peer) error) func(p *peer) error {
	return func(p *peer) error {
		if _, err := p.offer(mechanism); err != nil {
			return err
		}
		return f(p)
	}
}

// iterations asks for a derivation of hours.
func iterations(p *peer) error {
	auth, err := p.offer("SCRAM-SHA-256")
	if err != nil {
		return err
	}
	first, err := base64.StdEncoding.DecodeString(authText.FindStringSubmatch(auth)[1])
	if err != nil {
		return err
	}
	_, nonce, _ := strings.Cut(string(first), ",r=")
	challenge := base64.StdEncoding.EncodeToString([]byte("r=" + nonce + "+,s=c2FsdA==,i=2147483647"))
	if err := p.say("<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" + challenge + "</challenge>"); err != nil {
		return err
	}
	_, err = p.await("what never comes")
	return err
}

var authText = regexp.MustCompile(`<auth[^>]*>([^<]*)</auth>`)

func binding(f func(p *peer, id string) error) func(p *peer) error {
	return func(p *peer) error {
		id, err := p.open()
		if err != nil {
			return err
		}
		return f(p, id)
	}
}

// bound has an attack begin in a session, whose other direction is read.
func bound(f func(p *peer) error) func(p *peer) error {
	return func(p *peer) error {
		if err := p.bind(); err != nil {
			return err
		}
		p.deafen()
		return f(p)
	}
}

// unheard is bound, but what the victim says is not read.
func unheard(f func(p *peer) error) func(p *peer) error {
	return func(p *peer) error {
		if err := p.bind(); err != nil {
			return err
		}
		return f(p)
	}
}

func messages(p *peer) error {
	body := strings.Repeat("b", 500)
	return p.flood("", func(n int) string {
		return fmt.Sprintf("<message from='a%d@hostile.test/x' type='chat' id='m%d'><body>%s</body></message>", n, n, body)
	})
}
