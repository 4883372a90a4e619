package server

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

const boshPath = "/http-bind"

// A boshRequest is one that has come, and waits for its response.
type boshRequest struct {
	rid     uint64
	text    string // as it came: a repeated one has to be the same
	body    *Element
	created bool        // it creates the session
	reply   chan string // gets the response; buffered
}

func (r *boshRequest) ends() bool { return r.body.attr("type") == "terminate" }

// pause is how many seconds of silence the client asks for; 0: none.
func (r *boshRequest) pause() int {
	n, _ := strconv.Atoi(r.body.attr("pause"))
	return n
}

// isEmpty reports whether the request brings nothing.
func (r *boshRequest) isEmpty() bool {
	return r.body.first() == nil && !r.ends() && r.pause() == 0 && r.body.attrNS(ns.XBOSH, "restart") == "" && !r.created
}

// bosh answers one request of XEP-0124.
func (w *web) bosh(rw http.ResponseWriter, r *http.Request) {
	req, err := readBOSH(r, w.srv.opts.MaxStanza)
	if err != nil {
		w.srv.logf("bosh: %v", err)
		w.boshReply(rw, terminate("bad-request"))
		return
	}
	ses, why := w.boshFor(r, req)
	if ses == nil {
		w.boshReply(rw, terminate(why))
		return
	}
	fault := ses.fault(req)
	switch {
	case fault.LoseRequest:
		panic(http.ErrAbortHandler)
	case fault.Status != 0:
		http.Error(rw, http.StatusText(fault.Status), fault.Status)
		return
	case fault.Again:
		w.boshReply(rw, again)
		return
	case fault.Terminate != "":
		ses.terminate(fault.Terminate, fault.URI)
	}
	text, ok := ses.exchange(r.Context(), req)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	if fault.Delay > 0 {
		select {
		case <-time.After(fault.Delay):
		case <-r.Context().Done():
		}
	}
	if fault.LoseResponse {
		panic(http.ErrAbortHandler)
	}
	if fault.Body != nil {
		text = fault.Body(text)
	}
	w.boshReply(rw, text)
}

// boshReply says a response.
func (w *web) boshReply(rw http.ResponseWriter, text string) {
	rw.Header().Set("Content-Type", "text/xml; charset=utf-8")
	status := map[string]int{
		terminate("bad-request"): http.StatusBadRequest, terminate("policy-violation"): http.StatusForbidden, terminate("item-not-found"): http.StatusNotFound,
	}[text]
	if status != 0 && w.srv.opts.BOSH.Legacy { // XEP-0124 §17.1
		rw.WriteHeader(status)
		return
	}
	_, _ = io.WriteString(rw, text) // to a client that may have gone
}

// terminate is the response that ends a session.
func terminate(condition string) string {
	return string(fragment(el(ns.HTTPBind, "body").withAttr("type", "terminate").withAttr("condition", condition)))
}

// again is the response of XEP-0124 §17.3.
var again = string(fragment(el(ns.HTTPBind, "body", "type", "error")))

// readBOSH reads a request, and takes nothing that XEP-0124 does not allow.
func readBOSH(r *http.Request, limit int) (*boshRequest, error) {
	b, err := io.ReadAll(io.LimitReader(r.Body, int64(limit)+1))
	switch {
	case err != nil:
		return nil, err
	case len(b) > limit:
		return nil, fmt.Errorf("a request of more than %d bytes", limit)
	case r.Method != http.MethodPost || r.TransferEncoding != nil: // §5
		return nil, errors.New("not a POST with a length")
	case r.Header.Get("Content-Type") != "text/xml; charset=utf-8":
		return nil, fmt.Errorf("a body of type %q", r.Header.Get("Content-Type"))
	}
	d := xmltext.NewDecoder(bytes.NewReader(b), xmltext.Limits{StanzaBytes: limit})
	tok, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	body, err := readElement(d, tok)
	if err != nil {
		return nil, err
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return nil, fmt.Errorf("something behind the body: %v", err)
	}
	req := &boshRequest{text: string(b), body: body, reply: make(chan string, 1)}
	req.rid, err = strconv.ParseUint(body.attr("rid"), 10, 53) // §14.1
	switch {
	case err != nil || req.rid == 0:
		return nil, fmt.Errorf("the rid %q", body.attr("rid"))
	case !body.is(ns.HTTPBind, "body"):
		return nil, fmt.Errorf("<%s/> of %q", body.Name.Local, body.Name.Space)
	}
	for e := range body.elements() {
		if e.Name.Space == ns.HTTPBind {
			return nil, fmt.Errorf("<%s/> is in the namespace of the body", e.Name.Local)
		}
	}
	return req, nil
}

