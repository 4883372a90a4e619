package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/canto-im/canto/xmpp/mam"
)

// An entry is a line of the file.
type entry struct {
	ID    string    `json:"id,omitempty"` // none: no archive has it
	Stamp time.Time `json:"stamp"`
	From  string    `json:"from,omitempty"`
	Body  string    `json:"body,omitempty"`
	XML   string    `json:"xml,omitempty"`
	Err   string    `json:"err,omitempty"` // why it can't be read
}

// entryOf is the line for a message.
func entryOf(it *mam.Item) (e entry, err error) {
	e = entry{ID: it.ID, Stamp: it.Stamp}
	if it.Err != nil {
		e.Err = it.Err.Error()
	}
	if m := it.Message; m != nil {
		var whole []byte
		whole, err = xml.Marshal(m)
		e.From, e.Body, e.XML = m.From.String(), m.Body, string(whole)
	}
	return e, err
}

// key tells messages apart. There are servers that give one id to two messages.
func (e *entry) key() string { return e.ID + " " + e.From + " " + e.Body }

// A journal is the file of messages. mam.Follow has told us of each once, as long as we end in order; who is killed is told of the last ones again, which
// are in the file already.
type journal struct {
	file *os.File
	last []string        // keys of its last lines, when it was opened
	had  map[string]bool // the same
	id   string          // of the last one that an archive has
}

// remembered is by how many messages more than we have said mam.Follow may be behind.
const remembered = 1000

// open reads to the end of the file, which need not exist. A line that was not written to its end is not counted as had.
func open(name string) (*journal, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	j := &journal{file: file, had: map[string]bool{}}
	if err := j.read(); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, key := range j.last {
		j.had[key] = true
	}
	return j, nil
}

func (j *journal) read() error {
	end := int64(0)
	for lines := bufio.NewReader(j.file); ; {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("what begins at byte %d is no message: %w", end, err)
		}
		j.id = cmp.Or(e.ID, j.id)
		if j.last = append(j.last, e.key()); len(j.last) == 2*remembered {
			j.last = append(j.last[:0], j.last[remembered:]...)
		}
		end += int64(len(line))
	}
	if err := j.file.Truncate(end); err != nil {
		return err
	}
	_, err := j.file.Seek(end, io.SeekStart)
	return err
}

// write adds a message that is not there yet.
func (j *journal) write(it *mam.Item) error {
	e, err := entryOf(it)
	if err != nil || e.ID != "" && j.had[e.key()] {
		return err
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = j.file.Write(append(line, '\n')) // in one go: all of it is there, or the end is missing
	return err
}

func (j *journal) close() { j.file.Close() }
