package form

import (
	"testing"

	"github.com/canto-im/canto/jid"
	"github.com/canto-im/canto/stanza"
)

// FuzzForm: whatever can be read can be checked, shown, filled in and written, and is the same when it's read again.
func FuzzForm(f *testing.F) {
	for _, e := range examples(f) {
		f.Add(e.String())
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := stanza.ParseElement(s)
		var form Form
		if err != nil || e.Decode(&form) != nil {
			return
		}
		_ = form.Validate()
		_ = form.Layout()
		_ = form.FormType()
		for i := range form.Fields {
			name := form.Fields[i].Var
			_, _ = Get[[]jid.JID](form.Fields, name)
			_, _ = Get[int](form.Fields, name)
		}
		out := stanza.Payload(form)
		if out.Err() != nil {
			t.Fatalf("%v of %q", out.Err(), s)
		}
		var again Form
		if err := out.Decode(&again); err != nil {
			t.Fatalf("%v of %q", err, out)
		}
		if once, twice := out.String(), stanza.Payload(again).String(); once != twice {
			t.Fatalf("%q and %q", once, twice)
		}
		if answer, err := form.Submit(); err == nil {
			if _, err := form.Fill(answer); err != nil && form.Validate() == nil {
				t.Fatalf("what was submitted of %q is not good: %v", s, err)
			}
		}
	})
}
