package xmpptest

import (
	"crypto/tls"
	"net"
	"time"

	"github.com/canto-im/canto/xmpp/xmpptest/internal/server"
)

// A Script plays the server in a conversation that is written down, line by line:
//
//	< <stream:stream to='example.org' version='1.0'>
//	> <stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'
//	      from='example.org' id='s1' version='1.0'>
//	> <stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>
//	< <iq type='set' id='${bind}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>
//	> <iq type='result' id='${bind}'>
//	    <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>alice@example.org/x</jid></bind>
//	  </iq>
//	close
//
// "< " expects something from the client, "> " sends something to it, a line that starts with white space goes on with the
// one before; "#" starts a comment. What is expected is compared by its meaning: quotes, prefixes, the order of attributes and white space
// around text say nothing. An attribute of "*" may have any value or be absent, content of "*" may be anything, and ${name} takes
// whatever is there the first time (an attribute or a text), is the same afterwards, and stands for it in what is sent. Of a stream
// header 'to' and 'version' must be there, other attributes are compared where both have them. What is sent goes out as it stands, well-formed or not, but for the white
// space inside SASL data, so that the examples of the RFCs can be used as they are.
//
// The other lines are steps:
//
//	starttls              TLS takes over (both sides have said what comes before)
//	login user password   answers the SASL exchange that the client starts, whatever the mechanism, to its end
//	close                 the connection is closed at once, without a word
//	eof                   the client closes the connection
//	silence 2s            the client says nothing for so long
//	delay 2s              so long nothing happens
type Script struct {
	// Text is the conversation.
	Text string
	// TLS is the configuration for starttls; nil means a certificate for the domain that the client has asked for, signed by
	// the authority of Roots.
	TLS *tls.Config
	// Timeout is how long the client may take for each thing that is expected; 0 means 10 seconds.
	Timeout time.Duration
	// Vars are the values of ${name}: those that are known beforehand, and after Play those that were taken.
	Vars map[string]string
}

// ScriptError says where a conversation went another way: the Line of Script.Text, from 1, the Step as it stands there,
// and what happened (Err).
type ScriptError = server.ScriptError

// Play plays the script to its end, or to where the client departs from it, which is a *ScriptError with what was expected
// and what came. It leaves the connection open unless the script closes it.
func (s *Script) Play(conn net.Conn) error { return (*server.Script)(s).Play(conn) }
