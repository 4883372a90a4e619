package servers

import (
	"fmt"
	"os"
	"sync"
	"testing"
)

// shared are the servers that live until the end of the test process, by what was asked for.
var shared struct {
	sync.Mutex
	servers map[key]*once
}

type key struct {
	kind Kind
	cfg  Config
}

type once struct {
	sync.Once
	srv *Server
	err error
}

// Shared returns the server of this kind and configuration that all tests of the process use, starting it on first use.
// Tests share its data, so each takes accounts of its own; a test that kills or freezes a server calls [Start] instead.
// The package's TestMain must stop the shared servers: see [Stopping]. When tb fails, what the server logged meanwhile is shown.
func Shared(tb testing.TB, kind Kind, cfg Config) *Server {
	tb.Helper()
	cfg, err := cfg.complete(kind)
	if err != nil {
		tb.Fatal(err)
	}
	o := entry(key{kind, cfg})
	o.Do(func() { o.srv, o.err = Run(kind, cfg) })
	if o.err != nil {
		tb.Fatal(o.err)
	}
	from := o.srv.LogSize()
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Logf("%s", o.srv.Log(from))
		}
	})
	return o.srv
}

func entry(k key) *once {
	shared.Lock()
	defer shared.Unlock()
	if shared.servers == nil {
		shared.servers = map[key]*once{}
	}
	if shared.servers[k] == nil {
		shared.servers[k] = new(once)
	}
	return shared.servers[k]
}

// Runner runs the tests of a package and returns the exit code; *testing.M is one.
type Runner interface{ Run() int }

// Stopping is m with the shared servers stopped after its tests.
func Stopping(m Runner) Runner { return stopping{m} }

type stopping struct{ tests Runner }

func (s stopping) Run() int {
	code := s.tests.Run()
	shared.Lock()
	defer shared.Unlock()
	for k, o := range shared.servers {
		if o.srv == nil {
			continue
		}
		if err := o.srv.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "servers:", k.kind, err)
			code = max(code, 1)
		}
	}
	clear(shared.servers)
	return code
}
