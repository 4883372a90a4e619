package server

import (
	"crypto/rand"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
	"github.com/canto-im/canto/jid"
)

// header reads a stream header and answers it; RFC 6120 §4.7.
func (c *conn) header() error {
	tok, err := c.dec.ReadToken()
	if err != nil {
		if se, ok := syntaxError(err); ok {
			// RFC 6120 §4.9.1.2: an error during stream setup still follows our own opening tag.
			c.answerHeader("")
			return se
		}
		return err
	}
	h := fromToken(tok)
	c.headers.Add(1)
	lang, _ := tok.Lang()
	c.lang, c.from = string(lang), h.attr("from")
	fault := c.judgeHeader(h)
	c.answerHeader(h.attr("from"))
	if fault != nil {
		return fault
	}
	if to := c.srv.redirect(); to != "" {
		return &streamError{condition: "see-other-host", content: to}
	}
	return nil
}

func (c *conn) judgeHeader(h *Element) error {
	switch {
	case h.Name.Space != ns.Stream:
		// RFC 6120 §4.9.3.10
		return &streamError{condition: "invalid-namespace", text: "the stream's namespace is " + h.Name.Space}
	case h.Name.Local != "stream":
		return &streamError{condition: "bad-format", text: "the first element is " + h.Name.Local}
	case h.attr("version") == "":
		// RFC 6120 §4.7.5: no version means 0.9, which has no features
		return &streamError{condition: "unsupported-version"}
	}
	to, err := jid.Parse(h.attr("to"))
	if err != nil || to != c.srv.domain {
		// RFC 6120 §4.9.3.6
		return &streamError{condition: "host-unknown", text: "this server serves " + c.srv.domain.String()}
	}
	return nil
}

func (c *conn) answerHeader(to string) {
	head := el(ns.Stream, "stream", "from", c.srv.domain.String(), "id", rand.Text(), "version", "1.0")
	// RFC 6120 §4.7.1 and §4.7.2: the 'to' of the answer is the 'from' of the client, where it said one
	if _, err := jid.Parse(to); err == nil {
		head = head.withAttr("to", to)
	}
	lang := c.lang
	if lang == "" {
		lang = "en"
	}
	head.Attrs = append(head.Attrs, Attr{Name: xmltext.Name{Space: ns.XML, Local: "lang"}, Value: lang})
	c.step(Exchange{Step: StepHeader, XML: openTag(head, ns.Client)})
}

// openTag writes a start tag that stays open, with the declarations that a stream begins with.
func openTag(head *Element, content string) string {
	b := []byte("<?xml version='1.0'?><stream:stream xmlns='" + content + "' xmlns:stream='" + ns.Stream + "'")
	for _, a := range head.Attrs {
		value, err := xmltext.AppendEscapedAttr(nil, a.Value)
		if err != nil { // it came from a parser or is our own
			continue
		}
		b = append(b, ' ')
		if a.Name.Space == ns.XML {
			b = append(b, "xml:"...)
		}
		b = append(b, a.Name.Local...)
		b = append(b, "='"...)
		b = append(b, value...)
		b = append(b, '\'')
	}
	return string(append(b, '>'))
}

// sendFeatures says what can be negotiated now; RFC 6120 §4.3.2.
func (c *conn) sendFeatures() { c.step(Exchange{Step: StepFeatures, XML: c.features()}) }

func (c *conn) features() string {
	features := el(ns.Stream, "features")
	for _, m := range c.srv.tables.modules {
		if m.advertise != nil {
			features = features.with(m.advertise(c)...)
		}
	}
	b, err := features.append(nil, ns.Client)
	if err != nil {
		c.srv.logf("conn %d: features: %v", c.id, err)
	}
	return string(b)
}
