package unmarshal

import (
	"encoding/xml"

	"github.com/canto-im/canto/stanza"
)

// Via is the UnmarshalXML of a type that parse reads: into is changed only if that has no error.
func Via[T any](dec *xml.Decoder, start xml.StartElement, into *T, parse func(stanza.Element) (T, error)) error {
	var e stanza.Element
	if err := e.UnmarshalXML(dec, start); err != nil {
		return err
	}
	got, err := parse(e)
	if err != nil {
		return err
	}
	*into = got
	return nil
}
