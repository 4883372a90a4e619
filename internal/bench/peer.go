package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"

	"github.com/canto-im/canto/internal/corpus"
)

// A peerAddr is where a peer listens, and how to trust it.
type peerAddr struct {
	Plain, TLS string
	Cert       []byte // DER, its own issuer
}

// What a peer does after the login is what the resource asks for.
const (
	modeFlood  = "flood"  // for <body>n size</body> it sends n messages
	modeSink   = "sink"   // after <body>n</body> it takes n messages, then says that it has them
	modeAnswer = "answer" // it answers requests: those of a roster with as many items as the resource says behind the word
	modeQuiet  = "quiet"  // it says nothing
)

func init() { parts["peer"] = playPeer }

// playPeer is the other end of the benchmarks: a server that does next to nothing, so that what is measured is the client.
// It trusts its input; it is no server for anything else.
func playPeer(in io.Reader, say *json.Encoder) error {
	cert, err := certificate()
	if err != nil {
		return err
	}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer plain.Close()
	secure, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		return err
	}
	defer secure.Close()
	for _, l := range []net.Listener{plain, secure} {
		go accept(l)
	}
	hello := peerAddr{Plain: plain.Addr().String(), TLS: secure.Addr().String(), Cert: cert.Certificate[0]}
	if err := say.Encode(hello); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, in)
	return err
}

func accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			p := &peer{conn: c, r: bufio.NewReaderSize(c, 1<<10)}
			_ = p.serve() // the client sees what became of its connection
		}()
	}
}

// A peer is one connection.
type peer struct {
	conn net.Conn
	r    *bufio.Reader
	out  []byte
}

const (
	saslFeature = "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>ANONYMOUS</mechanism></mechanisms></stream:features>"
	bindFeature = "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>"
	saslSuccess = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
	doneMessage = "<message from='im.example.com'><body>done</body></message>"
)

// serve logs the client in, whoever it is, and does what it came for.
func (p *peer) serve() error {
	mode, err := p.login()
	if err != nil {
		return err
	}
	items, isAnswer := strings.CutPrefix(mode, modeAnswer)
	switch {
	case mode == modeFlood:
		return p.flood()
	case mode == modeSink:
		return p.sink()
	case isAnswer:
		n, _ := strconv.Atoi(items)
		return p.answer(n)
	}
	_, err = p.until(streamEnd) // which answers it
	return err
}

// login plays the server's side of RFC 6120 §9.1, without TLS, and returns the resource.
func (p *peer) login() (resource string, err error) {
	for _, step := range []struct{ until, say string }{
		{"<stream:stream", ""},
		{">", corpus.Head + saslFeature},
		{"mechanism='ANONYMOUS'", ""},
		{">", saslSuccess},
		{"<stream:stream", ""},
		{">", corpus.Head + bindFeature},
	} {
		if _, err := p.until(step.until); err != nil {
			return "", err
		}
		if _, err := io.WriteString(p.conn, step.say); err != nil {
			return "", err
		}
	}
	bind, err := p.until("</iq>")
	if err != nil {
		return "", err
	}
	resource = string(between(bind, "<resource>", "</resource>"))
	if _, err = fmt.Fprintf(p.conn, "<iq type='result' id='%s'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>%s/%s</jid></bind></iq>",
		between(bind, "id='", "'"), address, resource); err != nil {
		return "", err
	}
	return resource, nil
}

// streamEnd ends a stream, and is answered with the same (RFC 6120 §4.4).
const streamEnd = "</stream:stream>"

// until reads up to and with the mark, or to the end of the stream, which is an error.
func (p *peer) until(mark string) ([]byte, error) {
	var got []byte
	for {
		part, err := p.r.ReadSlice(mark[len(mark)-1])
		got = append(got, part...)
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
		switch {
		case bytes.HasSuffix(got, []byte(streamEnd)):
			_, _ = io.WriteString(p.conn, streamEnd)
			return nil, io.EOF
		case bytes.HasSuffix(got, []byte(mark)):
			return got, nil
		}
	}
}

// between is what stands in b between two marks.
func between(b []byte, from, to string) []byte {
	_, rest, _ := bytes.Cut(b, []byte(from))
	v, _, _ := bytes.Cut(rest, []byte(to))
	return v
}

// order reads what the client wants next: the numbers in a body.
func (p *peer) order() (n, size int, err error) {
	b, err := p.until("</message>")
	if err != nil {
		return 0, 0, err
	}
	_, err = fmt.Sscan(string(between(b, "<body>", "</body>")), &n, &size)
	return n, size, err
}

// flood sends what is ordered: the chat message as it is, or with a body that makes it of that size.
func (p *peer) flood() error {
	for {
		n, size, err := p.order()
		if err != nil {
			return err
		}
		one := corpus.Chat
		if pad := size - len(one); pad > 0 {
			one = strings.Replace(one, "</body>", strings.Repeat("But soft, what light ", pad/21+1)[:pad]+"</body>", 1)
		}
		per := max(64<<10/len(one), 1)
		block := []byte(strings.Repeat(one, per))
		for ; n > 0; n -= per {
			if _, err := p.conn.Write(block[:min(n, per)*len(one)]); err != nil {
				return err
			}
		}
	}
}

// sink takes what is announced.
func (p *peer) sink() error {
	const mark = "</message>"
	buf := make([]byte, 256<<10)
	for {
		n, _, err := p.order()
		if err != nil {
			return err
		}
		kept := 0
		for n > 0 {
			got, err := p.r.Read(buf[kept:])
			if err != nil {
				return err
			}
			b := buf[:kept+got]
			n -= bytes.Count(b, []byte(mark))
			kept = copy(buf, b[max(len(b)-len(mark)+1, 0):]) // too little for a mark, all that may begin one
		}
		if _, err := io.WriteString(p.conn, doneMessage); err != nil {
			return err
		}
	}
}

// answer answers requests, all that have come together in one write: with a roster, if it has items, else with nothing.
func (p *peer) answer(items int) error {
	for {
		request, err := p.until("</iq>")
		if err != nil {
			return err
		}
		id := string(between(request, "id='", "'"))
		if items > 0 {
			p.out = append(p.out, corpus.Roster(id, items)...)
		} else {
			p.out = append(append(append(p.out, "<iq type='result' id='"...), id...), answerEnd...)
		}
		if p.r.Buffered() == 0 {
			if _, err := p.conn.Write(p.out); err != nil {
				return err
			}
			p.out = p.out[:0]
		}
	}
}

const answerEnd = "' from='im.example.com' to='juliet@im.example.com/answer'/>"
