package server

import (
	"strconv"

	"github.com/canto-im/canto/internal/ns"
)

// A roomConfig is what the owners of a room have made of it.
type roomConfig struct {
	name, description, password string
	persistent, public          bool
	membersOnly, moderated      bool
	anyoneSees                  bool // real addresses; false: moderators do
	changeSubject, invites      bool
	logged                      bool
	maxUsers                    int // 0: any number
	history                     int
	whispers                    string // who may send private messages: anyone, participants, moderators, none
}

func newRoomConfig(o Rooms) roomConfig {
	c := roomConfig{public: true, invites: true, history: o.History, whispers: "anyone"}
	if c.history == 0 {
		c.history = 20
	}
	return c
}

// A roomField is one field of the configuration form; XEP-0045 §16.5.3.
type roomField struct {
	name, typ, label string
	get              func(c *roomConfig) string
	set              func(c *roomConfig, value string) bool
}

func textField(name, typ, label string, at func(c *roomConfig) *string) roomField {
	return roomField{name, typ, label, func(c *roomConfig) string { return *at(c) }, func(c *roomConfig, v string) bool { *at(c) = v; return true }}
}

func boolField(name, label string, at func(c *roomConfig) *bool) roomField {
	return roomField{name, "boolean", label,
		func(c *roomConfig) string {
			if *at(c) {
				return "1"
			}
			return "0"
		},
		func(c *roomConfig, v string) bool {
			*at(c) = isTrue(v)
			return v == "0" || v == "false" || isTrue(v)
		}}
}

func intField(name, label string, at func(c *roomConfig) *int) roomField {
	return roomField{name, "text-single", label,
		func(c *roomConfig) string { return strconv.Itoa(*at(c)) },
		func(c *roomConfig, v string) bool {
			n, err := strconv.Atoi(v)
			if v == "" || v == "none" {
				n, err = 0, nil
			}
			*at(c) = n
			return err == nil && n >= 0
		}}
}

// roomFields is the form, in its order.
var roomFields = []roomField{
	textField("muc#roomconfig_roomname", "text-single", "Name", func(c *roomConfig) *string { return &c.name }),
	textField("muc#roomconfig_roomdesc", "text-single", "Description", func(c *roomConfig) *string { return &c.description }),
	boolField("muc#roomconfig_persistentroom", "Stays when nobody is in it", func(c *roomConfig) *bool { return &c.persistent }),
	boolField("muc#roomconfig_publicroom", "Can be found", func(c *roomConfig) *bool { return &c.public }),
	boolField("muc#roomconfig_membersonly", "For members only", func(c *roomConfig) *bool { return &c.membersOnly }),
	boolField("muc#roomconfig_moderatedroom", "Moderated", func(c *roomConfig) *bool { return &c.moderated }),
	boolField("muc#roomconfig_changesubject", "Occupants may change the subject", func(c *roomConfig) *bool { return &c.changeSubject }),
	boolField("muc#roomconfig_allowinvites", "Occupants may invite", func(c *roomConfig) *bool { return &c.invites }),
	boolField("muc#roomconfig_enablelogging", "Logged", func(c *roomConfig) *bool { return &c.logged }),
	intField("muc#roomconfig_maxusers", "How many may be in it", func(c *roomConfig) *int { return &c.maxUsers }),
	intField("muc#maxhistoryfetch", "How many messages are kept", func(c *roomConfig) *int { return &c.history }),
	textField("muc#roomconfig_roomsecret", "text-private", "Password", func(c *roomConfig) *string { return &c.password }),
	{"muc#roomconfig_whois", "list-single", "Who sees real addresses",
		func(c *roomConfig) string {
			if c.anyoneSees {
				return "anyone"
			}
			return "moderators"
		},
		func(c *roomConfig, v string) bool {
			c.anyoneSees = v == "anyone"
			return c.anyoneSees || v == "moderators"
		}},
	textField("muc#roomconfig_allowpm", "list-single", "Who may send private messages", func(c *roomConfig) *string { return &c.whispers }),
}

// roomOptions are the choices of the lists.
var roomOptions = map[string][]string{
	"muc#roomconfig_whois":   {"moderators", "anyone"},
	"muc#roomconfig_allowpm": {"anyone", "participants", "moderators", "none"},
}

// form is what an owner is asked; XEP-0045 §10.2.
func (c *roomConfig) form() *Element {
	f := dataForm(ns.MUCConfig, "Configuration of the room")
	for _, field := range roomFields {
		e := formField(field.name, field.typ, field.get(c)).withAttr("label", field.label)
		for _, choice := range roomOptions[field.name] {
			e = e.with(el(ns.Data, "option").with(el(ns.Data, "value").withText(choice)))
		}
		f = f.with(e)
	}
	protected := "0"
	if c.password != "" {
		protected = "1"
	}
	return f.with(formField("muc#roomconfig_passwordprotectedroom", "boolean", protected))
}

// submitted is the configuration with what a form says.
func (c roomConfig) submitted(form *Element) (roomConfig, *stanzaError) {
	values := formValues(form)
	if len(values) > 0 && values["FORM_TYPE"] != ns.MUCConfig {
		return c, errBadRequest
	}
	for _, field := range roomFields {
		if v, ok := values[field.name]; ok && !field.set(&c, v) {
			return c, &stanzaError{kind: "modify", condition: "not-acceptable", text: field.name}
		}
	}
	if v, ok := values["muc#roomconfig_passwordprotectedroom"]; ok && !isTrue(v) {
		c.password = ""
	} else if ok && c.password == "" {
		return c, &stanzaError{kind: "modify", condition: "not-acceptable", text: "a password is missing"}
	}
	return c, nil
}
