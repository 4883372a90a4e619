package form

// Rules says more of a field's values than its type does (XEP-0122). At most one of Basic, Open, Range and Regex is there;
// none is as good as Basic.
//
// Its elements are read in whatever namespace: XEP-0122's own example 7 has them in that of the form.
type Rules struct {
	Datatype string   `xml:"datatype,attr,omitempty"` // such as "xs:dateTime"; empty, or not known: "xs:string"
	Basic    Flag     `xml:"basic"`
	Open     Flag     `xml:"open"` // a list may have values that are none of the options
	Range    *Range   `xml:"range"`
	Regex    string   `xml:"regex,omitempty"` // a POSIX extended regular expression for the whole value
	Choices  *Choices `xml:"list-range"`      // of ListMulti
}

// Range bounds a value (XEP-0122 §3.2.3), both ends included; an empty one does not.
type Range struct {
	Min string `xml:"min,attr,omitempty"`
	Max string `xml:"max,attr,omitempty"`
}

// Choices bounds how many values a ListMulti may have (XEP-0122 §3.3); 0 does not.
type Choices struct {
	Min uint32 `xml:"min,attr,omitempty"`
	Max uint32 `xml:"max,attr,omitempty"`
}

// open reports whether a list may have other values than its options. XEP-0122 §3.2: every method but <basic/> implies it.
func (r *Rules) open() bool {
	return r != nil && (bool(r.Open) || r.Range != nil || r.Regex != "")
}
