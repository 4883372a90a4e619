package hostmeta

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"slices"

	"github.com/canto-im/canto/internal/web"
)

// Endpoints are where a domain speaks XMPP over HTTP. The order means nothing (XEP-0156 §2.2).
type Endpoints struct {
	WebSocket []string // URLs that begin with wss: (RFC 7395)
	BOSH      []string // URLs that begin with https: (XEP-0124)
}

// The relation types of XEP-0156 §2.1.
const (
	relWebSocket = "urn:xmpp:alt-connections:websocket"
	relBOSH      = "urn:xmpp:alt-connections:xbosh"
)

// maxEndpoints is how many of a kind are kept.
const maxEndpoints = 8

func (e *Endpoints) none() bool { return len(e.WebSocket)+len(e.BOSH) == 0 }

// add takes a link, if it's one of ours and secure.
//
// XEP-0156 §2.2: only connection URLs that start with https or wss.
func (e *Endpoints) add(rel, href string) {
	var list *[]string
	var secure string
	switch rel {
	case relWebSocket:
		list, secure = &e.WebSocket, "wss"
	case relBOSH:
		list, secure = &e.BOSH, "https"
	default:
		return
	}
	if _, _, err := web.Parse(href, secure, secure); err != nil || len(*list) == maxEndpoints || slices.Contains(*list, href) {
		return
	}
	*list = append(*list, href)
}

// ParseXRD reads a host-meta document in XRD (RFC 6415 §3). Links of other kinds, and those that are not secure, are left out.
func ParseXRD(b []byte) (*Endpoints, error) {
	var doc struct {
		XMLName xml.Name `xml:"http://docs.oasis-open.org/ns/xri/xrd-1.0 XRD"`
		Links   []struct {
			Rel  string `xml:"rel,attr"`
			Href string `xml:"href,attr"`
		} `xml:"http://docs.oasis-open.org/ns/xri/xrd-1.0 Link"`
	}
	if err := xml.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("it is no XRD document: %q", err.Error())
	}
	var e Endpoints
	for _, l := range doc.Links {
		e.add(l.Rel, l.Href)
	}
	return &e, nil
}

// ParseJRD reads a host-meta document in JRD (RFC 6415 appendix A). Links of other kinds, and those that are not secure, are
// left out.
func ParseJRD(b []byte) (*Endpoints, error) {
	var doc struct {
		Links []struct {
			Rel  string `json:"rel"`
			Href string `json:"href"`
		} `json:"links"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("it is no JRD document: %q", err.Error())
	}
	var e Endpoints
	for _, l := range doc.Links {
		e.add(l.Rel, l.Href)
	}
	return &e, nil
}
