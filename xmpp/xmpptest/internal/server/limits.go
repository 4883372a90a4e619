package server

import (
	"strconv"

	"github.com/canto-im/canto/internal/ns"
)

// limitsModule is XEP-0478: what a session may send at a time.
func limitsModule() module {
	return module{name: "limits", advertise: func(c *conn) []*Element {
		if c.user == "" {
			return nil
		}
		return []*Element{el(ns.StreamLimits, "limits").with(el(ns.StreamLimits, "max-bytes").withText(strconv.Itoa(c.srv.opts.MaxStanza)))}
	}}
}
