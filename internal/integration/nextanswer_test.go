package integration

import (
	"regexp"
	"strings"
	"sync"

	"github.com/canto-im/canto/stanza"
)

// A nextAnswer is what the next request of its namespace is answered with, so that no other one takes it.
type nextAnswer struct {
	mu            sync.Mutex // protects what follows
	answer, space string     // "": none
}

// set has that be the next answer, and returns the one before if nothing has asked for it.
func (n *nextAnswer) set(answer, space string) (left string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	left, n.answer, n.space = n.answer, answer, space
	return left
}

// to returns the answer to a stanza that one of us sends; "": it's not for this.
func (n *nextAnswer) to(xml string) (answer string) {
	e, err := stanza.ParseElement(xml)
	if err != nil || e.Name().Local != "iq" || e.Attr("type") != "get" && e.Attr("type") != "set" {
		return ""
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for payload := range e.Children() {
		if n.answer != "" && payload.Name().Space == n.space {
			answer, n.answer = n.answer, ""
		}
	}
	from := ""
	if to := e.Attr("to"); to != "" {
		from = " from='" + to + "'"
	}
	return strings.NewReplacer("${id}", e.Attr("id"), "${from}", from).Replace(answer)
}

var namespaceOf = regexp.MustCompile(`^<\w+ xmlns='([^']+)'`)
