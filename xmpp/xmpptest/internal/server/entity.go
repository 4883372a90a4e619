package server

import (
	"strconv"
	"time"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// timeModule is XEP-0202, for the server.
func timeModule() module {
	return module{
		name:           "time",
		serverFeatures: []string{ns.Time},
		iqs: []iqRoute{{to: toServer, typ: "get", name: xmltext.Name{Space: ns.Time, Local: "time"},
			answer: func(*request) (*Element, *stanzaError) {
				return el(ns.Time, "time").with(
					el(ns.Time, "tzo").withText("Z"),
					el(ns.Time, "utc").withText(time.Now().UTC().Format("2006-01-02T15:04:05Z")),
				), nil
			}}},
	}
}

// lastModule is XEP-0012, for the server and its accounts.
func lastModule() module {
	name := xmltext.Name{Space: ns.LastActivity, Local: "query"}
	return module{
		name:            "last",
		serverFeatures:  []string{ns.LastActivity},
		accountFeatures: []string{ns.LastActivity},
		iqs: []iqRoute{
			{to: toServer, typ: "get", name: name, answer: func(rq *request) (*Element, *stanzaError) {
				return secondsSince(rq.srv.begun), nil
			}},
			{to: toOwn | toAccount, typ: "get", name: name, answer: lastOfAccount},
		},
	}
}

// lastOfAccount tells when an account was last online; XEP-0012 §3.
func lastOfAccount(rq *request) (*Element, *stanzaError) {
	switch {
	case !maySee(rq):
		return nil, errForbidden
	case len(rq.owner.available()) > 0:
		return secondsSince(time.Now()), nil
	case rq.owner.gone == nil:
		return nil, errServiceUnavailable // it has never been there
	}
	status := rq.owner.gone.child(ns.Client, "status")
	if status == nil {
		return secondsSince(rq.owner.left), nil
	}
	return secondsSince(rq.owner.left).withText(status.text()), nil
}

func secondsSince(t time.Time) *Element {
	return el(ns.LastActivity, "query", "seconds", strconv.Itoa(int(time.Since(t)/time.Second)))
}

// hidesActivity reports whether a request to a resource is one for its last activity by somebody who may not see its presence;
// XEP-0012 §4: the server must not deliver that.
func (s *Server) hidesActivity(ses *session, st *stanza) bool {
	return s.opts.has("last") && st.el.first().is(ns.LastActivity, "query") && !s.sharesPresence(ses, st.from)
}
