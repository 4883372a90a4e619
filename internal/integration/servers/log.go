package servers

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// How much is shown of a server's log, and of its standard output, which mostly repeats it; in bytes.
const logTail, outputTail = 16 << 10, 1 << 10

// LogSize is a place in the server's log, for a later Log.
func (s *Server) LogSize() int64 {
	if info, err := os.Stat(filepath.Join(s.dir, "server.log")); err == nil {
		return info.Size()
	}
	return 0
}

// Log returns what the server wrote: the end of its log since the place from, and of its standard output.
func (s *Server) Log(from int64) string {
	var b bytes.Buffer
	for _, f := range []struct {
		name string
		from int64
		tail int
	}{{"server.log", from, logTail}, {"output.log", 0, outputTail}} {
		text, err := os.ReadFile(filepath.Join(s.dir, f.name))
		if err != nil {
			continue // it wrote none
		}
		text = text[min(f.from, int64(len(text))):]
		text = text[max(0, len(text)-f.tail):]
		fmt.Fprintf(&b, "--- %s: %s\n%s\n", s.Kind, f.name, text)
	}
	return b.String()
}
