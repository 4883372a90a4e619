package bosh

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/stream"
	"github.com/canto-im/canto/internal/xmltext"
)

// A body is what a connection manager has said: the <body/> of XEP-0124 §6, read.
type body struct {
	xml     []byte // the payloads, each as XML that stands alone
	failed  bool   // a stream error is the last of them
	end     bool   // type 'terminate'
	again   bool   // type 'error': the request is to be repeated (§17.3)
	why     Condition
	uri     string // of see-other-uri
	attrs   attrs
	missing uint64 // 'report': the rid of a response that did not get through (§9.2); 0: none
}

// Attrs are the attributes that matter with the creation of a session (XEP-0124 §7.2, XEP-0206 §4).
type attrs struct {
	sid, authid, from, lang, version    string
	ver                                 string
	wait, inactivity, polling, maxPause int // in seconds; -1: not there, or no number
	requests, hold                      int
	restart                             string
}

// maxSeconds bounds what a connection manager can say of time: more than a day is as good as for ever.
const maxSeconds = 24 * 60 * 60

// maxSID bounds the length of a session id, which each request repeats.
const maxSID = 1024

var errNoBody = errors.New("it is no <body/> of BOSH (XEP-0124 §6)")

// readBody reads a response with d, whose limits hold for it. What breaks a rule is a *stream.Error, what breaks one of XML a
// *xmltext.SyntaxError; where it's not BOSH at all it's errNoBody.
func readBody(d *xmltext.Decoder, b []byte) (*body, error) {
	d.Reset(bytes.NewReader(b))
	t, err := d.ReadToken()
	if err != nil {
		return nil, whole(err)
	}
	if t.Name != (xmltext.Name{Space: ns.HTTPBind, Local: "body"}) {
		return nil, fmt.Errorf("<%s/> of %q: %w", t.Name.Local, t.Name.Space, errNoBody)
	}
	out := &body{attrs: attrsOf(t)}
	switch string(value(t, "type")) {
	case "terminate":
		out.end, out.why = true, Condition(value(t, "condition"))
	case "error":
		out.again = true
	}
	if n, err := strconv.ParseUint(string(value(t, "report")), 10, 64); err == nil {
		out.missing = n
	}
	for {
		t, err := d.ReadToken()
		switch {
		case err != nil:
			return nil, whole(err)
		case t.Kind == xmltext.KindEnd && len(bytes.TrimSpace(b[d.InputOffset():])) > 0:
			return nil, whole(io.EOF)
		case t.Kind == xmltext.KindEnd:
			return out, nil
		}
		if err := out.payload(d, t); err != nil {
			return nil, whole(err)
		}
	}
}

// whole is the error for a document that ends too early or goes on too long.
func whole(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &stream.Error{Condition: "not-well-formed", Text: "the response is no whole XML document (XEP-0124 §6)"}
	}
	return err
}

// payload reads one child of the body.
func (b *body) payload(d *xmltext.Decoder, t *xmltext.Token) error {
	name := t.Name
	if name == (xmltext.Name{Space: ns.HTTPBind, Local: "uri"}) {
		uri, err := d.AppendText(nil)
		b.uri = string(bytes.TrimSpace(uri))
		return err
	}
	doc, err := d.ReadElement()
	if err != nil {
		return err
	}
	b.failed = name == xmltext.Name{Space: ns.Stream, Local: "error"}
	if name.Space == ns.HTTPBind {
		// XEP-0206 §2: many leave out the namespace of stanzas, and mean jabber:client.
		doc = asClient(doc)
	}
	b.xml = append(b.xml, doc...)
	return nil
}

// asClient puts the content of an element into jabber:client where it's in the namespace of the body by inheritance.
func asClient(doc []byte) []byte {
	const inherited = " xmlns='" + ns.HTTPBind + "'"
	at := bytes.IndexAny(doc, " />")
	for bytes.HasPrefix(doc[at:], []byte(" xmlns")) { // what ReadElement has added comes first
		if bytes.HasPrefix(doc[at:], []byte(inherited)) {
			out := append([]byte(nil), doc[:at]...)
			out = append(out, " xmlns='"+ns.Client+"'"...)
			return append(out, doc[at+len(inherited):]...)
		}
		next := bytes.IndexByte(doc[at+1:], ' ')
		if next < 0 {
			break
		}
		at += 1 + next
	}
	return doc
}

// attrsOf reads the attributes.
func attrsOf(t *xmltext.Token) attrs {
	restart, _ := t.AttrNS(ns.XBOSH, "restartlogic")
	version, _ := t.AttrNS(ns.XBOSH, "version")
	lang, _ := t.Lang()
	return attrs{
		sid: string(value(t, "sid")), authid: string(value(t, "authid")), from: string(value(t, "from")), ver: string(value(t, "ver")),
		lang: string(lang), version: string(version), restart: string(restart),
		wait: seconds(t, "wait"), inactivity: seconds(t, "inactivity"), polling: seconds(t, "polling"), maxPause: seconds(t, "maxpause"),
		requests: seconds(t, "requests"), hold: seconds(t, "hold"),
	}
}

func value(t *xmltext.Token, local string) []byte {
	v, _ := t.Attr(local)
	return v
}

// seconds reads a number that is not negative and not absurd; -1: there is none.
func seconds(t *xmltext.Token, local string) int {
	n, err := strconv.ParseUint(string(value(t, local)), 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return maxSeconds
	case err != nil:
		return -1
	}
	return int(min(n, maxSeconds))
}

// terms is what the answer to the creation of a session grants to one who asked for requests to be held for wait.
func (a attrs) terms(wait time.Duration) (terms, error) {
	switch {
	case a.sid == "":
		return terms{}, errors.New("the connection manager gives no session id (XEP-0124 §7.2)")
	case len(a.sid) > maxSID:
		return terms{}, fmt.Errorf("the session id has more than %d bytes", maxSID)
	}
	g := terms{sid: a.sid, wait: wait, hold: asked, requests: asked + 1, legacy: a.ver == ""}
	if a.wait >= 0 {
		g.wait = min(wait, time.Duration(a.wait)*time.Second)
	}
	if a.hold >= 0 {
		g.hold = min(asked, a.hold)
	}
	if a.requests >= 0 { // §7.2: where it's not there, there may be as many as we like
		g.requests = max(1, min(g.requests, a.requests))
	}
	if g.wait == 0 {
		g.hold = 0
	}
	g.hold = min(g.hold, g.requests-1) // §7.2: requests must be larger
	g.inactivity, g.polling, g.maxPause = granted(a.inactivity), granted(a.polling), granted(a.maxPause)
	return g, nil
}

func granted(n int) time.Duration { return time.Duration(max(n, 0)) * time.Second }
