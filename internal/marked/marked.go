package marked

import (
	"bytes"
	"fmt"
	"os"
)

// A Part is what stands in a file between a line that begins it and one that ends it.
type Part struct {
	Begin, End string // whole lines
}

// Of returns the part for what a command writes under a name: two comments that a reader of the page does not see.
func Of(name, command string) Part {
	return Part{
		Begin: fmt.Sprintf("<!-- %s: written by %s -->\n", name, command),
		End:   fmt.Sprintf("<!-- %s: end -->\n", name),
	}
}

// cut returns a file's parts before, between and after the marks.
func (p Part) cut(name string) (before, between, after []byte, err error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, nil, nil, err
	}
	before, rest, ok := bytes.Cut(b, []byte(p.Begin))
	between, after, ok2 := bytes.Cut(rest, []byte(p.End))
	if !ok || !ok2 {
		return nil, nil, nil, fmt.Errorf("%s has not got the marks %q and %q", name, p.Begin, p.End)
	}
	return before, between, after, nil
}

// Read returns what stands between the marks of the file.
func (p Part) Read(file string) (string, error) {
	_, between, _, err := p.cut(file)
	return string(between), err
}

// Write replaces what stands between the marks of the file.
func (p Part) Write(file, text string) error {
	before, _, after, err := p.cut(file)
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(string(before)+p.Begin+text+p.End+string(after)), 0o644)
}
