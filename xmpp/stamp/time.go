package stamp

import (
	"encoding/xml"
	"time"

	"github.com/canto-im/canto/internal/datetime"
)

// ParseTime reads a moment such as "2002-09-10T23:08:25Z" (XEP-0082 §3.2), with a fraction of the second or without, in any zone; nothing
// else is taken. The result is in UTC.
func ParseTime(s string) (time.Time, error) { return datetime.Parse(s) }

// FormatTime writes a moment as ParseTime reads it, in UTC: the zone that we're in is nobody's business (XEP-0082 §6).
func FormatTime(t time.Time) string { return datetime.Format(t) }

// A Time is a moment in a payload: an attribute, which a zero Time leaves out, or the text of an element. It's read and written as
// ParseTime and FormatTime do.
type Time struct{ time.Time }

// MarshalText implements encoding.TextMarshaler.
func (t Time) MarshalText() ([]byte, error) { return []byte(datetime.Format(t.Time)), nil }

// UnmarshalText implements encoding.TextUnmarshaler. On error t is left as it was.
func (t *Time) UnmarshalText(b []byte) error {
	got, err := datetime.Parse(string(b))
	if err != nil {
		return err
	}
	t.Time = got
	return nil
}

// MarshalXMLAttr implements xml.MarshalerAttr: the zero Time is no attribute.
func (t Time) MarshalXMLAttr(name xml.Name) (xml.Attr, error) {
	if t.IsZero() {
		return xml.Attr{}, nil
	}
	return xml.Attr{Name: name, Value: datetime.Format(t.Time)}, nil
}
