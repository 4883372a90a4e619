// Package form reads, fills, checks and submits data forms: XEP-0004, with XEP-0068, 0122, 0141 and 0221.
//
//	f, ok := stanza.Find[form.Form](m) // or a field of a payload of yours: Form *form.Form `xml:"jabber:x:data x"`
//	if !ok || f.FormType() != "jabber:bot" {
//		return errNoForm
//	}
//	fmt.Println(f.Title, f.Value("botname"))
//	if err := form.Set(f.Fields, "public", true); err != nil { // it has to be a boolean there
//		return err
//	}
//	if err := form.Set(f.Fields, "features", []string{"news", "search"}); err != nil { // and these among its options
//		return err
//	}
//	answer, err := f.Submit() // or form.Cancel()
//	if err != nil {
//		return err // a field that is required has no value
//	}
//	return s.Send(ctx, &stanza.Message{To: m.From, Thread: m.Thread, Payloads: []stanza.Element{stanza.Payload(answer)}})
//
// A Form is plain data: a literal in tests, read and written by encoding/xml, with nothing behind it. Get, Set and Of are its
// typed access: a field is a string, a bool, an int, an address, a moment, or several strings or addresses. Text of several
// lines is one string there, as a person sees it, and one value a line on the wire.
//
// # Who checks
//
// The side that has made the form decides what is good (XEP-0004 §4). So Submit finds only what is missing, and Set refuses
// only what the form says plainly: a value that is none of the options, no address, out of the range that XEP-0122 gives. What
// a server has filled in itself goes back as it came. The other side, such as a bot that asks its user something, calls Fill
// with its form and what was submitted: that checks everything, and its error answers a request with not-acceptable.
//
// # Results
//
// A form of the type Result has Fields, or a table: Reported says what the columns are, and each of Items is a row with the
// same access. In service discovery such a form extends what an entity says of itself (XEP-0128); FormType tells which one it is.
//
// # For people
//
// Layout gives the pages and sections of XEP-0141, made up where the form has none, in the order in which a form is to be
// shown. A Field may have Media, such as the picture of a CAPTCHA. Texts come over the wire: show them as text, and fetch a
// URI only if the user would want that to be known to its owner.
//
// # Architecture
//
// form.go and field.go are the data, with limit.go in front of encoding/xml, since a few bytes of XML can become a large
// struct; typed.go is the access, check.go and datatype.go the rules, submit.go both sides of filling one in, layout.go and
// media.go the two extensions for people. Nothing here sends anything, so any package may carry forms: register, muc, pubsub,
// disco, adhoc.
package form
