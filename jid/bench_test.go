package jid

import "testing"

func BenchmarkParse(b *testing.B) {
	for _, bm := range []struct{ name, in string }{
		{"canonical", "romeo@montague.example/orchard"},
		{"domain", "montague.example"},
		{"capitals", "Romeo@Montague.Example/orchard"},
		{"MUC occupant", "room@muc.example/Ромео Монтекки"},
		{"international", "jiři@čechy.example/v Praze"},
		{"A-label", "a@xn--mnchen-3ya.de"},
		{"IPv6", "a@[2001:db8::1]"},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(bm.in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseBytes(b *testing.B) {
	in := []byte("romeo@montague.example/orchard")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseBytes(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseError(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("foo bar@example.com"); err == nil {
			b.Fatal("parsed")
		}
	}
}

func BenchmarkBare(b *testing.B) {
	j, count := MustParse("romeo@montague.example/orchard"), map[JID]int{}
	b.ReportAllocs()
	for b.Loop() {
		count[j.Bare()]++
	}
}

func BenchmarkEscape(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		local, err := Escape("d'artagnan")
		if err != nil || Unescape(local) != "d'artagnan" {
			b.Fatal(local, err)
		}
	}
}

func BenchmarkURI(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		u, err := ParseURI("xmpp:romeo@montague.net?message;subject=Test%20Message")
		if err != nil || u.String() == "" {
			b.Fatal(err)
		}
	}
}
