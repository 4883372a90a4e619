package server

import (
	"context"
	"crypto/rand"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"maps"
	"net"
	"slices"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
)

// A component is a domain that a program outside of the server serves (XEP-0114). Server.mu protects it.
type component struct {
	domain jid.JID
	secret string
	conn   *conn // nil while it's not connected
}

// AddComponent lets a component connect under that domain with that secret, or gives an existing one a new secret.
func (s *Server) AddComponent(domain, secret string) error {
	j, err := jid.Parse(domain)
	if err != nil {
		return fmt.Errorf("component %q: %w", domain, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.tables.host(j); taken || j != j.Domain() || j == s.domain {
		return fmt.Errorf("component %q: it must be a domain that the server does not serve itself", domain)
	}
	if c := s.components[j.Domainpart()]; c != nil {
		c.secret = secret
		return nil
	}
	s.components[j.Domainpart()] = &component{domain: j, secret: secret}
	return nil
}

// ComponentSecret returns the secret of a component, if there is one of that domain.
func (s *Server) ComponentSecret(domain string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.components[domain]
	if !ok {
		return "", false
	}
	return c.secret, true
}

// ComponentAddr is the host:port for components, "" before Listen.
func (s *Server) ComponentAddr() string { return s.listenAddr(2) }

// ServeComponent takes a connection of a component over; it returns at once.
func (s *Server) ServeComponent(c net.Conn) { s.serve(c, forComponents) }

// DialComponent is Dial for a component.
func (s *Server) DialComponent(ctx context.Context, _, _ string) (net.Conn, error) {
	return s.dial(ctx, forComponents)
}

// componentStream runs the stream of a component; XEP-0114 §3.
func (c *conn) componentStream() error {
	id, err := c.componentHeader()
	if err != nil {
		return c.fatal(err)
	}
	for {
		tok, err := c.dec.ReadToken()
		if err != nil {
			return c.fatal(err)
		}
		if tok.Kind == xmltext.KindEnd {
			return errClosed
		}
		e, err := readElement(c.dec, tok)
		if err != nil {
			return c.fatal(err)
		}
		if err := c.componentChild(e, id); err != nil {
			return err
		}
		c.in.trim(c.dec.Buffered())
	}
}

// componentHeader reads the header and answers it with the id that the handshake is made of.
func (c *conn) componentHeader() (id string, err error) {
	id = rand.Text()
	tok, err := c.dec.ReadToken()
	if err != nil {
		if _, ok := syntaxError(err); ok {
			c.answerComponent(c.srv.domain.String(), id)
		}
		return "", err
	}
	h := fromToken(tok)
	c.headers.Add(1)
	to := h.attr("to")
	c.answerComponent(to, id)
	if !h.is(ns.Stream, "stream") {
		return "", &streamError{condition: "invalid-namespace", text: "the stream is " + h.Name.Space + " " + h.Name.Local}
	}
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	j, err := jid.Parse(to)
	if c.component = c.srv.components[j.Domainpart()]; err != nil || c.component == nil {
		return "", &streamError{condition: "host-unknown"}
	}
	return id, nil
}

func (c *conn) answerComponent(from, id string) {
	head := el(ns.Stream, "stream", "from", from, "id", id)
	c.step(Exchange{Step: StepHeader, XML: openTag(head, ns.Component)})
}

// componentChild acts on one child of a component's stream. Until the handshake there is nothing but that.
func (c *conn) componentChild(e *Element, id string) error {
	c.srv.record(c, e)
	switch {
	case e.is(ns.Stream, "error"):
		return errClosed
	case e.Name.Space != ns.Component:
		return &streamError{condition: "invalid-namespace", text: e.Name.Space}
	case e.Name.Local == "handshake" && !c.shaken:
		return c.handshake(e.text(), id)
	case !c.shaken:
		return &streamError{condition: "not-authorized"}
	case e.Name.Local == "message" || e.Name.Local == "presence" || e.Name.Local == "iq":
		return c.fromComponent(renamed(e, ns.Component, ns.Client))
	}
	return &streamError{condition: "unsupported-stanza-type", text: e.Name.Local}
}

// handshake lets the component in, or not.
func (c *conn) handshake(proof, id string) error {
	s, part := c.srv, c.component
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := sha1.Sum([]byte(id + part.secret))
	switch {
	case proof != hex.EncodeToString(sum[:]):
		s.counters.loginFailures.Add(1)
		return &streamError{condition: "not-authorized"}
	case part.conn != nil:
		return &streamError{condition: "conflict", text: "it is connected already"}
	}
	s.counters.logins.Add(1)
	c.shaken, part.conn = true, c
	c.step(Exchange{Step: StepSuccess, XML: "<handshake/>"})
	return nil
}

// fromComponent routes a stanza of a component.
func (c *conn) fromComponent(e *Element) error {
	s := c.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	from, err := jid.Parse(e.attr("from"))
	if err != nil || from.Domain() != c.component.domain {
		return &streamError{condition: "invalid-from", text: "you are " + c.component.domain.String()}
	}
	to, err := jid.Parse(e.attr("to"))
	if err != nil {
		// RFC 6120 §4.9.3.7: as between servers, both addresses must be there
		return &streamError{condition: "improper-addressing"}
	}
	s.route(&stanza{el: e, from: from, to: to})
	return nil
}

// eachComponent calls f for the components that are connected, by their names. s.mu is held.
func (s *Server) eachComponent(f func(part *component)) {
	for _, domain := range slices.Sorted(maps.Keys(s.components)) {
		if part := s.components[domain]; part.conn != nil {
			f(part)
		}
	}
}

// take hands the component what was sent to an address of its domain. s.mu is held.
func (part *component) take(s *Server, st *stanza) {
	if part.conn == nil {
		s.bounce(st, errServiceUnavailable)
		return
	}
	part.conn.send(renamed(st.el, ns.Client, ns.Component))
}

// leaveComponent notes that a component's connection is gone.
func (c *conn) leaveComponent() {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	if part := c.component; part != nil && part.conn == c {
		part.conn = nil
	}
}

// renamed returns e with all its elements that are in the namespace from in the namespace to: stanzas are the same in both
// content namespaces (RFC 6120 §4.8.3).
func renamed(e *Element, from, to string) *Element {
	c := *e
	if c.Name.Space == from {
		c.Name.Space = to
	}
	c.Children = make([]Node, len(e.Children))
	for i, n := range e.Children {
		if n.Element != nil {
			n.Element = renamed(n.Element, from, to)
		}
		c.Children[i] = n
	}
	return &c
}
