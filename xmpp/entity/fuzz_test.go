package entity

import (
	"testing"
	"time"

	"github.com/canto-im/canto/internal/specexample"
	"github.com/canto-im/canto/stanza"
)

// FuzzAnswers reads any element as each kind of answer: none panics, and what one of them says, it says again.
func FuzzAnswers(f *testing.F) {
	for _, file := range []string{"xep0092", "xep0202", "xep0012"} {
		for _, x := range specexample.Load(f, "testdata/"+file+".xml") {
			for n := range x.All {
				f.Add(n.String())
			}
		}
	}
	f.Add(`<query xmlns='jabber:iq:last' seconds='18446744073709551616'/>`)
	f.Add(`<time xmlns='urn:xmpp:time'><tzo>+23:59</tzo><utc>0000-01-01T00:00:00Z</utc></time>`)
	f.Fuzz(func(t *testing.T, raw string) {
		e, err := stanza.ParseElement(raw)
		if err != nil {
			return
		}
		var q lastQuery
		if e.Decode(&q) == nil {
			if a, err := q.activity(); err == nil && (a.Ago < 0 || a.Ago%time.Second != 0) {
				t.Errorf("%q is %v ago", raw, a.Ago)
			}
		}
		var c clock
		if e.Decode(&c) == nil {
			if at, err := c.time(); err == nil {
				again, err := clockAt(at).time()
				if err != nil || !again.Equal(at) {
					t.Errorf("%q is %v, and then %v, %v", raw, at, again, err)
				}
			}
		}
		var s, twice Software
		if e.Decode(&s) == nil {
			if err := stanza.Payload(s).Decode(&twice); err != nil || twice != s {
				t.Errorf("%q is %v, and then %v, %v", raw, s, twice, err)
			}
		}
	})
}
