package server

import (
	"testing"

	"github.com/canto-im/canto/internal/ns"
	"github.com/stretchr/testify/require"
)

const enableCarbons = "<iq type='set' id='carbons'><enable xmlns='urn:xmpp:carbons:2'/></iq>"

// drain returns what a client has been sent, up to the answer to a ping.
func drain(c *rawClient) (list []*Element) {
	c.send("<iq type='get' id='drain'><ping xmlns='urn:xmpp:ping'/></iq>")
	for {
		e := c.next()
		if e.attr("id") == "drain" {
			return list
		}
		list = append(list, e)
	}
}

// bodies are those of the messages, with how they came.
func bodies(list []*Element) (out []string) {
	for _, e := range list {
		if e.Name.Local != "message" {
			continue
		}
		how, m := "", e
		if c := e.first(); c.Name.Space == ns.Carbons && c.Name.Local != "private" {
			how, m = c.Name.Local+" ", c.first().first()
		}
		out = append(out, how+m.attr("id"))
	}
	return out
}

func TestCarbons(t *testing.T) {
	for name, c := range map[string]struct {
		xml                        string
		alice                      []string // what alice's other resource gets when her first sends it
		phone, desk, deaf, another []string // what bob's get: phone is addressed, deaf and another want no copies, another has a lower priority
	}{
		"chat":           {"<message id='1' type='chat' to='bob@canto.test/phone'><body>x</body></message>", []string{"sent 1"}, []string{"1"}, []string{"received 1"}, nil, nil},
		"normal":         {"<message id='1' to='bob@canto.test/phone'><body>x</body></message>", []string{"sent 1"}, []string{"1"}, []string{"received 1"}, nil, nil},
		"to all":         {"<message id='1' type='chat' to='bob@canto.test'><body>x</body></message>", []string{"sent 1"}, []string{"1"}, []string{"1"}, []string{"1"}, nil},
		"without a body": {"<message id='1' to='bob@canto.test/phone'><x xmlns='urn:x'/></message>", nil, []string{"1"}, nil, nil, nil},
		"a receipt":      {"<message id='1' to='bob@canto.test/phone'><received xmlns='urn:xmpp:receipts' id='0'/></message>", []string{"sent 1"}, []string{"1"}, []string{"received 1"}, nil, nil},
		"private":        {"<message id='1' type='chat' to='bob@canto.test/phone'><private xmlns='urn:xmpp:carbons:2'/></message>", nil, []string{"1"}, nil, nil, nil},
		"no-copy":        {"<message id='1' type='chat' to='bob@canto.test/phone'><no-copy xmlns='urn:xmpp:hints'/></message>", nil, []string{"1"}, nil, nil, nil},
		"headline":       {"<message id='1' type='headline' to='bob@canto.test/phone'><body>x</body></message>", nil, []string{"1"}, nil, nil, nil},
		"groupchat":      {"<message id='1' type='groupchat' to='bob@canto.test/phone'><body>x</body></message>", nil, []string{"1"}, nil, nil, nil},
		"of a room":      {"<message id='1' type='chat' to='bob@canto.test/phone'><x xmlns='http://jabber.org/protocol/muc#user'/></message>", []string{"sent 1"}, []string{"1"}, nil, nil, nil},
		"of a room, invited": {
			"<message id='1' to='bob@canto.test/phone'><body>x</body><x xmlns='http://jabber.org/protocol/muc#user'><invite/></x></message>",
			[]string{"sent 1"}, []string{"1"}, []string{"received 1"}, nil, nil},
		"to oneself": {"<message id='1' type='chat' to='alice@canto.test/other'><body>x</body></message>", []string{"1"}, nil, nil, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := startServer(t, Options{InMemory: true})
			alice, other := online(t, s, "alice", "first", "<presence/>"), online(t, s, "alice", "other", "<presence/>")
			phone, desk := online(t, s, "bob", "phone", "<presence/>"), online(t, s, "bob", "desk", "<presence/>")
			deaf, another := online(t, s, "bob", "deaf", "<presence/>"), online(t, s, "bob", "another", "<presence><priority>-1</priority></presence>")
			for _, c := range []*rawClient{alice, other, phone, desk} {
				c.send("%s", enableCarbons)
				drain(c)
			}
			alice.send("%s", c.xml)
			require.Empty(t, bodies(drain(alice)), "the sender")
			require.Equal(t, c.alice, bodies(drain(other)))
			require.Equal(t, c.phone, bodies(drain(phone)))
			require.Equal(t, c.desk, bodies(drain(desk)))
			require.Equal(t, c.deaf, bodies(drain(deaf)))
			require.Equal(t, c.another, bodies(drain(another)))
		})
	}
}

// XEP-0280 §7: who the copy is from, and what is in it.
func TestCarbonOnTheWire(t *testing.T) {
	s := startServer(t, Options{})
	alice, bob := loggedIn(t, s, "alice", "a"), loggedIn(t, s, "bob", "phone")
	desk := loggedIn(t, s, "bob", "desk")
	desk.send("%s", enableCarbons)
	desk.want("<iq type='result' id='carbons' to='${me}'/>")
	alice.send("<message type='chat' to='bob@canto.test/phone' id='1'><body>hi</body></message>")
	desk.want("<message from='bob@canto.test' to='bob@canto.test/desk' type='chat'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>" +
		"<message xmlns='jabber:client' type='chat' to='bob@canto.test/phone' id='1' from='alice@canto.test/a'><body>hi</body></message></forwarded></received></message>")
	bob.next()
	desk.send("<iq type='set' id='2'><disable xmlns='urn:xmpp:carbons:2'/></iq>")
	desk.want("<iq type='result' id='2' to='${me}'/>")
	alice.send("<message type='chat' to='bob@canto.test/phone' id='3'><body>hi</body></message>")
	require.Empty(t, drain(desk))
}
