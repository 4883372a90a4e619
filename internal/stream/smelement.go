package stream

import (
	"strconv"

	"github.com/canto-im/canto/internal/ns"
	"github.com/canto-im/canto/internal/xmltext"
)

// The Read functions of this file take the start tag that d has just returned, of an element in the namespace
// ns.SM whose local name the caller has looked at, and read the element to its end. The error is an *ElementError,
// with d in step, or the one of d. Unknown attributes and content are passed over. Attributes that are no counters and
// say nothing usable are taken as absent: max, resume, and the h of <failed/>, without which nothing is claimed.
//
// The Append functions that can fail do so for strings that XML cannot carry; dst then comes back as it was.

// Request is <r/>, the request for an acknowledgement (XEP-0198 §4). It has no content and nothing to be read.
const Request = "<r xmlns='" + ns.SM + "'/>"

// Enable is the client's request for stream management (XEP-0198 §3).
type Enable struct {
	Resume bool   // the client would like to resume the stream
	Max    uint32 // for how many seconds it would like to; 0: not stated
}

// Append appends <enable/>.
func (e Enable) Append(dst []byte) []byte {
	dst = append(dst, "<enable xmlns='"+ns.SM+"'"...)
	dst = appendResumable(dst, e.Resume, e.Max)
	return append(dst, "/>"...)
}

// ReadEnable reads <enable/>.
func ReadEnable(d *xmltext.Decoder, t *xmltext.Token) (Enable, error) {
	resume, _ := t.Attr("resume")
	longest, _ := t.Attr("max")
	e := Enable{Resume: parseBoolean(resume), Max: parsePositive(longest)}
	return e, d.SkipElement()
}

// Enabled is the server's consent (XEP-0198 §3).
type Enabled struct {
	ID       string // the SM-ID, opaque
	Location string // where the next connection should go; see ParseLocation
	Max      uint32 // for how many seconds the server keeps a lost stream; 0: not stated
	Resume   bool   // the server allows the stream to be resumed
}

// Resumable reports whether the stream can be resumed: the server must have said so and have given an SM-ID
// (XEP-0198 §5). One with more than MaxIDBytes is not worth keeping.
func (e *Enabled) Resumable() bool { return e.Resume && e.ID != "" && len(e.ID) <= MaxIDBytes }

// Append appends <enabled/>.
func (e *Enabled) Append(dst []byte) ([]byte, error) {
	start := len(dst)
	dst = append(dst, "<enabled xmlns='"+ns.SM+"'"...)
	dst, err := appendString(dst, "id", e.ID)
	if err == nil {
		dst, err = appendString(dst, "location", e.Location)
	}
	if err != nil {
		return dst[:start], err
	}
	dst = appendResumable(dst, e.Resume, e.Max)
	return append(dst, "/>"...), nil
}

// ReadEnabled reads <enabled/>.
func ReadEnabled(d *xmltext.Decoder, t *xmltext.Token) (Enabled, error) {
	resume, _ := t.Attr("resume")
	longest, _ := t.Attr("max")
	id, _ := t.Attr("id")
	location, _ := t.Attr("location")
	e := Enabled{
		ID: string(id), Location: string(location),
		Max: parsePositive(longest), Resume: parseBoolean(resume),
	}
	return e, d.SkipElement()
}

// AppendAck appends <a/> (XEP-0198 §4: it must have an h).
func AppendAck(dst []byte, h uint32) []byte {
	dst = append(dst, "<a xmlns='"+ns.SM+"'"...)
	dst = appendNumber(dst, "h", h)
	return append(dst, "/>"...)
}

// ReadAck reads <a/> and returns its h.
func ReadAck(d *xmltext.Decoder, t *xmltext.Token) (h uint32, err error) {
	h, err = readH("a", t)
	return h, skip(d, err)
}

// Resumption is what <resume/> and <resumed/> say (XEP-0198 §5).
type Resumption struct {
	H      uint32 // how many stanzas its sender has handled
	PrevID string // the SM-ID of the stream; the owner compares it with the one it asked for
}

// AppendResume appends <resume/>.
func (r *Resumption) AppendResume(dst []byte) ([]byte, error) { return r.append(dst, "resume") }

// AppendResumed appends <resumed/>.
func (r *Resumption) AppendResumed(dst []byte) ([]byte, error) { return r.append(dst, "resumed") }

func (r *Resumption) append(dst []byte, element string) ([]byte, error) {
	start := len(dst)
	dst = append(dst, '<')
	dst = append(dst, element...)
	dst = append(dst, " xmlns='"+ns.SM+"'"...)
	dst = appendNumber(dst, "h", r.H)
	dst, err := appendValue(dst, "previd", r.PrevID) // XEP-0198 §5: it must be there, even when it is empty
	if err != nil {
		return dst[:start], err
	}
	return append(dst, "/>"...), nil
}

// ReadResumption reads <resume/> or <resumed/>: both must have h and previd.
func ReadResumption(d *xmltext.Decoder, t *xmltext.Token) (Resumption, error) {
	element := t.Name.Local
	id, ok := t.Attr("previd")
	r := Resumption{PrevID: string(id)}
	var err error
	if r.H, err = readH(element, t); err == nil && !ok {
		err = &ElementError{Element: element, Attr: "previd", Missing: true}
	}
	if err := skip(d, err); err != nil {
		return Resumption{}, err
	}
	return r, nil
}

// skip reads the rest of the element, whatever err is; a failure of d comes first.
func skip(d *xmltext.Decoder, err error) error {
	if failed := d.SkipElement(); failed != nil {
		return failed
	}
	return err
}

func appendResumable(dst []byte, resume bool, longest uint32) []byte {
	if longest > 0 {
		dst = appendNumber(dst, "max", longest)
	}
	if resume {
		dst = append(dst, " resume='true'"...)
	}
	return dst
}

func appendNumber(dst []byte, name string, v uint32) []byte {
	dst = append(dst, ' ')
	dst = append(dst, name...)
	dst = append(dst, "='"...)
	dst = strconv.AppendUint(dst, uint64(v), 10)
	return append(dst, '\'')
}

// appendString appends an attribute, unless it is empty.
func appendString(dst []byte, name, value string) ([]byte, error) {
	if value == "" {
		return dst, nil
	}
	return appendValue(dst, name, value)
}

// appendValue appends an attribute.
func appendValue(dst []byte, name, value string) ([]byte, error) {
	dst = append(dst, ' ')
	dst = append(dst, name...)
	dst = append(dst, "='"...)
	dst, err := xmltext.AppendEscapedAttr(dst, value)
	return append(dst, '\''), err
}
