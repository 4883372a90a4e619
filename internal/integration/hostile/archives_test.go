package hostile

import (
	"fmt"
	"strings"
)

// fromArchives are the attacks of an archive on who follows it.
var fromArchives = []attack{
	{name: "an archive without end", use: UseArchive, want: unharmed, play: asked(func(p *peer, s *said, n int) string {
		return page(s, 50*n, 50)
	})},
	{name: "an archive that has one page again and again", use: UseArchive, want: unharmed, used: "paging: ", play: asked(func(p *peer, s *said, n int) string {
		return page(s, 0, 50)
	})},
	{name: "an archive of empty pages", use: UseArchive, want: unharmed, used: "paging: ", play: asked(func(p *peer, s *said, n int) string {
		return fin(s, fmt.Sprint(n))
	})},
	{name: "a page without end", use: UseArchive, want: unharmed, used: "more comes before an answer than Limits.AnswerBytes allows", room: lane, play: asked(func(p *peer, s *said, n int) string {
		if n == 0 {
			_ = p.flood("", func(n int) string { return result(s, n) }) // the next write fails, too
		}
		return fin(s, "")
	})},
}

// asked answers the queries of an archive, up to the budget.
func asked(answer func(p *peer, s *said, n int) string) func(p *peer) error {
	return func(p *peer) error {
		n := 0
		return p.attend(func(s *said) string {
			if !s.is("iq", "urn:xmpp:mam:2") {
				return ""
			}
			if p.bytes >= budget {
				p.Close()
			}
			text := answer(p, s, n)
			n++
			p.bytes += int64(len(text))
			return text
		}, func(*said) {})
	}
}

// page is one with size messages, which are called by their numbers from first.
func page(s *said, first, size int) string {
	var b strings.Builder
	for n := range size {
		b.WriteString(result(s, first+n))
	}
	return b.String() + fin(s, fmt.Sprint(first+size-1))
}

// result is one message of an archive. A query is called as the request that it is in.
func result(s *said, n int) string {
	return fmt.Sprintf("<message from='victim@hostile.test'><result xmlns='urn:xmpp:mam:2' queryid='%s' id='%d'><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-11-22T00:00:00Z'/>"+
		"<message xmlns='jabber:client' from='eve@hostile.test/x' type='chat' id='m%d'><body>%0500d</body></message></forwarded></result></message>", s.ID, n, n, n)
}

// fin is the end of a page; "" the last one.
func fin(s *said, last string) string {
	set := ""
	if last != "" {
		set = "<set xmlns='http://jabber.org/protocol/rsm'><first>" + last + "</first><last>" + last + "</last></set>"
	}
	return "<iq type='result' id='" + s.ID + "'><fin xmlns='urn:xmpp:mam:2'>" + set + "</fin></iq>"
}
