package stream

import "github.com/canto-im/canto/internal/xmltext"

// maxChildren bounds the children of the features, of each list in them, and of a stream error. The longest features list
// seen in the wild has about 20.
const maxChildren = 128

// eachChild calls f with the start tag of each child of the element whose start tag d has just returned. f reads its child
// up to and with the end tag. Character data is read past.
func eachChild(d *xmltext.Decoder, f func(t *xmltext.Token) error) error {
	for n := 0; ; {
		t, err := d.ReadToken()
		if err != nil {
			return ownError(err)
		}
		switch t.Kind {
		case xmltext.KindEnd:
			return nil
		case xmltext.KindStart:
			if n++; n > maxChildren {
				return newError("policy-violation", "more than %d elements in one list", maxChildren)
			}
			if err := f(t); err != nil {
				return ownError(err)
			}
		}
	}
}

// text returns the character data of the element whose start tag d has just returned.
func text(d *xmltext.Decoder) (string, error) {
	b, err := d.AppendText(nil)
	return string(b), err
}

// texts returns the character data of each child that has the given name.
func texts(d *xmltext.Decoder, name xmltext.Name) (all []string, err error) {
	err = eachChild(d, func(t *xmltext.Token) error {
		if t.Name != name {
			return d.SkipElement()
		}
		s, err := text(d)
		if s != "" {
			all = append(all, s)
		}
		return err
	})
	return all, err
}

// attrs returns the attribute of each child that has the given name. The list is never nil.
func attrs(d *xmltext.Decoder, name xmltext.Name, local string) (all []string, err error) {
	all = []string{}
	err = eachChild(d, func(t *xmltext.Token) error {
		if v := attr(t, local); t.Name == name && v != "" {
			all = append(all, v)
		}
		return d.SkipElement()
	})
	return all, err
}