// boshFor returns the session of a request, which may be a new one, or why there is none.
func (w *web) boshFor(r *http.Request, req *boshRequest) (*boshSession, string) {
	s := w.srv
	if sid := req.body.attr("sid"); sid != "" {
		s.mu.Lock()
		defer s.mu.Unlock()
		return w.sessions[sid], "item-not-found"
	}
	if why := judgeCreation(req.body, s.domain.String()); why != "" {
		return nil, why
	}
	req.created = true
	s.mu.Lock()
	known := w.creations[req.rid]
	s.mu.Unlock()
	if known != nil && known.isKnown(req) { // repeated
		return known, ""
	}
	ses := newBOSHSession(w, r, req)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, "system-shutdown"
	}
	w.sessions[ses.sid], w.creations[req.rid] = ses, ses
	s.serveBOSH(ses)
	return ses, ""
}

// judgeCreation looks at the attributes of a request that creates a session (XEP-0124 §7.1, XEP-0206 §3); "" is that they're good.
func judgeCreation(b *Element, domain string) string {
	wait, err := strconv.Atoi(b.attr("wait"))
	hold, err2 := strconv.Atoi(b.attr("hold"))
	switch {
	case b.attr("to") == "":
		return "improper-addressing"
	case b.attr("to") != domain:
		return "host-unknown"
	case err != nil, err2 != nil, wait < 0, hold < 0, b.attr("ver") == "", b.attr("ack") != "1", b.attrNS(ns.XBOSH, "version") != "1.0", b.first() != nil:
		return "bad-request"
	}
	return ""
}

// serveBOSH serves the stream of a session. s.mu is held.
func (s *Server) serveBOSH(ses *boshSession) {
	s.lastConn++
	nothing := func(int) {} // what goes over the network is counted there
	c := newConn(s, s.lastConn, newFaultConn(ses, noFaults, nothing, nothing), overBOSH)
	c.tls = ses.tls
	s.begin(c)
}

// BOSHURL is where the server speaks XEP-0124: over https:, or http: where it knows no TLS.
func (s *Server) BOSHURL() (string, error) { return s.webURL("https", "http", boshPath) }

// exchange gives a request to the session and returns the response; false: there is none to be had any more.
func (b *boshSession) exchange(ctx context.Context, req *boshRequest) (string, bool) {
	reply, wait := b.submit(req)
	b.rest()
	defer b.rest()
	var late <-chan time.Time
	if wait >= 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		late = t.C
	}
	for {
		select {
		case text := <-reply:
			return text, text != ""
		case <-late:
			b.expire(req)
		case <-ctx.Done():
			return "", false
		}
	}
}

// granted are the attributes of the response that creates a session.
func (b *boshSession) granted(body *Element) *Element {
	seconds := func(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
	o := b.web.srv.opts.BOSH
	body = body.withAttr("sid", b.sid).withAttr("authid", b.id).withAttr("wait", seconds(b.wait)).withAttr("hold", strconv.Itoa(b.hold)).
		withAttr("requests", strconv.Itoa(o.Requests)).withAttr("polling", seconds(o.Polling)).withAttr("inactivity", seconds(o.Inactivity)).
		withAttr("from", b.web.srv.domain.String()).withAttr("ack", strconv.FormatUint(b.first, 10))
	if o.MaxPause > 0 {
		body = body.withAttr("maxpause", seconds(o.MaxPause))
	}
	if !o.Legacy {
		body = body.withAttr("ver", cmp.Or(b.ver, "1.6"))
	}
	body.Attrs = append(body.Attrs,
		Attr{Name: xmltext.Name{Space: ns.XBOSH, Local: "restartlogic"}, Value: strconv.FormatBool(!o.NoRestart)},
		Attr{Name: xmltext.Name{Space: ns.XBOSH, Local: "version"}, Value: "1.0"})
	return body
}
