package server

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/canto-im/canto/internal/ns"
)

// pubConfig is the configuration of a node: the values by the names of XEP-0060 §16.4.4, without "pubsub#".
type pubConfig map[string][]string

// A pubOption is one field of a node's configuration.
type pubOption struct {
	name, typ         string
	service, personal string   // the default of a service, and of an account
	options           []string // what it may be; nil: anything that the type allows
}

var pubOptions = []pubOption{
	{name: "title", typ: "text-single"},
	{name: "description", typ: "text-single"},
	{name: "type", typ: "text-single"},
	{name: "access_model", typ: "list-single", service: "open", personal: "presence",
		options: []string{"authorize", "open", "presence", "roster", "whitelist"}},
	{name: "publish_model", typ: "list-single", service: "publishers", personal: "publishers", options: []string{"publishers", "subscribers", "open"}},
	{name: "roster_groups_allowed", typ: "list-multi"},
	{name: "persist_items", typ: "boolean", service: "1", personal: "1"},
	{name: "max_items", typ: "text-single", service: "20", personal: "1"},
	{name: "send_last_published_item", typ: "list-single", service: "never", personal: "on_sub_and_presence",
		options: []string{"never", "on_sub", "on_sub_and_presence"}},
	{name: "deliver_notifications", typ: "boolean", service: "1", personal: "1"},
	{name: "deliver_payloads", typ: "boolean", service: "1", personal: "1"},
	{name: "notify_config", typ: "boolean", service: "0", personal: "0"},
	{name: "notify_delete", typ: "boolean", service: "1", personal: "1"},
	{name: "notify_retract", typ: "boolean", service: "1", personal: "1"},
	{name: "notification_type", typ: "list-single", service: "headline", personal: "headline", options: []string{"normal", "headline"}},
	{name: "itemreply", typ: "list-single", service: "none", personal: "none", options: []string{"owner", "publisher", "none"}},
}

func pubOptionOf(name string) *pubOption {
	i := slices.IndexFunc(pubOptions, func(o pubOption) bool { return o.name == name })
	if i < 0 {
		return nil
	}
	return &pubOptions[i]
}

// defaults is the configuration of a node about which nobody has said anything.
func (p *pubService) defaults() pubConfig {
	c := pubConfig{}
	for _, o := range pubOptions {
		v := o.service
		if p.owner != nil {
			v = o.personal
		}
		if v != "" {
			c[o.name] = []string{v}
		}
	}
	return c
}

// value is the first value of a field.
func (c pubConfig) value(name string) string {
	if v := c[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// on reads a boolean.
func (c pubConfig) on(name string) bool { return c.value(name) == "1" }

// limit is how many items the node keeps.
func (c pubConfig) limit() int {
	const most = 10000 // what "max" is here
	if !c.on("persist_items") {
		return 0
	}
	n, err := strconv.Atoi(c.value("max_items"))
	if err != nil || n > most {
		return most
	}
	return n
}

// read takes a form that was submitted. The booleans have one spelling then. It returns nil where the form has a field or a value
// that makes no sense here.
func readPubForm(form *Element, formType string) pubConfig {
	if form == nil || form.attr("type") != "submit" {
		return nil
	}
	c := pubConfig{}
	for field := range form.elements() {
		name := field.attr("var")
		var values []string
		for v := range field.elements() {
			values = append(values, v.text())
		}
		if name == "FORM_TYPE" {
			if len(values) != 1 || values[0] != formType {
				return nil
			}
			continue
		}
		o := pubOptionOf(strings.TrimPrefix(name, "pubsub#"))
		if o == nil || !o.takes(values) {
			return nil
		}
		if o.typ == "boolean" {
			values = []string{boolean(values[0])}
		}
		c[o.name] = values
	}
	return c
}

// takes tells whether a field may have these values.
func (o *pubOption) takes(values []string) bool {
	switch {
	case o.typ == "list-multi":
		return true
	case len(values) != 1:
		return len(values) == 0 && o.typ == "text-single"
	case o.typ == "boolean":
		return boolean(values[0]) != ""
	case o.name == "max_items":
		n, err := strconv.Atoi(values[0])
		return values[0] == "max" || err == nil && n >= 0
	}
	return o.options == nil || slices.Contains(o.options, values[0])
}

// boolean gives an xs:boolean one spelling; "" for what is none.
func boolean(s string) string {
	switch s {
	case "1", "true":
		return "1"
	case "0", "false":
		return "0"
	}
	return ""
}

// with returns the configuration with some of it changed.
func (c pubConfig) with(changes pubConfig) pubConfig {
	c = maps.Clone(c)
	maps.Copy(c, changes)
	return c
}

// meets tells whether the configuration is what the preconditions ask for; XEP-0060 §7.1.5.
func (c pubConfig) meets(preconditions pubConfig) bool {
	for name, want := range preconditions {
		if !slices.Equal(c[name], want) {
			return false
		}
	}
	return true
}

// form shows the fields of those names, all if there are none.
func (c pubConfig) form(typ, formType string, names ...string) *Element {
	x := el(ns.Data, "x", "type", typ).with(el(ns.Data, "field", "var", "FORM_TYPE", "type", "hidden").with(el(ns.Data, "value").withText(formType)))
	for _, o := range pubOptions {
		if len(names) > 0 && !slices.Contains(names, o.name) {
			continue
		}
		field := el(ns.Data, "field", "var", "pubsub#"+o.name, "type", o.typ)
		for _, v := range c[o.name] {
			field = field.with(el(ns.Data, "value").withText(v))
		}
		if typ == "form" {
			for _, v := range o.options {
				field = field.with(el(ns.Data, "option").with(el(ns.Data, "value").withText(v)))
			}
		}
		x = x.with(field)
	}
	return x
}
