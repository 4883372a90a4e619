package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
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
	// this process's authority (Roots).
	TLS *tls.Config
	// Timeout is how long the client may take for each thing that is expected; 0 means 10 seconds.
	Timeout time.Duration
	// Vars are the values of ${name}: those that are known beforehand, and after Play those that were taken.
	Vars map[string]string
}

// A ScriptError says where a conversation went another way.
type ScriptError struct {
	Line int    // of Script.Text, from 1
	Step string // the step as it stands there
	Err  error
}

func (e *ScriptError) Error() string {
	return fmt.Sprintf("script line %d: %s: %v", e.Line, firstLine(e.Step), e.Err)
}

func (e *ScriptError) Unwrap() error { return e.Err }

// Play plays the script to its end, or to where the client departs from it, which is a *ScriptError. It leaves the
// connection open unless the script closes it.
func (s *Script) Play(conn net.Conn) error {
	steps, err := parseScript(s.Text)
	if err != nil {
		return err
	}
	if s.Vars == nil {
		s.Vars = make(map[string]string)
	}
	p := newPlayer(s, conn)
	written := make(chan struct{})
	go func() { p.out.run(); close(written) }()
	for _, st := range steps {
		if err = p.play(st); err != nil {
			err = &ScriptError{Line: st.line, Step: st.text, Err: err}
			break
		}
	}
	p.out.flush()
	p.out.kill()
	<-written
	// A connection that takes no deadline is closed, and needs none.
	_ = conn.SetDeadline(time.Time{})
	return err
}

// A player is a script under way.
type player struct {
	script *Script
	conn   net.Conn // with TLS once there is
	out    *outQueue
	in     *tail
	dec    *xmltext.Decoder
	to     string // the domain that the client has asked for
	state  *tls.ConnectionState
	cert   []byte
}

func newPlayer(s *Script, conn net.Conn) *player {
	p := &player{script: s, conn: conn, in: &tail{r: conn}, out: newOutQueue(conn, 1<<30)}
	p.dec = xmltext.NewDecoder(p.in, xmltext.Limits{})
	return p
}

// play plays one step.
func (p *player) play(st scriptStep) error {
	timeout := p.script.Timeout
	if timeout == 0 {
		timeout = 10 * time.Second
	}
	// A connection that takes no deadline is closed: the step itself finds that out.
	_ = p.conn.SetDeadline(time.Now().Add(timeout))
	switch st.verb {
	case "<":
		return p.expect(st.text)
	case ">":
		p.out.add(func(dst []byte) []byte { return append(dst, p.fill(squeezeSASL(st.text))...) })
		return nil
	case "starttls":
		return p.startTLS()
	case "login":
		return p.login(st.args[0], st.args[1])
	case "close":
		p.out.flush()
		return p.conn.Close()
	case "eof":
		return p.eof()
	case "silence":
		return p.silence(st.duration)
	}
	time.Sleep(st.duration)
	return nil
}

// startTLS puts TLS on the connection.
func (p *player) startTLS() error {
	if !p.out.flush() {
		return io.ErrClosedPipe
	}
	if n := p.dec.Buffered(); n > 0 {
		return fmt.Errorf("the client has sent %d bytes in clear behind its request", n)
	}
	conf := p.script.TLS
	if conf == nil {
		made, err := tlsConfigFor(Options{Domain: p.to})
		if err != nil {
			return err
		}
		conf = made
	}
	t := tls.Server(p.conn, conf)
	if err := t.Handshake(); err != nil {
		return err
	}
	cs := t.ConnectionState()
	p.conn, p.state, p.in = t, &cs, &tail{r: t}
	if len(conf.Certificates) > 0 {
		p.cert = conf.Certificates[0].Certificate[0]
	}
	p.out.use(t)
	p.dec.Reset(p.in)
	return nil
}

// eof waits for the client to close the connection.
func (p *player) eof() error {
	tok, err := p.dec.ReadToken()
	switch {
	case err == nil:
		return fmt.Errorf("expected the end of the connection, got a %v %q", tok.Kind, tok.Name.Local)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("the client keeps the connection open")
	}
	return nil
}

// silence waits for nothing.
func (p *player) silence(d time.Duration) error {
	// The same here.
	_ = p.conn.SetReadDeadline(time.Now().Add(d))
	tok, err := p.dec.ReadToken()
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil
	case err != nil:
		return fmt.Errorf("expected silence, got %w", err)
	}
	return fmt.Errorf("expected silence, got a %v %q", tok.Kind, tok.Name.Local)
}

// login runs a SASL exchange as the server does.
func (p *player) login(user, password string) error {
	e, err := p.element()
	if err != nil {
		return err
	}
	if !e.is(ns.SASL, "auth") {
		return fmt.Errorf("expected <auth/>, got\n\t%s", e)
	}
	o := Options{PlainInClear: true, ExternalAlways: true}.withDefaults()
	f := saslFacts{opts: &o, accounts: soleAccount{user, newCredential(password)}, domain: p.to, tls: p.state, serverCert: p.cert}
	f.types = bindingTypes(f, nil)
	f.offered = []string{e.attr("mechanism")}
	x, fault := newExchange(e.attr("mechanism"), f)
	for fault == nil {
		var reply saslReply
		var data []byte
		if data, err = saslData(e); err != nil {
			return err
		}
		if reply, fault = x.step(data); fault != nil {
			break
		}
		name := "challenge"
		if reply.done {
			name = "success"
		}
		p.out.add(func(dst []byte) []byte { return append(dst, saslElement(name, reply.data)...) })
		if reply.done {
			return nil
		}
		if e, err = p.element(); err != nil {
			return err
		}
	}
	return fmt.Errorf("the client's login fails: %s %s", fault.condition, fault.text)
}
