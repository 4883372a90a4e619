package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// The other ends run in processes of their own, so that what they cost is not counted as ours: this program again, which
// finds its part in the environment. A part says what it has to say as one line of JSON each; it ends when its standard
// input does, and so with the process that started it.
const partVariable = "CANTO_BENCH_PART"

var parts = map[string]func(in io.Reader, say *json.Encoder) error{}

// playPart reports whether this process is the child of another, and if so plays its part to the end.
func playPart() (played bool, err error) {
	name := os.Getenv(partVariable)
	if name == "" {
		return false, nil
	}
	part, ok := parts[name]
	if !ok {
		return true, fmt.Errorf("there is no part %q", name)
	}
	return true, part(os.Stdin, json.NewEncoder(os.Stdout))
}

// A child is a process that plays a part.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *json.Decoder
}

// start starts a child for the part and reads its first words into hello.
func start(part string, hello any) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), partVariable+"="+part)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &child{cmd: cmd, in: in, out: json.NewDecoder(bufio.NewReader(out))}
	if hello != nil {
		if err := c.out.Decode(hello); err != nil {
			return nil, errors.Join(fmt.Errorf("part %s: %w", part, err), c.end())
		}
	}
	return c, nil
}

// ask sends the child a question and reads its answer.
func (c *child) ask(question, answer any) error {
	if err := json.NewEncoder(c.in).Encode(question); err != nil {
		return err
	}
	return c.out.Decode(answer)
}

// end lets the child leave and waits for it.
func (c *child) end() error {
	c.in.Close()
	return c.cmd.Wait()
}
