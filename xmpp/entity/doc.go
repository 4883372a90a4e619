// Package entity asks others on the network the simple things, and answers them: are you there (XEP-0199), what program are
// you (XEP-0092), what time is it with you (XEP-0202), when was something last done (XEP-0012).
//
//	rtt, err := entity.Ping(ctx, s, jid.MustParse("example.com"))
//	if err != nil {
//		return err
//	}
//	fmt.Println("the server answers after", rtt)
//
//	entity.Answer(s, &entity.Options{
//		Software: &entity.Software{Name: "Robbie", Version: "1.2"},
//		Location: time.UTC,
//	})
//
// Each question is a function. An error of the other side is a *stanza.Error: errors.Is(err, stanza.ServiceUnavailable) is
// somebody who is not there, or doesn't say. Answer has requests answered from then on and declares that in service
// discovery. Only what the Options name is told; pings are answered in any case.
//
// How long a person has been away goes with presence (XEP-0319): package presence says it, see presence.Options.
//
// # Who may know
//
// Whoever gets an answer from a full address learns that somebody is online there. Options.Trusted is asked first; who is not
// trusted is answered as a server answers for a resource that isn't there (XEP-0199 §7). Without it everybody is trusted, but
// for the last activity (XEP-0012 §8), which then nobody but our own account learns:
//
//	contacts, err := roster.Open(ctx, s)
//	if err != nil {
//		return err
//	}
//	entity.Answer(s, &entity.Options{LastActive: own.LastActive, Trusted: contacts.SeesUs})
//
// The name of the program, its version and its operating system tell an attacker where to begin; the offset from UTC tells where
// on earth somebody is. What others answer is their word alone, of any length that fits a stanza: show it as text.
//
// # Architecture
//
// ping.go, software.go, clock.go and activity.go are a question each, with its payload; answer.go is the other side of all
// four. Nothing is kept.
package entity
