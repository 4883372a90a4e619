package server

import (
	"encoding/base64"
	"strings"

	"github.com/canto-im/canto/internal/ns"
)

// The picture of a CAPTCHA and what it's called (XEP-0231 §2); it shows nothing.
const captchaID = "sha1+8f35fef110ffc5df08d579a50083ff9308fb6242@bob.xmpp.org"

var captchaPicture = []byte("picture")

// question is what a stranger has to tell.
func (o *Register) question() *Element {
	q := el(ns.Register, "query")
	if o.URL != "" {
		// XEP-0077 §5
		return q.with(el(ns.Register, "instructions").withText("To register, visit "+o.URL), el(ns.OOB, "x").with(el(ns.OOB, "url").withText(o.URL)))
	}
	q = q.with(el(ns.Register, "instructions").withText("Choose a username and password."))
	if !o.FormOnly {
		for _, name := range o.wanted() {
			q = q.with(el(ns.Register, name))
		}
	}
	if !o.hasForm() {
		return q
	}
	f := dataForm(ns.Register, "Registration")
	for _, name := range o.wanted() {
		f = f.with(askFor(name))
	}
	if o.Captcha == "" {
		return q.with(f)
	}
	uri := el(ns.Media, "uri", "type", "image/png").withText("cid:" + captchaID)
	ocr := askFor("ocr").with(el(ns.Media, "media", "height", "80", "width", "290").with(uri))
	data := el(ns.Bob, "data", "cid", captchaID, "type", "image/png").withText(base64.StdEncoding.EncodeToString(captchaPicture))
	return q.with(f.with(formField("challenge", "hidden", "F3A6292C"), ocr), data)
}

func (o *Register) hasForm() bool { return o.Form || o.FormOnly || o.Captcha != "" }

// wanted are the names of the fields.
func (o *Register) wanted() []string { return append([]string{"username", "password"}, o.Fields...) }

// dataForm begins a data form (XEP-0004) of that FORM_TYPE.
func dataForm(formType, title string) *Element {
	return el(ns.Data, "x", "type", "form").with(el(ns.Data, "title").withText(title), formField("FORM_TYPE", "hidden", formType))
}

func formField(name, typ, value string) *Element {
	return el(ns.Data, "field", "var", name, "type", typ).with(el(ns.Data, "value").withText(value))
}

// askFor is a field that has to be filled in.
func askFor(name string) *Element {
	typ := "text-single"
	if strings.HasSuffix(name, "password") {
		typ = "text-private"
	}
	return el(ns.Data, "field", "var", name, "type", typ, "label", strings.ToUpper(name[:1])+name[1:]).with(el(ns.Data, "required"))
}

// answers reads what a stranger has told, and whether that is all.
func (o *Register) answers(query *Element) (map[string]string, *stanzaError) {
	values := submitted(query)
	form := query.child(ns.Data, "x")
	switch {
	case form != nil && (query.child(ns.Register, "username") != nil || !o.hasForm()):
		return nil, errBadRequest // XEP-0077 §4: not both, and no form that nobody has asked for
	case form == nil && (o.FormOnly || o.Captcha != ""):
		return nil, errBadRequest
	case form != nil && values["FORM_TYPE"] != ns.Register:
		return nil, errBadRequest
	case o.Captcha != "" && (values["ocr"] != o.Captcha || values["challenge"] != "F3A6292C"):
		// XEP-0158 §3.1.4
		return nil, &stanzaError{kind: "cancel", condition: "not-acceptable", text: "that is not what the picture shows"}
	}
	for _, name := range o.wanted() {
		if values[name] == "" {
			// XEP-0077 §3.1
			return nil, &stanzaError{kind: "modify", condition: "not-acceptable", text: name + " is missing"}
		}
	}
	return values, nil
}

// submitted are the values of a query or of the form in it.
func submitted(query *Element) map[string]string {
	values := make(map[string]string)
	for e := range query.elements() {
		switch e.Name.Space {
		case ns.Register:
			values[e.Name.Local] = e.text()
		case ns.Data:
			for field := range e.elements() {
				if v := field.child(ns.Data, "value"); v != nil {
					values[field.attr("var")] = v.text()
				}
			}
		}
	}
	return values
}

// confirmed asks for the old password, unless it's there; XEP-0077 §3.2, §3.3: with a form in the error.
func confirmed(a *account, values map[string]string, remove bool) *stanzaError {
	formType, old := ns.Register+":changepassword", "old_password"
	if remove {
		formType, old = ns.Register+":cancel", "password"
	}
	switch {
	case values["FORM_TYPE"] == formType && values[old] == a.secret.password:
		return nil
	case values["FORM_TYPE"] == formType:
		return &stanzaError{kind: "auth", condition: "forbidden"}
	}
	f := dataForm(formType, "Are you it?").with(askFor("username"), askFor("password"))
	if !remove {
		f = f.with(askFor(old))
	}
	return &stanzaError{kind: "cancel", condition: "not-allowed", payload: el(ns.Register, "query").with(f)}
}
